"""Putting back what people asked for: chats, persons, and the marks of who was forgotten."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from store import keys
from store.backup import WITHIN_S, Record
from store.chats import CHANGES_KEPT
from store.codec import decode
from store.connection import StoreUnavailable
from store.limits import SHARE_KEPT_S
from store.people import PERSON
from store.restore import scripts
from store.restore.manner import Fate, Shelf, chosen
from store.tombstones import read_graves

MOST_TRIES = 20

Put = Callable[[Any, Record, bytes | None, bytes | None], Awaitable[Any]]
"""Puts one record into a pipeline, in place of what has this version and these bytes."""


class PeopleBack:
    """Puts back the sorts that are about somebody."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def secrets(self, records: Sequence[Record]) -> list[Fate]:
        """Behind those that are there: the first is the one under which new marks are made."""
        there = (await read_graves(self.shelf.connection)).secrets
        fates = [Fate.SAME if bytes.fromhex(one.id) in there else Fate.WRITTEN for one in records]
        values = [(bytes.fromhex(record.id),) for record in chosen(records, fates)]
        await self.shelf.run(scripts.PUT_KEY_OF_MARKS, (keys.SECRETS,), values)
        return fates

    async def tombstones(self, records: Sequence[Record]) -> list[Fate]:
        """Of two times at which somebody was forgotten the later one counts."""
        there = (await read_graves(self.shelf.connection)).marks
        fates = [
            Fate.SAME if there.get(bytes.fromhex(one.id), -1) >= one.number else Fate.WRITTEN
            for one in records
        ]
        values = [(bytes.fromhex(record.id), record.number) for record in chosen(records, fates)]
        await self.shelf.run(scripts.PUT_TOMBSTONE, (keys.TOMBSTONES,), values)
        return fates

    async def warned_by(self, records: Sequence[Record]) -> list[Fate]:
        """The chats of the backup beside those of now: what people did since counts as well."""
        async with (
            self.shelf.connection.reading(WITHIN_S) as redis,
            redis.pipeline(transaction=False) as together,
        ):
            for record in records:
                together.smembers(keys.warned_by(record.id))
            stored = await together.execute()
        fates = [
            Fate.SAME if there.issuperset(record.blob.split(b" ")) else Fate.WRITTEN
            for there, record in zip(stored, records, strict=True)
        ]
        if not self.shelf.manner.is_trial:
            async with (
                self.shelf.connection.writing() as redis,
                redis.pipeline(transaction=True) as together,
            ):
                for record in chosen(records, fates):
                    together.sadd(keys.warned_by(record.id), *record.blob.split(b" "))
                    together.expire(keys.warned_by(record.id), SHARE_KEPT_S)
                await together.execute()
        return fates

    async def chats(self, records: Sequence[Record]) -> list[Fate]:
        """Each with its place among all chats; whoever matches warnings hears of it."""
        return await self._versioned(records, keys.chat, "chat", self._put_chat)

    async def persons(self, records: Sequence[Record]) -> list[Fate]:
        """Each with their places among those who have plans in an asset."""
        return await self._versioned(records, keys.person, "person", self._put_person)

    async def waves(self, records: Sequence[Record]) -> list[Fate]:
        """What a chat was told is of use only while that chat is there."""
        async with (
            self.shelf.connection.reading(WITHIN_S) as redis,
            redis.pipeline(transaction=False) as together,
        ):
            for record in records:
                together.exists(keys.chat(record.id))
                together.get(keys.wave(record.id))
            stored = await together.execute()
        # on a trial the chats that would be written are not there yet
        fates = [
            self.shelf.fate(wave, record) if is_known or self.shelf.manner.is_trial else Fate.OVER
            for record, is_known, wave in zip(records, stored[::2], stored[1::2], strict=True)
        ]
        await self.shelf.set({keys.wave(record.id): record.blob for record in chosen(records, fates)})
        return fates

    async def moved(self, records: Sequence[Record]) -> list[Fate]:
        """Where chats have moved to, for as long as that was to be known."""
        manner = self.shelf.manner
        async with self.shelf.connection.reading(WITHIN_S) as redis:
            stored: Any = await redis.mget([keys.moved(record.id) for record in records])
        fates = [
            self.shelf.fate(there, record) if record.number > manner.now_ms else Fate.OVER
            for there, record in zip(stored, records, strict=True)
        ]
        if not manner.is_trial:
            async with (
                self.shelf.connection.writing() as redis,
                redis.pipeline(transaction=False) as together,
            ):
                for record in chosen(records, fates):
                    together.set(keys.moved(record.id), record.blob, px=record.number - manner.now_ms)
                await together.execute()
        return fates

    async def _versioned(
        self, records: Sequence[Record], key: Callable[[str], str], field: str, put: Put
    ) -> list[Fate]:
        """Each under a version of its own; those that others change meanwhile are looked at again."""
        fates, left = dict.fromkeys(records, Fate.LEFT), list(records)
        for _ in range(MOST_TRIES):
            stored = await self._stored([key(record.id) for record in left], field)
            wanted = []
            for record, (version, blob) in zip(left, stored, strict=True):
                fates[record] = self.shelf.fate(blob, record)
                if fates[record] is Fate.WRITTEN:
                    wanted.append((record, version, blob))
            if not wanted or self.shelf.manner.is_trial:
                return [fates[record] for record in records]
            async with (
                self.shelf.connection.writing([key(record.id) for record, _, _ in wanted]) as redis,
                redis.pipeline(transaction=False) as together,
            ):
                for record, version, blob in wanted:
                    await put(together, record, version, blob)
                done = await together.execute()
            left = [record for (record, _, _), is_done in zip(wanted, done, strict=True) if not is_done]
            if not left:
                return [fates[record] for record in records]
        raise StoreUnavailable("A chat or person is changed by others again and again. Restore once more.")

    async def _stored(self, places: Sequence[str], field: str) -> Sequence[tuple[bytes | None, bytes | None]]:
        async with (
            self.shelf.connection.reading(WITHIN_S) as redis,
            redis.pipeline(transaction=False) as together,
        ):
            for place in places:
                together.hmget(place, ["version", field])
            found: Any = await together.execute()
        return list(map(tuple, found))

    async def _put_chat(self, together: Any, record: Record, version: bytes | None, _: bytes | None) -> None:
        places = [keys.chat(record.id), keys.CHATS, keys.CHATS_CHANGES]
        values = [version or b"", _next(version, record), record.blob, record.id, CHANGES_KEPT]
        await together.eval(scripts.PUT_CHAT, len(places), *places, *values)

    async def _put_person(
        self, together: Any, record: Record, version: bytes | None, there: bytes | None
    ) -> None:
        held = _assets(record.blob)
        gone = [asset for asset in _assets(there) if asset not in held]
        places = [keys.person(record.id), *map(keys.holders, (*gone, *held))]
        values = [version or b"", _next(version, record), record.blob, record.id, len(gone)]
        await together.eval(scripts.PUT_PERSON, len(places), *places, *values)


def _next(version: bytes | None, record: Record) -> int:
    """The version under which a record is put: above the one that is there, so that whoever read that notices."""
    return max(record.number, int(version) + 1 if version is not None else 1)


def _assets(blob: bytes | None) -> tuple[str, ...]:
    person = decode(PERSON, blob)
    return () if person is None else tuple(dict.fromkeys(plan.asset for plan in person.plans))
