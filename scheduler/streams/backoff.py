"""How long to wait before trying again, and whose turn it is to connect."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from market.observations import Venue
from scheduler.clock import Clock

FIRST_S = 2.0
LONGEST_S = 60.0

APART_S = 0.22
"""Between two connects of the process: never more than five in a second."""

SAME_VENUE_APART_S = 0.4
"""Between two connects to one venue: OKX allows three a second and address (exchanges.md, 3)."""


class Backoff:
    """Waits with full jitter: anything up to 2 s at first, then up to twice as much each time, never over 60 s."""

    def __init__(self, dice: Callable[[], float]) -> None:
        self._dice = dice
        self._most_s = FIRST_S

    def next_s(self) -> float:
        """How long to wait this time, seconds."""
        wait_s = self._dice() * self._most_s
        self._most_s = min(LONGEST_S, self._most_s * 2)
        return wait_s

    def reset(self) -> None:
        """Things are well again: the next wait is a short one."""
        self._most_s = FIRST_S


class Gate:
    """Lets connects through one at a time, in the order of asking for each venue: no storm of reconnects."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at_s = 0.0
        self._venue_free_at_s: dict[Venue, float] = {}
        self._queues: defaultdict[Venue, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def turn(self, venue: Venue) -> None:
        """Return when a connect to this venue may begin."""
        async with self._queues[venue]:
            while (wait_s := self._wait_s(venue)) > 0:
                await self._clock.sleep(wait_s)
            now_s = self._clock.monotonic_s()
            self._free_at_s = now_s + APART_S
            self._venue_free_at_s[venue] = now_s + SAME_VENUE_APART_S

    def _wait_s(self, venue: Venue) -> float:
        free_at_s = max(self._free_at_s, self._venue_free_at_s.get(venue, 0.0))
        return free_at_s - self._clock.monotonic_s()
