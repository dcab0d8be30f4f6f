"""What is to be delivered: rows by platform and priority, claimed by one worker at a time, and gone only by removal.

A row says who is told of which facts; how it is worded is decided at delivery. A row whose sending began without a known
end may have arrived: it is sent once more, marked as a repeat, and then parked. Where a script does several things the
removal comes first: with memory or disk full the rest may fail, and a row that stays would be sent again and again
(reliability.md, fact 7).
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from store import keys
from store import outbox_scripts as scripts
from store.chats import CHAT
from store.codec import decode, encode
from store.connection import Connection
from store.pace import TAKE, Turn
from store.rows import (
    DEAD,
    ROW,
    Begun,
    Claimed,
    Dead,
    Overtaken,
    Row,
    Seen,
    Wait,
    claimed_in,
    packed,
    readable_dead,
    stream_of,
)
from store.waves import WAVE, Wave

__all__ = [
    "DEAD",
    "ROW",
    "Begun",
    "Claimed",
    "Dead",
    "DeadRows",
    "Outbox",
    "Overtaken",
    "Row",
    "Seen",
    "Wait",
    "packed",
    "stream_of",
]

PRIORITIES = 3
GROUP = "delivery"
MOST_COPIES = 2
TRY_AGAIN_MS = 5_000
ABANDONED_MS = 15_000
"""A row nobody has kept for so long belongs to a worker that has died; one that lives says so every few seconds."""
AT_ONCE = 200
DEAD_KEPT = 1_000
"""So many rows that were given up are kept, the newest: an operator reads no more, and a bot may be shut out for a year."""
NOBODY = "nobody"
"""Holds the rows that a worker let go of when it ended in order."""
FORGOTTEN_MS = 3_600_000
"""A worker not heard of for so long, and without rows, is taken off the list."""

_log = logging.getLogger(__name__)

_BEGIN = scripts.BEGIN % TAKE
NOT_ITS_TURN, NOT_FREE = -2, -3
AGAIN_S = 0.3
"""So long after a chat was found in the hands of another worker it is looked at again."""
HAND_MS = 60_000
"""A hand counts while its row is claimed; this is only after how long the store forgets it where nobody else does."""


class Outbox:
    """The rows of one platform. Every method raises StoreUnavailable; repeating a call is safe unless it says otherwise."""

    def __init__(self, connection: Connection, platform: str) -> None:
        self._connection, self._platform = connection, platform
        self._streams = [keys.outbox(platform, priority) for priority in range(PRIORITIES)]

    async def open(self) -> None:
        """Make the consumer group of each priority; in one that exists, workers of long ago are forgotten."""
        for stream in self._streams:
            async with self._connection.reading() as redis:
                groups: Any = await redis.xinfo_groups(stream) if await redis.exists(stream) else []
            if any(group["name"] == GROUP.encode() for group in groups):
                await self._forget_workers(stream)
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

        Where the answer is lost, `mine` tells what was claimed.
        """
        async with self._connection.writing() as redis:
            script = redis.register_script(scripts.CLAIM)
            return claimed_in(await script(self._streams, [GROUP, worker, most, ABANDONED_MS]))

    async def mine(self, worker: str) -> tuple[Claimed, ...]:
        """The rows that this worker has claimed and that are still there."""
        async with self._connection.writing() as redis:
            script = redis.register_script(scripts.MINE)
            return claimed_in(await script(self._streams, [GROUP, worker, AT_ONCE]))

    async def keep(self, worker: str, claimed: Iterable[Claimed]) -> None:
        """Say that this worker lives and still has these rows, so that nobody takes them for abandoned."""
        rows = tuple(claimed)
        if not rows:
            return
        places, entries = [one.stream for one in rows], [one.entry for one in rows]
        async with self._connection.writing() as redis:
            await redis.register_script(scripts.KEEP)(places, [GROUP, worker, *entries])

    async def let_go(self, worker: str) -> int:
        """This worker ends: whoever claims next gets its rows at once; how many."""
        values: list[str | int] = [GROUP, worker, NOBODY, 10 * ABANDONED_MS, AT_ONCE]
        async with self._connection.writing() as redis:
            return int(await redis.register_script(scripts.LET_GO)(self._streams, values))

    async def look(self, address: str) -> Seen:
        """How a chat is now: in one round trip unless it has moved."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            together.get(keys.moved(address))
            together.hget(keys.chat(address), "chat")
            together.get(keys.wave(address))
            moved, chat, wave = await together.execute()
        if moved is not None and moved.decode() != address:
            return await self.look(moved.decode())
        told = decode(WAVE, wave) or Wave(address)
        return Seen(
            address, decode(CHAT, chat), told, hashlib.sha1(wave or b"", usedforsecurity=False).hexdigest()
        )

    async def begin(
        self, claimed: Claimed, worker: str, attempt: str, turn: Turn | None = None, mark: str = ""
    ) -> Begun | Wait | None:
        """Take the chat in hand and a token, and say that sending begins, in one write.

        Wait where it is not the row's turn, where the chat is in another worker's hands, or where its wave is not the one
        of this `mark` any more. None where the row is not this worker's: it must not be sent. Saying the same attempt twice
        is safe.
        """
        address = claimed.row.address
        places = [claimed.stream, keys.sending(self._platform), keys.hand(address), keys.wave(address)]
        places += turn.places if turn else ()
        values: list[str | float] = [GROUP, claimed.entry, worker, claimed.row.key, attempt, mark, HAND_MS]
        values += turn.values if turn else ()
        async with self._connection.writing() as redis:
            script = redis.register_script(_BEGIN)
            count, ago_ms, wait_ms, own_ms = map(int, await script(places, values))
        if count == NOT_FREE:
            return Wait(AGAIN_S, AGAIN_S)
        if count == NOT_ITS_TURN:
            return Wait(wait_ms / 1_000.0, own_ms / 1_000.0)
        return None if count < 0 else Begun(count, ago_ms)

    async def take_back(self, claimed: Claimed, attempt: str) -> None:
        """Of this attempt nothing was sent: it does not count."""
        async with self._connection.writing() as redis:
            script = redis.register_script(scripts.TAKE_BACK)
            await script([keys.sending(self._platform)], [claimed.row.key, attempt])

    async def commit(self, claimed: Claimed, wave: bytes | None = None, mark: str = "") -> bool:
        """Sent, or not to be sent at all: the row goes, then the chat's wave is kept. False where the row was gone.

        With the mark of the wave it was decided on: raises Overtaken where that is another one by now.
        """
        address = claimed.row.address
        places = [claimed.stream, keys.sending(self._platform), keys.wave(address), keys.hand(address)]
        values: list[str | bytes] = [GROUP, claimed.entry, claimed.row.key, wave or b"", mark]
        async with self._connection.writing() as redis:
            removed = await redis.register_script(scripts.COMMIT)(places, values)
        return _done(removed)

    async def later(
        self,
        claimed: Claimed,
        until_ms: int,
        row: Row | None = None,
        wave: bytes | None = None,
        mark: str = "",
    ) -> bool:
        """Not now: the row waits until then. `row` is what it has become meanwhile, `wave` what the chat's has.

        `mark` as in `commit`.
        """
        kept = row if row is not None else claimed.row
        places = [
            claimed.stream,
            keys.sending(self._platform),
            keys.later(self._platform),
            keys.later_rows(self._platform),
            keys.wave(kept.address),
            keys.hand(kept.address),
        ]
        told = str(kept.priority).encode() + encode(ROW, kept)
        values: list[str | bytes | int] = [GROUP, claimed.entry, kept.key, told, until_ms, wave or b"", mark]
        async with self._connection.writing() as redis:
            removed = await redis.register_script(scripts.LATER)(places, values)
        return _done(removed)

    async def uncertain(self, claimed: Claimed, now_ms: int) -> bool:
        """It may have arrived: once more after five seconds, as a repeat; False where that was the second time."""
        row = claimed.row
        copies = row.copies + 1
        if copies < MOST_COPIES:
            doubtful = replace(row, copies=copies, begun_ms=row.begun_ms or now_ms)
            await self.later(claimed, now_ms + TRY_AGAIN_MS, doubtful)
            return True
        await self.bury(claimed, now_ms, "uncertain")
        return False

    async def bury(self, claimed: Claimed, now_ms: int, why: str) -> bool:
        """Give a row up: it goes onto the dead list, from where an operator may bring it back (/dead).

        The list holds the newest `DEAD_KEPT`; what falls out is gone for good, and logged.
        """
        places = [claimed.stream, keys.sending(self._platform), keys.DEAD, keys.DEAD_AT]
        dead = encode(DEAD, Dead(claimed.row, now_ms, why))
        values: list[str | bytes | int] = [GROUP, claimed.entry, claimed.row.key, dead, now_ms, DEAD_KEPT]
        async with self._connection.writing() as redis:
            removed, *fallen = await redis.register_script(scripts.BURY)(places, values)
        for one in readable_dead(fallen):
            _log.warning("dropped for good from %d given up: %s (%s)", DEAD_KEPT, one.row.key, one.why)
        return bool(removed)

    async def wake(self, now_ms: int) -> int:
        """Let rows whose time has come be claimed again; how many."""
        places = [keys.later(self._platform), keys.later_rows(self._platform)]
        values: list[str | int] = [now_ms, AT_ONCE, keys.outbox(self._platform, 0)[:-1]]
        async with self._connection.writing() as redis:
            return int(await redis.register_script(scripts.DUE)(places, values))

    async def depth(self) -> dict[str, int]:
        """How many rows wait: by priority, and `later`."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            for stream in self._streams:
                together.xlen(stream)
            together.zcard(keys.later(self._platform))
            *waiting, later = await together.execute()
        return {**{str(place): int(count) for place, count in enumerate(waiting)}, "later": int(later)}

    async def _forget_workers(self, stream: str) -> None:
        async with self._connection.writing() as redis:
            await redis.register_script(scripts.FORGET_WORKERS)([stream], [GROUP, FORGOTTEN_MS])


class DeadRows:
    """The rows that were given up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> tuple[Dead, ...]:
        """Every one, oldest first."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hvals(keys.DEAD)
        return tuple(sorted(readable_dead(stored), key=lambda dead: dead.at_ms))

    async def requeue(self, *names: str) -> int:
        """Let the rows of these keys be delivered once more, marked as what they are; how many of them were dead."""
        if not names:
            return 0
        async with self._connection.reading() as redis:
            stored: Any = await redis.hmget(keys.DEAD, names)
        rows = [(*packed(dead.row), dead.row.key) for dead in readable_dead(blob for blob in stored if blob)]
        back = 0
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            places = [keys.DEAD, keys.DEAD_AT, *(stream for stream, _, _ in some)]
            values = [value for _, row, key in some for value in (key, row)]
            async with self._connection.writing() as redis:
                back += int(await redis.register_script(scripts.REQUEUE)(places, values))
        return back


def _done(removed: Any) -> bool:
    """Whether a row was there. Raises Overtaken."""
    if int(removed) < 0:
        raise Overtaken
    return bool(removed)
