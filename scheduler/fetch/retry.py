"""Trying again: which failures deserve it, after how long, and until when.

Ten lines of our own instead of a library: the wait belongs to the injected clock, the venue's gate may shut while one
waits, and every try is paid from the budget.
"""

from collections.abc import Callable

from scheduler.fetch.failures import PASSING, SourceFailed

MOST_TRIES = 3
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0


class Deadline:
    """A length of time that begins when it is first looked at."""

    __slots__ = ("_ends_s", "_monotonic_s", "length_s")

    def __init__(self, length_s: float, monotonic_s: Callable[[], float]) -> None:
        self.length_s = length_s
        self._monotonic_s = monotonic_s
        self._ends_s: float | None = None

    def left_s(self) -> float:
        """Seconds that are left, never below zero."""
        if self._ends_s is None:
            self._ends_s = self._monotonic_s() + self.length_s
        return max(0.0, self._ends_s - self._monotonic_s())


def again_in_s(
    failure: SourceFailed, tries: int, deadline: Deadline, dice: Callable[[], float]
) -> float | None:
    """How long to wait before trying again after so many tries, with full jitter; None where it should not be.

    `dice` gives a number from 0 to 1.
    """
    if failure.failure not in PASSING or tries >= MOST_TRIES:
        return None
    wait_s = dice() * min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** (tries - 1))
    return wait_s if wait_s < deadline.left_s() else None
