"""The closed hours of each asset, as the engine keeps them and commands read them: written some times an hour, read when asked."""

from functools import partial
from zlib import crc32

from market.hourly import Hourly
from market.observations import Asset
from store import keys
from store.codec import Kind, decode, encode, pressed
from store.connection import Connection

HOURS = Kind("hours", 1, Hourly)


class StoredHours:
    """Implements `store.services.Hours`; every method raises StoreUnavailable where the server does not answer.

    Hours of different sources ("live", "simulated", "history") do not know each other. What was read is kept in this
    process until others are kept: it is not to be changed by whoever asks for it.
    """

    def __init__(self, connection: Connection, source: str) -> None:
        self._connection, self._source = connection, source
        self._read: dict[Asset, tuple[tuple[object, ...], Hourly]] = {}

    async def of(self, asset: Asset) -> Hourly | None:
        """The hours of `asset`, None where none are kept."""
        key = keys.hours(self._source, asset)
        return await self._connection.memory.of(key, "", partial(self._of, asset))

    async def _of(self, asset: Asset) -> Hourly | None:
        key, known = keys.hours(self._source, asset), self._read.get(asset)
        async with self._connection.reading() as redis:
            stamps = tuple(await redis.hmget(key, ["last_close_ms", "stamp"]))
            if known is not None and stamps == known[0]:
                return known[1]
            stored = await redis.hget(key, "hours")
        hours = decode(HOURS, stored)
        if hours is None:
            self._read.pop(asset, None)
        else:
            self._read[asset] = (stamps, hours)
        return hours

    async def once(self, asset: Asset) -> Hourly | None:
        """The hours of `asset` as they are stored now; they are not kept in this process, for who seldom asks."""
        async with self._connection.reading() as redis:
            return decode(HOURS, await redis.hget(keys.hours(self._source, asset), "hours"))

    async def save(self, asset: Asset, hours: Hourly) -> None:
        """Keep the hours of `asset` in place of those that were kept."""
        packed = pressed(encode(HOURS, hours))
        fields: list[str | int | bytes] = [
            "last_close_ms",
            hours.last_close_ms,
            "stamp",
            crc32(packed),
            "hours",
            packed,
        ]
        key = keys.hours(self._source, asset)
        async with self._connection.writing((key,)) as redis:
            await redis.hset(key, items=fields)
