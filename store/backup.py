"""What cannot be had again, taken out of a running store record by record: each is of one instant, the whole is not.

A record is one chat, one person, one alert; what is made of others (the index of plans, the set of chats) is made anew when
it is put back (`store.restore`). Which kinds of key are taken, `store.registry` says.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from store import keys
from store.alerts_log import ALERT
from store.chats import CHAT
from store.codec import Kind
from store.connection import Connection
from store.health import LIVE
from store.hours import HOURS
from store.people import PERSON
from store.snapshots import WATCHED
from store.tombstones import read_graves
from store.watchlist import APPLIED
from store.waves import WAVE

AT_ONCE = 200
WITHIN_S = 10.0
"""Nobody waits for an answer, and an asset's memory is a megabyte."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that is kept: of which sort, which one, and its bytes as they are stored (empty where a number is all).

    `number` is the version of a chat or person, the time (UTC ms) of an alert, an announcement or a forgetting, until when
    (UTC ms) a chat's new address is known, and when the newest hour closed.
    """

    sort: str
    id: str
    blob: bytes = b""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of records: of which kinds of key it is (`store.registry`), what its bytes are, and how it is taken.

    Without a `kind` the bytes are none, or plain text. One of `on_wish` is large, and exchanges tell much of it again.
    """

    name: str
    entries: tuple[str, ...]
    kind: Kind[Any] | None
    take: Callable[[Connection], AsyncIterator[Record]]
    on_wish: bool = False


PastBytes = tuple[int, int, bytes, bytes, list[bytes]]
PAST: Kind[PastBytes] = Kind("memory of an asset", 1, PastBytes)  # type: ignore[arg-type]  # a tuple of types
"""Of an asset's history: base, last, state, beside and the steps between, each as it is stored."""


async def _tombstones(connection: Connection) -> AsyncIterator[Record]:
    """The secrets first: without them nobody can say whose a mark is."""
    graves = await read_graves(connection)
    for secret in graves.secrets:
        yield Record("secret", secret.hex())
    for mark, at_ms in graves.marks.items():
        yield Record("tombstone", mark.hex(), number=at_ms)


async def _watched(connection: Connection) -> AsyncIterator[Record]:
    async with connection.reading(WITHIN_S) as redis:
        stored: Any = await redis.mget([keys.WATCHED, keys.APPLIED])
    for sort, blob in zip(("watched", "applied"), stored, strict=True):
        if blob is not None:
            yield Record(sort, "", blob)


async def _alerts(connection: Connection) -> AsyncIterator[Record]:
    for sort, alerts, by_time in (
        ("alert", keys.ALERTS, keys.ALERTS_BY_TIME),
        ("told", keys.TOLD, keys.TOLD_BY_TIME),
    ):
        async with connection.reading(WITHIN_S) as redis, redis.pipeline(transaction=True) as together:
            together.hgetall(alerts)
            together.zrange(by_time, 0, -1, withscores=True)
            blobs, times = await together.execute()
        for identity, at_ms in times:
            if identity in blobs:
                yield Record(sort, identity.decode(), blobs[identity], int(at_ms))


async def _announced(connection: Connection) -> AsyncIterator[Record]:
    async with connection.reading(WITHIN_S) as redis:
        found: Any = await redis.zrange(keys.ANNOUNCED, 0, -1, withscores=True)
    for transition, at_ms in found:
        yield Record("announced", transition.decode(), number=int(at_ms))


async def _persons(connection: Connection) -> AsyncIterator[Record]:
    async for found in _names(connection, keys.person("")):
        async with connection.reading(WITHIN_S) as redis, redis.pipeline(transaction=False) as together:
            for name in found:
                together.hmget(keys.person(name), ["version", "person"])
            stored = await together.execute()
        for name, (version, blob) in zip(found, stored, strict=True):
            if blob is not None:
                yield Record("person", name, blob, int(version or 1))


async def _warned_by(connection: Connection) -> AsyncIterator[Record]:
    async for found in _names(connection, keys.warned_by("")):
        async with connection.reading(WITHIN_S) as redis, redis.pipeline(transaction=False) as together:
            for name in found:
                together.smembers(keys.warned_by(name))
            stored = await together.execute()
        for name, addresses in zip(found, stored, strict=True):
            yield Record("warned-by", name, b" ".join(sorted(addresses)))


async def _chats(connection: Connection) -> AsyncIterator[Record]:
    cursor = 0
    while True:
        async with connection.reading(WITHIN_S) as redis:
            answer: Any = await redis.sscan(keys.CHATS, cursor, count=AT_ONCE)
        cursor, members = answer
        for record in await _told_of(connection, [member.decode() for member in members]):
            yield record
        if cursor == 0:
            return


async def _told_of(connection: Connection, addresses: Sequence[str]) -> list[Record]:
    """Chats, each with its wave."""
    async with connection.reading(WITHIN_S) as redis, redis.pipeline(transaction=False) as together:
        for address in addresses:
            together.hmget(keys.chat(address), ["version", "chat"])
            together.get(keys.wave(address))
        stored = await together.execute()
    records = []
    for address, (version, chat), wave in zip(addresses, stored[::2], stored[1::2], strict=True):
        if chat is not None:
            records.append(Record("chat", address, chat, int(version or 1)))
            if wave is not None:
                records.append(Record("wave", address, wave))
    return records


async def _moved(connection: Connection) -> AsyncIterator[Record]:
    async for found in _names(connection, keys.moved("")):
        async with connection.reading(WITHIN_S) as redis, redis.pipeline(transaction=False) as together:
            together.time()
            for address in found:
                together.get(keys.moved(address))
                together.pttl(keys.moved(address))
            (seconds, micros), *stored = await together.execute()
        now_ms = int(seconds) * 1_000 + int(micros) // 1_000
        for address, new, left_ms in zip(found, stored[::2], stored[1::2], strict=True):
            if new is not None and left_ms > 0:
                yield Record("moved", address, new, now_ms + int(left_ms))


async def _hours(connection: Connection) -> AsyncIterator[Record]:
    async for assets in _names(connection, keys.hours(LIVE, "")):
        for asset in assets:
            async with connection.reading(WITHIN_S) as redis:
                stored: Any = await redis.hmget(keys.hours(LIVE, asset), ["hours", "last_close_ms"])
            if stored[0] is not None:
                yield Record("hours", asset, stored[0], int(stored[1] or 0))


async def _pasts(connection: Connection) -> AsyncIterator[Record]:
    async for names in _names(connection, keys.history(LIVE, "")):
        for asset in (name for name in names if ":" not in name):
            async with (
                connection.reading(WITHIN_S) as redis,
                redis.pipeline(transaction=True) as together,
            ):
                together.hmget(keys.history(LIVE, asset), ["base", "last", "state", "beside"])
                together.lrange(keys.steps(LIVE, asset), 0, -1)
                (base, last, state, beside), steps = await together.execute()
            past = (int(base or 0), int(last or 0), state or b"", beside or b"", steps)
            if past[1]:
                yield Record("history", asset, packed_past(past), past[1])


async def _names(connection: Connection, begin: str) -> AsyncIterator[list[str]]:
    """What follows `begin` in every key that begins so, some at a time."""
    cursor = 0
    while True:
        async with connection.reading(WITHIN_S) as redis:
            answer: Any = await redis.scan(cursor, match=f"{begin}*", count=AT_ONCE)
        cursor, found = answer
        if found:
            yield [key.decode().removeprefix(begin) for key in found]
        if cursor == 0:
            return


SORTS: tuple[Sort, ...] = (
    Sort("secret", ("secrets",), None, _tombstones),
    Sort("tombstone", ("tombstones",), None, _tombstones),
    Sort("watched", ("watched",), WATCHED, _watched),
    Sort("applied", ("applied",), APPLIED, _watched),
    Sort("alert", ("alerts", "alerts-by-time"), ALERT, _alerts),
    Sort("told", ("told", "told-by-time"), ALERT, _alerts),
    Sort("announced", ("announced",), None, _announced),
    Sort("person", ("person", "holders"), PERSON, _persons),
    Sort("warned-by", ("warned-by",), None, _warned_by),
    Sort("chat", ("chat", "chats"), CHAT, _chats),
    Sort("wave", ("wave",), WAVE, _chats),
    Sort("moved", ("moved",), None, _moved),
    Sort("hours", ("hours",), HOURS, _hours, on_wish=True),
    Sort("history", ("history", "steps"), PAST, _pasts, on_wish=True),
)
"""Every sort, in the order of the file: whoever was forgotten is known before anything that could be theirs."""

BY_NAME: Mapping[str, Sort] = {sort.name: sort for sort in SORTS}


async def records(connection: Connection, *, with_history: bool) -> AsyncIterator[Record]:
    """Every record of the store; a chat or person that changes meanwhile is there as before or as after.

    Raises StoreUnavailable where the server does not answer.
    """
    taken: set[object] = set()
    for sort in SORTS:
        if sort.take in taken or (sort.on_wish and not with_history):
            continue
        taken.add(sort.take)
        async for record in sort.take(connection):
            yield record


def packed_past(past: PastBytes) -> bytes:
    """An asset's memory as the bytes of its record."""
    return msgspec.msgpack.encode((PAST.schema, past))
