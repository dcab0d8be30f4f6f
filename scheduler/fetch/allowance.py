"""What may still be asked of one budget: never more than its weight in any window of its length, first come, first served."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from scheduler.exchange import Budget


@dataclass(frozen=True, slots=True)
class _Spent:
    """A weight and when it was, or will be, asked, in monotonic seconds."""

    at_s: float
    weight: int


class Allowance:
    """The running account of one budget.

    A turn is booked at the first moment at which it fits behind all turns booked before. That is stricter than a bucket
    of tokens, which lets a full bucket and its refill pass within one window.
    """

    def __init__(self, budget: Budget, monotonic_s: Callable[[], float]) -> None:
        self._budget = budget
        self._monotonic_s = monotonic_s
        self._spent: deque[_Spent] = deque()

    def book(self, weight: int, patience_s: float) -> float | None:
        """Seconds until the turn, now booked; None, and nothing booked, where it is further away than `patience_s`."""
        if weight > self._budget.weight:
            return None
        now_s = self._monotonic_s()
        self._forget(now_s)
        at_s = self._first_fit_s(weight, now_s)
        if at_s - now_s > patience_s:
            return None
        self._spent.append(_Spent(at_s, weight))
        return at_s - now_s

    def correct(self, used: int) -> None:
        """Take over what the venue says has been asked in its running window, where that is more than we know of.

        Another process behind the same address spends from the same budget.
        """
        now_s = self._monotonic_s()
        self._forget(now_s)
        ours = sum(spent.weight for spent in self._spent if spent.at_s <= now_s)
        unknown = min(used, self._budget.weight) - ours
        if unknown > 0:
            self._spent.append(_Spent(now_s, unknown))
            self._spent = deque(sorted(self._spent, key=lambda spent: spent.at_s))

    def _forget(self, now_s: float) -> None:
        while self._spent and self._spent[0].at_s + self._budget.window_s <= now_s:
            self._spent.popleft()

    def _first_fit_s(self, weight: int, now_s: float) -> float:
        at_s = max(now_s, self._spent[-1].at_s) if self._spent else now_s
        used = sum(spent.weight for spent in self._spent)
        for spent in self._spent:
            leaves_s = spent.at_s + self._budget.window_s
            if leaves_s > at_s:
                if used + weight <= self._budget.weight:
                    break
                at_s = leaves_s
            used -= spent.weight
        return at_s
