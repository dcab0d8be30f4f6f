"""Fast breaks by bar: begun where a confirmed low is lost in a shock, ended by time or by the way back."""

from collections.abc import Callable
from typing import Any

import numpy as np

from market.rules import PriceRules
from scheduler.batch.told import Bools, Floats, Ints

Breaks = Callable[[Ints, Floats, Floats, Bools, PriceRules], Bools]
"""Of bars (times in ms, prices), the lows known before them, and which go through theirs in a shock: those at which a break stands."""


def broken_bars(times: Ints, price: Floats, low: Floats, lost: Bools, rules: PriceRules) -> Bools:
    """The bars at which a break stands; `lost` are those that go through `low` in a shock."""
    broken = np.zeros(len(price), bool)
    begins = np.flatnonzero(lost)
    broken[begins] = True
    until = np.append(begins[1:], len(price))
    afters = np.minimum(until, np.searchsorted(times, times[begins] + rules.break_longest_ms, "left"))
    apart = until > begins + 1
    for first, after in zip(begins[apart].tolist(), afters[apart].tolist(), strict=True):
        broken[first + 1 : _ended(times, price, first + 1, after, float(low[first]), rules)] = True
    return broken


def _ended(times: Ints, price: Floats, first: int, after: int, low: float, rules: PriceRules) -> int:
    """The bar at which price has been above the low for long enough, `after` where it has not."""
    above = price[first:after] > low
    place = np.arange(len(above))
    since = np.maximum.accumulate(np.where(above, -1, place)) + 1
    held = above & (
        times[first:after] - times[first + np.minimum(since, len(above) - 1)] >= rules.break_back_above_ms
    )
    ends = np.flatnonzero(held)
    return first + int(ends[0]) if len(ends) else after


def walk_breaks(
    times: Any, price: Any, low: Any, lost: Any, longest_ms: int, back_above_ms: int, broken: Any
) -> None:
    """The same bar by bar, for a compiler; writes into `broken`."""
    begun, back = -1, -1
    for bar in range(len(times)):
        if lost[bar]:
            begun, back = bar, -1
        elif begun >= 0:
            back = (bar if back < 0 else back) if price[bar] > low[begun] else -1
            is_held = back >= 0 and times[bar] - times[back] >= back_above_ms
            if is_held or times[bar] - times[begun] >= longest_ms:
                begun = -1
        broken[bar] = begun >= 0
