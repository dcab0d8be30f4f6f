"""Turning points of hourly closes by bar: directional change remembers its way, so it is taken hour by hour."""

from dataclasses import dataclass
from math import nan

import numpy as np

from market.formulas.price import Swings, swing_threshold
from market.rules import PriceRules
from scheduler.batch.columns import Claims
from scheduler.batch.hours import Hours
from scheduler.batch.told import Floats, Ints, Table


@dataclass(frozen=True, slots=True)
class Swung:
    """By bar what the swings claim after it, and the last confirmed low before and after it was taken (NaN: no claim)."""

    lower_low: Claims
    in_progress: Claims
    higher_low: Claims
    low_before: Floats
    low_after: Floats


def swung(bars: Table, price: Floats, hours: Hours, gaps: Ints, rules: PriceRules) -> Swung:
    """The swings of the closes of hours, begun anew at the bars after a gap (`gaps`)."""
    sigma = np.sqrt(np.maximum(hours.variance[hours.bar], 0.0) * 24.0)
    learned = np.flatnonzero(~np.isnan(sigma))
    events = [(int(bar), 0, nan, nan) for bar in gaps]
    events += [
        (bar, 1, close, one)
        for bar, close, one in zip(
            hours.bar[learned].tolist(), hours.price[learned].tolist(), sigma[learned].tolist(), strict=True
        )
    ]
    events.sort()
    said = _said(events, bars, rules)
    bar, kind = (np.array([one[place] for one in events], np.int64) for place in (0, 1))
    after = np.cumsum(np.bincount(bar, minlength=len(bars)))
    # a bar is held against the low that was known before it closed its hour
    before = after - np.bincount(bar[kind == 1], minlength=len(bars))
    return Swung(
        said[after, 0].astype(np.int8),
        said[after, 1].astype(np.int8),
        said[after, 2].astype(np.int8),
        said[before, 3],
        said[after, 3],
    )


def _said(events: list[tuple[int, int, float, float]], bars: Table, rules: PriceRules) -> Floats:
    """After none, one, two ... events: the three claims and the last low while the leg's direction is known."""
    swings, times = Swings(), bars.known_at_ms
    said = [(0.0, 0.0, 0.0, nan)]
    for bar, kind, close, sigma in events:
        if kind:
            threshold = swing_threshold(sigma, rules.swing_sigmas, rules.swing_floor, rules.swing_cap)
            swings.observe(close, threshold, int(times[bar]))
        else:
            swings.reset()
        low = swings.last_low
        said.append(
            (
                _claim(swings.lower_low(rules.pivot_margin)),
                _claim(swings.lower_low_in_progress()),
                _claim(swings.higher_low(rules.pivot_margin)),
                nan if low is None or swings.rising is None else low.price_usd,
            )
        )
    return np.array(said)


def _claim(said: bool | None) -> float:
    return 0.0 if said is None else 1.0 if said else -1.0
