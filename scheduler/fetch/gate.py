"""The gate of one venue: shut while it asks to be left alone or keeps failing, then opened for one question first."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from market.observations import Venue
from scheduler.exchange import Kind
from scheduler.fetch.failures import OF_THE_QUESTION, OF_THE_VENUE, TOLD_TO_WAIT, Failure, SourceFailed

SHUT_AFTER = 5
"""Consecutive failures, after which the venue is left alone."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
SHORTEST_WAIT_S = 1.0
MOST_DOUBLINGS = 12

FIRST_UNTOLD_WAIT_S = {Failure.BANNED: 120.0, Failure.GEO_BLOCKED: 6 * 3600.0}
LONGEST_UNTOLD_WAIT_S = {
    Failure.SLOW_DOWN: 900.0,
    Failure.BANNED: 3 * 24 * 3600.0,
    Failure.GEO_BLOCKED: 6 * 3600.0,
}
"""First and longest wait where a venue does not say for how long; doubled each time nothing has become better.

After a full window of its budget a venue counts anew; Binance's shortest ban is two minutes, its longest three days; a
country's law does not change within hours.
"""


class State(StrEnum):
    """How a venue stands."""

    OK = "ok"
    BACKING_OFF = "backing off"
    DISABLED = "disabled"
    GEO_BLOCKED = "geo-blocked"


class Gate:
    """Whether a venue may be asked. Durations are monotonic seconds; `dice` gives a number from 0 to 1."""

    def __init__(self, venue: Venue, monotonic_s: Callable[[], float], dice: Callable[[], float]) -> None:
        self._venue = venue
        self._monotonic_s = monotonic_s
        self._dice = dice
        self._until_s: float | None = None
        self._shut_by: Failure | None = None
        self._why = ""
        self._probe: asyncio.Event | None = None
        self._waits_in_a_row = 0
        self.failures_in_a_row = 0

    @property
    def shut_for_s(self) -> float:
        """Seconds until the venue may be asked again; 0 where it may be asked now."""
        return 0.0 if self._until_s is None else max(0.0, self._until_s - self._monotonic_s())

    @property
    def state(self) -> State:
        """How the venue stands: after a pause it is well again only when it has answered."""
        if self.shut_for_s and self._shut_by is Failure.GEO_BLOCKED:
            return State.GEO_BLOCKED
        if self.shut_for_s and self._shut_by is Failure.BANNED:
            return State.DISABLED
        return State.BACKING_OFF if self._until_s is not None or self.failures_in_a_row else State.OK

    def check(self, kind: Kind) -> None:
        """Raise SourceFailed (PAUSED) while the gate is shut."""
        shut_for_s = self.shut_for_s
        if shut_for_s:
            why = f"not asked for another {shut_for_s:.0f} s: {self._why}"
            raise SourceFailed(self._venue, kind, why, Failure.PAUSED, shut_for_s)

    @asynccontextmanager
    async def passed(self, kind: Kind) -> AsyncIterator[None]:
        """The length of one question. After a pause the first one goes alone and the others wait for how it fares.

        Raises SourceFailed (PAUSED) while the gate is shut. What came of it is told by `answered` or `failed` within;
        where neither is (the question was given up), the next one is the first.
        """
        probe = await self._enter(kind)
        try:
            yield
        finally:
            if probe is not None:
                self._probe = None
                probe.set()

    async def _enter(self, kind: Kind) -> asyncio.Event | None:
        while True:
            self.check(kind)
            if self._until_s is None:
                return None
            if self._probe is None:
                self._probe = asyncio.Event()
                return self._probe
            await self._probe.wait()

    def answered(self) -> None:
        """The venue has answered. An answer that was on its way when the gate was shut does not open it."""
        if self.shut_for_s:
            return
        self._until_s = self._shut_by = None
        self.failures_in_a_row = self._waits_in_a_row = 0

    def failed(self, failure: SourceFailed, window_s: float) -> None:
        """The question has failed: shut the gate where the venue says so, or at the last straw.

        `window_s` is how long the venue counts before it counts anew.
        """
        if failure.failure in TOLD_TO_WAIT or (failure.failure in OF_THE_VENUE and failure.wait_s):
            self._shut_as_told(failure, window_s)
        elif failure.failure in OF_THE_VENUE and not self.shut_for_s:
            self.failures_in_a_row += 1
            if self._until_s is not None or self.failures_in_a_row >= SHUT_AFTER:
                self._shut(failure, self._pause_s() * (0.5 + self._dice()))
        elif failure.failure in OF_THE_QUESTION:
            self.answered()

    def _shut_as_told(self, failure: SourceFailed, window_s: float) -> None:
        if not self.shut_for_s:
            self._waits_in_a_row += 1
        self._shut(failure, failure.wait_s or self._untold_wait_s(failure.failure, window_s))

    def _shut(self, failure: SourceFailed, wait_s: float) -> None:
        """The longest wait wins: a question on its way may bring a shorter one."""
        until_s = self._monotonic_s() + wait_s
        if self._until_s is None or until_s > self._until_s:
            self._until_s, self._shut_by, self._why = until_s, failure.failure, failure.why

    def _pause_s(self) -> float:
        doublings = min(self.failures_in_a_row - 1, MOST_DOUBLINGS)
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)

    def _untold_wait_s(self, failure: Failure, window_s: float) -> float:
        first_s = FIRST_UNTOLD_WAIT_S.get(failure, max(SHORTEST_WAIT_S, window_s))
        doubled_s: float = first_s * 2.0 ** min(self._waits_in_a_row - 1, MOST_DOUBLINGS)
        return min(LONGEST_UNTOLD_WAIT_S[failure], doubled_s)
