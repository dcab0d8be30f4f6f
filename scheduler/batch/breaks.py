"""Fast breaks by bar: begun where a confirmed low is lost in a shock, ended by time or by the way back."""

import numpy as np

from market.rules import PriceRules
from scheduler.batch.told import Bools, Floats, Ints


def broken_bars(times: Ints, price: Floats, low: Floats, lost: Bools, rules: PriceRules) -> Bools:
    """The bars at which a break stands; `lost` are those that go through `low` in a shock."""
    broken = np.zeros(len(price), bool)
    begins = np.flatnonzero(lost).tolist()
    for number, first in enumerate(begins):
        until = begins[number + 1] if number + 1 < len(begins) else len(price)
        last = int(np.searchsorted(times, times[first] + rules.break_longest_ms, "left"))
        broken[first] = True
        if until > first + 1:
            after = min(until, last)
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
