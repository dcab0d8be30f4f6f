"""A clock moved by hand: tests of waiting that do not wait."""

import asyncio
import heapq
from itertools import count

from scheduler.clock import Clock

TURNS = 25
"""So many turns of the loop let woken tasks and sockets on loopback get through with what they do."""


class HandClock:
    """Time passes when `advance` says so; those who sleep are woken one after another, each at its moment."""

    def __init__(self, at_ms: int = 1_700_000_000_000) -> None:
        self.began_ms = at_ms
        self.at_s = 0.0
        self.sleeps: list[float] = []
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()

    @property
    def clock(self) -> Clock:
        """It, as the scheduler knows clocks."""
        return Clock(now_ms=self.now_ms, monotonic_s=lambda: self.at_s, sleep=self.sleep)

    def now_ms(self) -> int:
        """The present in UTC milliseconds."""
        return self.began_ms + round(self.at_s * 1_000)

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time was passed by hand."""
        self.sleeps.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.at_s + seconds, next(self._number), woken))
        await woken

    async def advance(self, seconds: float, grain_s: float = 0.0) -> None:
        """Let time pass; with a grain, sleepers within so much are woken together."""
        await self.settle()
        until_s = self.at_s + seconds
        while self._sleeping and self._sleeping[0][0] <= until_s:
            self.at_s = max(self.at_s, min(until_s, self._sleeping[0][0] + grain_s))
            while self._sleeping and self._sleeping[0][0] <= self.at_s:
                woken = heapq.heappop(self._sleeping)[2]
                if not woken.done():
                    woken.set_result(None)
            await self.settle()
        self.at_s = until_s
        await self.settle()

    @property
    def is_asleep(self) -> bool:
        """Somebody waits for time to pass."""
        return bool(self._sleeping)

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
