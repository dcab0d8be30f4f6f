"""What waits to be delivered: how many rows by platform and priority, and how long the oldest has waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store import keys
from store.chats import platform_of
from store.connection import Connection
from store.outbox import PRIORITIES, DeadRows


@dataclass(frozen=True, slots=True)
class Queue:
    """The rows of one platform: by priority, and those that wait for their time. `ages_ms` is of the oldest, 0 for none."""

    platform: str
    rows: tuple[int, ...]
    ages_ms: tuple[int, ...]
    later: int


class Queues:
    """The queues of one store. Every method raises StoreUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, platforms: Sequence[str]) -> tuple[Queue, ...]:
        """The queue of each of these platforms, by the server's clock, in one round trip."""
        async with self._connection.reading() as redis, redis.pipeline(transaction=False) as together:
            together.time()
            for platform in platforms:
                for priority in range(PRIORITIES):
                    together.xlen(keys.outbox(platform, priority))
                    together.xrange(keys.outbox(platform, priority), count=1)
                together.zcard(keys.later(platform))
            (seconds, micros), *told = await together.execute()
        width, now_ms = 2 * PRIORITIES + 1, int(seconds) * 1_000 + int(micros) // 1_000
        return tuple(
            _read(platform, told[place * width : (place + 1) * width], now_ms)
            for place, platform in enumerate(platforms)
        )

    async def drop_old(self, platforms: Sequence[str], kept_ms: int) -> int:
        """Let rows go that have waited so long by the server's clock, such as where nobody delivers; how many."""
        async with self._connection.reading() as redis:
            seconds, micros = await redis.time()
        oldest = f"{int(seconds) * 1_000 + int(micros) // 1_000 - kept_ms}-0"
        streams = [keys.outbox(one, priority) for one in platforms for priority in range(PRIORITIES)]
        async with self._connection.writing() as redis, redis.pipeline(transaction=False) as together:
            for stream in streams:
                together.xtrim(stream, minid=oldest, approximate=False)
            return sum(map(int, await together.execute()))

    async def dead(self) -> dict[str, int]:
        """How many rows were given up, by platform."""
        found: dict[str, int] = {}
        for one in await DeadRows(self._connection).all():
            platform = platform_of(one.row.address)
            found[platform] = found.get(platform, 0) + 1
        return found


def _read(platform: str, told: Sequence[Any], now_ms: int) -> Queue:
    *by_priority, later = told
    ages = tuple(_age_ms(oldest, now_ms) for oldest in by_priority[1::2])
    return Queue(platform, tuple(int(count) for count in by_priority[::2]), ages, int(later))


def _age_ms(oldest: Sequence[Any], now_ms: int) -> int:
    """The name of an entry begins with when it was added."""
    return max(0, now_ms - int(oldest[0][0].split(b"-")[0])) if oldest else 0
