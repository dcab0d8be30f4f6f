"""Putting back what the market said, where exchanges do not tell it again."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from store import keys
from store.alerts_log import KEPT, TOLD_KEPT
from store.backup import PAST, WITHIN_S, Record
from store.bulletins import ANNOUNCED_KEPT_MS
from store.codec import read
from store.health import LIVE
from store.restore import scripts
from store.restore.manner import Fate, Shelf, chosen
from store.snapshots import WATCHED
from store.watchlist import StoredWatchlist


class MarketBack:
    """Puts back the watched assets, warnings of late, and what is remembered of each asset."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def watched(self, records: Sequence[Record]) -> list[Fate]:
        """Watch what the backup watched beside what is watched now, or, where that is to be replaced, nothing else."""
        record, manner = records[-1], self.shelf.manner
        wanted, watchlist = read(WATCHED, record.blob), StoredWatchlist(self.shelf.connection)
        there = await watchlist.watched()
        missing = [asset for asset in wanted if asset not in there]
        if tuple(wanted) == there if manner.replaces else not missing:
            return [Fate.SAME] * len(records)
        if manner.replaces or not there:
            await self.shelf.set({keys.WATCHED: record.blob})
        elif not manner.is_trial:
            for asset in missing:
                await watchlist.add(asset)
        return [Fate.WRITTEN] * len(records)

    async def applied(self, records: Sequence[Record]) -> list[Fate]:
        """The setting behind the watched assets."""
        async with self.shelf.connection.reading(WITHIN_S) as redis:
            there: Any = await redis.get(keys.APPLIED)
        fates = [self.shelf.fate(there, record) for record in records]
        for record in chosen(records, fates):
            await self.shelf.set({keys.APPLIED: record.blob})
        return fates

    async def alerts(self, records: Sequence[Record]) -> list[Fate]:
        """Warnings among those of late; the oldest fall out."""
        return await self._warnings(records, (keys.ALERTS, keys.ALERTS_BY_TIME), KEPT)

    async def told(self, records: Sequence[Record]) -> list[Fate]:
        """Warnings among those of a year; the oldest fall out."""
        return await self._warnings(records, (keys.TOLD, keys.TOLD_BY_TIME), TOLD_KEPT)

    async def _warnings(self, records: Sequence[Record], places: tuple[str, str], kept: int) -> list[Fate]:
        async with self.shelf.connection.reading(WITHIN_S) as redis:
            stored: Any = await redis.hmget(places[0], [record.id for record in records])
        fates = [self.shelf.fate(there, record) for there, record in zip(stored, records, strict=True)]
        values = [(record.id, record.number, record.blob, kept) for record in chosen(records, fates)]
        await self.shelf.run(scripts.PUT_ALERT, places, values)
        return fates

    async def announced(self, records: Sequence[Record]) -> list[Fate]:
        """What was announced and is not to be announced again."""
        async with (
            self.shelf.connection.reading(WITHIN_S) as redis,
            redis.pipeline(transaction=False) as together,
        ):
            for record in records:
                together.zscore(keys.ANNOUNCED, record.id)
            stored = await together.execute()
        oldest_ms = self.shelf.manner.now_ms - ANNOUNCED_KEPT_MS
        fates = [
            Fate.OVER if record.number < oldest_ms else Fate.WRITTEN if there is None else Fate.SAME
            for there, record in zip(stored, records, strict=True)
        ]
        times = {record.id: record.number for record in chosen(records, fates)}
        if times and not self.shelf.manner.is_trial:
            async with self.shelf.connection.writing() as redis:
                await redis.zadd(keys.ANNOUNCED, times, nx=True)
        return fates

    async def hours(self, records: Sequence[Record]) -> list[Fate]:
        """The closed hours of assets."""
        fates = []
        for record in records:
            key = keys.hours(LIVE, record.id)
            async with self.shelf.connection.reading(WITHIN_S) as redis:
                there: Any = await redis.hget(key, "hours")
            fates.append(self.shelf.fate(there, record))
            if fates[-1] is Fate.WRITTEN and not self.shelf.manner.is_trial:
                told: list[Any] = ["last_close_ms", record.number, "stamp", crc32(record.blob)]
                async with self.shelf.connection.writing((key,)) as redis:
                    await redis.hset(key, items=[*told, "hours", record.blob])
        return fates

    async def pasts(self, records: Sequence[Record]) -> list[Fate]:
        """What engine and condenser remember of assets: as a whole, since half of a history is a wrong one."""
        fates = []
        for record in records:
            places = (keys.history(LIVE, record.id), keys.steps(LIVE, record.id))
            async with self.shelf.connection.reading(WITHIN_S) as redis:
                is_there = await redis.exists(places[0])
            replaces = self.shelf.manner.replaces
            fates.append(Fate.LEFT if is_there and not replaces else Fate.WRITTEN)
            if fates[-1] is Fate.WRITTEN:
                base, last, state, beside, steps = read(PAST, record.blob)
                values = (b"1" if replaces else b"", base, last, state, beside, *steps)
                await self.shelf.run(scripts.PUT_PAST, places, [values])
        return fates
