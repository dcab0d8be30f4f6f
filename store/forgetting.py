"""Forgetting: everything that is kept of a person or a chat goes, and a mark stays by which no backup brings it back.

Whom an erasure is about is written down first, together with the marks, and struck out last: one that was broken off at any
point is taken up again, and doing a part twice does no harm. Rows that are on their way may move while they are looked for,
so they are looked for until none is found; whoever has one in hand finds it gone when its sending would begin.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from secrets import token_hex
from typing import Any

from store import keys
from store.chats import StoredChats, announce_forgotten
from store.codec import Kind, decode, encode
from store.connection import Connection, StoreUnavailable
from store.held import held_of, near_of
from store.tombstones import marks_of, secret_of
from store.traces import Place, Quarry, Traces, group_of
from store.whom import Held, Subject, without

ERASURE = Kind("erasure", 1, Quarry, rebuildable=False)
MOST_LOOKS = 10
AT_ONCE = 200
FOLLOWED = frozenset({"chat", "chats", "changes"})
"""Where one of these goes, whoever follows the changes of chats has to be told."""
WITHIN_S = 3.0
"""An answer in a chat waits no longer for an erasure, which goes on."""

_STEP_BACK = """
if redis.call('HGET', KEYS[1], 'cursor') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'cursor', ARGV[2])
return 1
"""

_log = logging.getLogger(__name__)


class Forgetting:
    """Implements `store.services.Privacy` on one store. Every method raises StoreUnavailable; repeating a call is safe."""

    def __init__(self, connection: Connection, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._connection, self._chats, self._traces = connection, StoredChats(connection), Traces(connection)
        self._under_way: set[asyncio.Task[None]] = set()

    async def near(self, subject: Subject) -> Held:
        """What is kept under a subject's own names: most of it, and found at once."""
        return await near_of(self._connection, self._traces, subject)

    async def held(self, subject: Subject) -> Held:
        """Everything that is kept of a subject; all of the store is looked through for it."""
        return await held_of(self._connection, self._traces, await self._traces.quarry(subject))

    async def forget(self, subject: Subject, now_ms: int, within_s: float = WITHIN_S) -> bool:
        """Erase all that is kept of a subject; False where that goes on after `within_s`, or is taken up again later.

        From the first moment on no backup that is older brings it back.
        """
        quarry = await self._traces.quarry(subject)
        name = token_hex(8)
        await self._note(name, quarry, now_ms)
        task = asyncio.create_task(self._finish(name, quarry))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        done, _ = await asyncio.wait({task}, timeout=within_s)
        return bool(done) and task.exception() is None

    async def finish(self) -> int:
        """Take up every erasure that was broken off; how many there were."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hgetall(keys.FORGETTING)
        for name, blob in stored.items():
            quarry = decode(ERASURE, blob)
            if quarry is not None:
                await self._finish(name.decode(), quarry)
        return len(stored)

    async def _note(self, name: str, quarry: Quarry, now_ms: int) -> None:
        marks = marks_of(await secret_of(self._connection), quarry.subject.names, now_ms)
        async with self._connection.writing() as redis, redis.pipeline(transaction=True) as together:
            together.hset(keys.FORGETTING, name, encode(ERASURE, quarry))
            if marks:
                together.hset(keys.TOMBSTONES, items=[part for pair in marks.items() for part in pair])
            await together.execute()

    async def _finish(self, name: str, quarry: Quarry) -> None:
        await self._erase(quarry)
        async with self._connection.writing() as redis:
            await redis.hdel(keys.FORGETTING, name)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            _log.warning("an erasure is taken up again later: %s", failure)

    async def _erase(self, quarry: Quarry) -> None:
        found = [place async for place in self._traces.places(quarry)]
        is_followed = any(place.entry.name in FOLLOWED for place in found)
        for _ in range(MOST_LOOKS):
            for first in range(0, len(found), self._at_once):
                await self._remove(found[first : first + self._at_once])
            found = [place async for place in self._traces.on_their_way(quarry)]
            if not found:
                break
        else:
            raise StoreUnavailable("Rows to a chat that is forgotten come again and again.")
        person = quarry.subject.person
        async for address in self._traces.chats_changed_by(person):
            await self._chats.change_known(address, partial(without, person=person))
        await self._step_back(quarry.subject)
        if is_followed:
            await announce_forgotten(self._connection)

    async def _remove(self, places: Sequence[Place]) -> None:
        changed = tuple(dict.fromkeys(place.key for place in places))
        async with self._connection.writing(changed) as redis, redis.pipeline(transaction=True) as together:
            for place in places:
                _queue(together, place)
            await together.execute()

    async def _step_back(self, subject: Subject) -> None:
        """Let the batch that is being addressed have come to the chat before one of these, if it had just come to it."""
        async with self._connection.reading() as redis:
            kept: Any = await redis.hget(keys.BATCH, "cursor")
        cursor = (kept or b"").decode()
        if not subject.is_at(cursor):
            return
        async with self._connection.reading() as redis:
            members: Any = await redis.smembers(keys.CHATS)
        before = max((name for name in map(bytes.decode, members) if name < cursor), default="")
        async with self._connection.writing() as redis:
            await redis.register_script(_STEP_BACK)([keys.BATCH], [cursor, before])


def _queue(together: Any, place: Place) -> None:
    """The command that takes a place away."""
    if place.part is None:
        together.unlink(place.key)
        return
    match place.entry.type:
        case "hash":
            together.hdel(place.key, place.part)
        case "set":
            together.srem(place.key, place.part)
        case "zset":
            together.zrem(place.key, place.part)
        case _:
            group = group_of(place)
            if group is not None:
                together.xack(place.key, group, place.part)
            together.xdel(place.key, place.part)
