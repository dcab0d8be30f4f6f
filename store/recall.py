"""What was read, kept in this process until the server says that it changed: nothing is asked twice that stayed the same.

The server tells of every change of the keys under PREFIXES (CLIENT TRACKING in broadcast mode, Redis 6 and later, Valkey).
Where it does not, or has not been heard for HEARD_WITHIN_S, everything is read anew each time, as without this.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from store import keys
from store.ending import end_if_told, ended

INVALIDATED = "__redis__:invalidate"
HEARD_WITHIN_S = 1.0
"""So often the server is asked whether it still speaks; longer than twice this nothing old is given out."""
BEGIN_WITHIN_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
MOST_KEPT = 20_000
PREFIXES = tuple(
    f"{keys.VERSION}:{begin}"
    for begin in (
        "snapshot:",
        "watched",
        "feed",
        "listed",
        "hours:",
        "backtest:",
        "chat:",
        "person:",
        "memo:",
        "tiers",
        "alerts",
        "resting",
    )
)

Value = TypeVar("Value")


class Memory:
    """Values by key and field. It is empty, and keeps nothing, while the server does not tell of changes."""

    __slots__ = ("_asked", "_kept", "heard_s", "is_told")

    def __init__(self) -> None:
        self.is_told = False
        self.heard_s = inf
        """Until when all that changed is known here, by the clock of the running loop."""
        self._kept: dict[str, dict[str, object]] = {}
        self._asked: dict[str, dict[str, object]] = {}

    async def of(self, key: str, field: str, read: Callable[[], Awaitable[Value]]) -> Value:
        """The value as it was read and has not changed since, else as `read` reads it now. It is not to be changed."""
        if not self._is_sure():
            return await read()
        kept = self._kept.get(key)
        if kept is not None and field in kept:
            return cast("Value", kept[field])
        mark = object()
        self._asked.setdefault(key, {})[field] = mark
        value = await read()
        # what changed while it was read has lost its mark: the answer may be older than the change
        if self._asked.get(key, {}).get(field) is mark:
            self._keep(key, field, value)
        return value

    async def of_many(
        self, wanted: Sequence[str], read: Callable[[Sequence[str]], Awaitable[Sequence[Value]]]
    ) -> list[Value]:
        """The same of many keys; those that are not kept are read at once, by `read`, which gives one value a key."""
        if not self._is_sure():
            return list(await read(wanted))
        kept = self._kept
        found = {key: kept[key][""] for key in wanted if key in kept and "" in kept[key]}
        if len(found) == len(wanted):  # nearly always
            return cast("list[Value]", list(found.values()))
        missing = [key for key in wanted if key not in found]
        marks = {key: object() for key in missing}
        for key, mark in marks.items():
            self._asked.setdefault(key, {})[""] = mark
        for key, value in zip(missing, await read(missing) if missing else (), strict=True):
            found[key] = value
            if self._asked.get(key, {}).get("") is marks[key]:
                self._keep(key, "", value)
        return [cast("Value", found[key]) for key in wanted]

    def forget(self, key: str) -> None:
        """Forget a key, as before and after it is written here."""
        self._kept.pop(key, None)
        self._asked.pop(key, None)

    def forget_all(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._asked.clear()

    def _is_sure(self) -> bool:
        """Whether changes are told of. A process that was held up for long may find them all still waiting for it."""
        return self.is_told and asyncio.get_running_loop().time() - self.heard_s <= 2 * HEARD_WITHIN_S

    def _keep(self, key: str, field: str, value: object) -> None:
        self._asked.pop(key, None)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept.setdefault(key, {})[field] = value


@asynccontextmanager
async def remembering(memory: Memory, redis: Redis) -> AsyncIterator[None]:
    """Let a memory keep what it reads for the length of the block."""
    listening = asyncio.create_task(_listen(memory, redis))
    try:
        yield
    finally:
        await ended(listening)


async def _listen(memory: Memory, redis: Redis) -> None:
    """Hear of changes until cancelled, beginning again after every loss; a server that cannot tell of any is left alone."""
    pause_s = FIRST_PAUSE_S
    while True:
        began_s = asyncio.get_running_loop().time()
        try:
            await _hear(memory, redis)
        except ResponseError:
            return
        except (RedisError, OSError, TimeoutError):
            pass
        finally:
            memory.is_told = False
            memory.forget_all()
        end_if_told()
        lasted_s = asyncio.get_running_loop().time() - began_s
        pause_s = FIRST_PAUSE_S if lasted_s > LONGEST_PAUSE_S else min(2 * pause_s, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)


async def _hear(memory: Memory, redis: Redis) -> None:
    """Hear of changes until the server is lost. One connection hears, the other one is who asked for it: both must live."""
    async with redis.pubsub() as heard, redis.client() as asking:
        async with asyncio.timeout(BEGIN_WITHIN_S):
            await heard.connect()
            hearing: Any = heard.connection
            await hearing.send_command("CLIENT", "ID")
            number = await hearing.read_response()
            await heard.subscribe(INVALIDATED)
            wanted = [part for prefix in PREFIXES for part in ("PREFIX", prefix)]
            await cast("Any", asking).execute_command(
                "CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", *wanted
            )
        end_if_told()
        loop = asyncio.get_running_loop()
        memory.is_told, memory.heard_s = True, loop.time()
        while True:
            await _until_silent(memory, heard)
            asked_s = loop.time()
            async with asyncio.timeout(HEARD_WITHIN_S):
                await asking.ping()
                await heard.ping()
                end_if_told()
                message = None
                while message is None or message["type"] != "pong":
                    message = await heard.get_message(timeout=HEARD_WITHIN_S)
                    _take(memory, message)
            memory.heard_s = asked_s


async def _until_silent(memory: Memory, heard: Any) -> None:
    """Take what the server tells for HEARD_WITHIN_S."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + HEARD_WITHIN_S
    while (left_s := until_s - loop.time()) > 0:
        _take(memory, await heard.get_message(timeout=left_s))


def _take(memory: Memory, message: Any) -> None:
    if message is None or message["type"] != "message":
        return
    if message["data"] is None:  # everything was flushed
        memory.forget_all()
        return
    for key in message["data"]:
        memory.forget(key.decode() if isinstance(key, bytes) else key)
