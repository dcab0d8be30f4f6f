"""How fast market time passes, and that it stands still while somebody types."""

import asyncio
from contextlib import suppress

LEAST_FACTOR = 1 / 64
MOST_FACTOR = 64.0
MOST_BEHIND_S = 0.5
"""What took longer than this was no work between two waits: it is not caught up with."""


class Pace:
    """Market time against the clock on the wall, held by a pause or by a half-typed line.

    `market_ms_per_s` is how many milliseconds of market time pass in a second; None is as fast as possible. What is done
    between two waits takes its time out of the second.
    """

    def __init__(self, market_ms_per_s: float | None) -> None:
        self._asked = market_ms_per_s
        self._factor = 1.0
        self._changed = asyncio.Event()
        self._waited_until_s: float | None = None
        self._behind_s = 0.0
        self.is_paused = False
        self.is_typing = False

    @property
    def market_ms_per_s(self) -> float | None:
        """The present speed, None where nothing waits."""
        return None if self._asked is None else self._asked * self._factor

    def change(self, factor: float) -> bool:
        """Go `factor` times as fast as now; False where that is beyond the limits, or nothing waits."""
        wanted = self._factor * factor
        if self._asked is None or not LEAST_FACTOR <= wanted <= MOST_FACTOR:
            return False
        self._factor = wanted
        self._changed.set()
        return True

    def pause(self, yes: bool) -> None:
        """Hold market time, or let it go on."""
        self.is_paused = yes
        self._changed.set()

    def typing(self, yes: bool) -> None:
        """Hold market time because a line is being typed, or let it go on."""
        self.is_typing = yes
        self._changed.set()

    async def pass_time(self, market_ms: float) -> None:
        """Return when `market_ms` of market time have passed, however long that takes."""
        clock = asyncio.get_running_loop()
        left = market_ms - self._catch_up(clock.time(), market_ms)
        while left > 0 or self._is_held():
            self._changed.clear()
            speed = 0.0 if self._is_held() else self.market_ms_per_s
            if speed is None:
                return
            began = clock.time()
            await self._change_or(left / speed if speed else None)
            left -= (clock.time() - began) * speed
            if left < 0.0 < speed:
                self._behind_s -= left / speed
                left = 0.0
        self._waited_until_s = clock.time()

    def _catch_up(self, now_s: float, market_ms: float) -> float:
        """How much of this market time has passed already, while something was done between two waits."""
        speed, since_s = self.market_ms_per_s, self._waited_until_s
        if speed is None or since_s is None or self._is_held():
            self._behind_s = 0.0
            return 0.0
        self._behind_s = min(MOST_BEHIND_S, self._behind_s + now_s - since_s)
        passed_ms = min(market_ms, self._behind_s * speed)
        self._behind_s -= passed_ms / speed
        return passed_ms

    def _is_held(self) -> bool:
        return self.is_paused or self.is_typing

    async def _change_or(self, at_most_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._changed.wait()
