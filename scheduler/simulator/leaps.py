"""A clock for markets that are played: time stands still until it is told to leap over what nobody needs to see."""

import asyncio
import heapq
from itertools import count

from scheduler.clock import Clock


class LeapingClock:
    """Market time. Whoever sleeps on `clock` is woken by the leap that passes his moment, and finds it past.

    So a task that looks after something each second does so once a leap, as one does after its machine was suspended.
    """

    def __init__(self, at_ms: int) -> None:
        """It stands at `at_ms` (UTC)."""
        self._at_ms = self._began_ms = at_ms
        self._waited_s = 0.0
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()
        self.clock = Clock(self.now_ms, self._monotonic_s, self._sleep)
        self.unhurried = Clock(self.now_ms, self._monotonic_with_waits_s, self._wait)
        """The same time for who is made to wait by others (the budgets of a venue): a wait passes at once, for him alone."""

    def now_ms(self) -> int:
        """The present, UTC milliseconds."""
        return self._at_ms

    def leap_to(self, at_ms: int) -> None:
        """It is `at_ms` now; sleepers are woken in the order of their moments. The past stays where it is."""
        self._at_ms = max(self._at_ms, at_ms)
        until_s = self._monotonic_s()
        while self._sleeping and self._sleeping[0][0] <= until_s:
            woken = heapq.heappop(self._sleeping)[2]
            if not woken.done():
                woken.set_result(None)

    def _monotonic_s(self) -> float:
        return (self._at_ms - self._began_ms) / 1_000.0

    def _monotonic_with_waits_s(self) -> float:
        return self._monotonic_s() + self._waited_s

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0.0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self._monotonic_s() + seconds, next(self._number), woken))
        await woken

    async def _wait(self, seconds: float) -> None:
        self._waited_s += max(0.0, seconds)
        await asyncio.sleep(0)
