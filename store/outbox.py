"""What is to be delivered: rows by platform and priority, claimed by one worker at a time, and gone only by removal.

A row says who is told of which facts; how it is worded is decided at delivery. A row whose sending began without a known
end may have arrived: it is sent once more, marked as a repeat, and then parked. Where a script does several things the
removal comes first: with memory or disk full the rest may fail, and a row that stays would be sent again and again
(reliability.md, fact 7).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from store import keys
from store.chats import platform_of
from store.codec import Kind, decode, encode
from store.connection import Connection

PRIORITIES = 3
GROUP = "delivery"
MOST_COPIES = 2
TRY_AGAIN_MS = 5_000
LONGEST_SEND_MS = 60_000
"""A row claimed this long ago belongs to a worker that has died: no send takes as long."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One chat to be told of some alerts of a batch (`facts` are their numbers).

    `priority` 0 is critical, 1 warning, 2 the rest. `not_after_ms` is when the news is none any more (UTC ms). `copies` is
    how often its sending began before without a known end; from 1 on it is marked as a repeat.
    """

    key: str
    address: str
    batch: str
    facts: tuple[int, ...]
    priority: int
    at_ms: int
    not_after_ms: int
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in the hands of a worker, and where it lies."""

    row: Row
    stream: str
    entry: str


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that was given up, when (UTC ms), and why."""

    row: Row
    at_ms: int
    why: str


ROW = Kind("outbox row", 1, Row, rebuildable=False)
DEAD = Kind("dead row", 1, Dead, rebuildable=False)

_COMMIT = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
if removed == 1 and ARGV[4] ~= '' then redis.call('SET', KEYS[3], ARGV[4]) end
return removed
"""

_LATER = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
if removed == 1 then
  redis.call('HSET', KEYS[4], ARGV[3], ARGV[4])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3])
  if ARGV[6] ~= '' then redis.call('SET', KEYS[5], ARGV[6]) end
end
return removed
"""

_DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(due) do
  local row = redis.call('HGET', KEYS[2], key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('HDEL', KEYS[2], key)
  if row then redis.call('XADD', ARGV[3] .. string.sub(row, 1, 1), '*', 'row', string.sub(row, 2)) end
end
return #due
"""

_BURY = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
if removed == 1 then redis.call('HSET', KEYS[3], ARGV[3], ARGV[4]) end
return removed
"""

_REQUEUE = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'row', ARGV[2])
return 1
"""


def stream_of(row: Row) -> str:
    """Where a row waits."""
    return keys.outbox(platform_of(row.address), row.priority)


def packed(row: Row) -> tuple[str, bytes]:
    """A row as `Bulletins.fan_out` takes it: its stream and its bytes."""
    return stream_of(row), encode(ROW, row)


class Outbox:
    """The rows of one platform. Every method raises StoreUnavailable; repeating a call is safe unless it says otherwise."""

    def __init__(self, connection: Connection, platform: str) -> None:
        self._connection, self._platform = connection, platform
        self._streams = [keys.outbox(platform, priority) for priority in range(PRIORITIES)]

    async def open(self) -> None:
        """Make the consumer group of each priority; one that exists stays as it is."""
        for stream in self._streams:
            async with self._connection.reading() as redis:
                groups: Any = await redis.xinfo_groups(stream) if await redis.exists(stream) else []
            if any(group["name"] == GROUP.encode() for group in groups):
                continue
            async with self._connection.writing() as redis:
                await redis.eval(
                    "redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM') return 1",
                    1,
                    stream,
                    GROUP,
                )

    async def claim(self, worker: str, most: int) -> tuple[Claimed, ...]:
        """At most so many rows for this worker: those of dead workers first, then by priority and age.

        A call whose answer is lost leaves its rows to LONGEST_SEND_MS, after which they are claimed anew.
        """
        found: list[Claimed] = []
        for stream in self._streams:
            if len(found) < most:
                found += await self._inherited(stream, worker, most - len(found))
        for stream in self._streams:
            if len(found) < most:
                found += await self._fresh(stream, worker, most - len(found))
        return tuple(found)

    async def begin(self, claimed: Claimed) -> int:
        """Say that sending begins, and give how often it began before without a known end. Not safe to repeat."""
        async with self._connection.writing() as redis:
            return int(await redis.hincrby(keys.sending(self._platform), claimed.row.key, 1)) - 1

    async def commit(self, claimed: Claimed, wave: bytes | None = None) -> bool:
        """Sent, or not to be sent at all: the row goes, then the chat's wave is kept. False where the row was gone."""
        address = claimed.row.address
        places = [claimed.stream, keys.sending(self._platform), keys.wave(address)]
        async with self._connection.writing() as redis:
            script = redis.register_script(_COMMIT)
            return bool(await script(places, [GROUP, claimed.entry, claimed.row.key, wave or b""]))

    async def later(
        self, claimed: Claimed, until_ms: int, row: Row | None = None, wave: bytes | None = None
    ) -> bool:
        """Not now: the row waits until then. `row` is what it has become meanwhile, `wave` what the chat's has."""
        kept = row if row is not None else claimed.row
        places = [
            claimed.stream,
            keys.sending(self._platform),
            keys.later(self._platform),
            keys.later_rows(self._platform),
            keys.wave(kept.address),
        ]
        told = str(kept.priority).encode() + encode(ROW, kept)
        values: list[str | bytes | int] = [GROUP, claimed.entry, kept.key, told, until_ms, wave or b""]
        async with self._connection.writing() as redis:
            return bool(await redis.register_script(_LATER)(places, values))

    async def uncertain(self, claimed: Claimed, now_ms: int) -> bool:
        """It may have arrived: once more after five seconds, as a repeat; False where that was the second time."""
        copies = claimed.row.copies + 1
        if copies < MOST_COPIES:
            await self.later(claimed, now_ms + TRY_AGAIN_MS, replace(claimed.row, copies=copies))
            return True
        await self.bury(claimed, now_ms, "uncertain")
        return False

    async def bury(self, claimed: Claimed, now_ms: int, why: str) -> bool:
        """Give a row up: it goes onto the dead list, from where an administrator may bring it back."""
        places = [claimed.stream, keys.sending(self._platform), keys.DEAD]
        dead = encode(DEAD, Dead(claimed.row, now_ms, why))
        async with self._connection.writing() as redis:
            script = redis.register_script(_BURY)
            return bool(await script(places, [GROUP, claimed.entry, claimed.row.key, dead]))

    async def wake(self, now_ms: int) -> int:
        """Let rows whose time has come be claimed again; how many."""
        places = [keys.later(self._platform), keys.later_rows(self._platform)]
        values: list[str | int] = [now_ms, AT_ONCE, keys.outbox(self._platform, 0)[:-1]]
        async with self._connection.writing() as redis:
            return int(await redis.register_script(_DUE)(places, values))

    async def depth(self) -> dict[str, int]:
        """How many rows wait: by priority, and `later`."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            for stream in self._streams:
                together.xlen(stream)
            together.zcard(keys.later(self._platform))
            *waiting, later = await together.execute()
        return {**{str(place): int(count) for place, count in enumerate(waiting)}, "later": int(later)}

    async def _inherited(self, stream: str, worker: str, most: int) -> list[Claimed]:
        """Rows whose worker has died in the middle of them."""
        async with self._connection.writing() as redis:
            answer: Any = await redis.xautoclaim(stream, GROUP, worker, LONGEST_SEND_MS, count=most)
        return _claimed(stream, answer[1])

    async def _fresh(self, stream: str, worker: str, most: int) -> list[Claimed]:
        async with self._connection.writing() as redis:
            answer: Any = await redis.xreadgroup(GROUP, worker, {stream: ">"}, count=most)
        return _claimed(stream, answer[0][1]) if answer else []


class DeadRows:
    """The rows that were given up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> tuple[Dead, ...]:
        """Every one, oldest first."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hvals(keys.DEAD)
        found = (decode(DEAD, blob) for blob in stored)
        return tuple(sorted((dead for dead in found if dead is not None), key=lambda dead: dead.at_ms))

    async def requeue(self, key: str) -> bool:
        """Let a row be delivered once more, as a repeat; False where it is not dead."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hget(keys.DEAD, key)
        dead = decode(DEAD, stored)
        if dead is None:
            return False
        stream, row = packed(dead.row)
        async with self._connection.writing() as redis:
            return bool(await redis.register_script(_REQUEUE)([keys.DEAD, stream], [key, row]))


def _claimed(stream: str, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[Claimed]:
    found = []
    for entry, fields in entries:
        row = decode(ROW, fields[b"row"]) if fields else None
        if row is not None:
            found.append(Claimed(row, stream, entry.decode()))
    return found
