"""Turning points by directional change: they remember their way, so closes are taken one by one, and what follows at once."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np

from scheduler.batch.columns import Claims, above, below
from scheduler.batch.told import Floats, Ints

DOWN, RANGE, UP = -1.0, 0.0, 1.0
LOW, HIGH, ANEW = 1, 2, 3
"""What a close may be: the confirmation of a low or a high, or the first after a gap."""

Legs = Callable[[Floats, Floats, Ints], tuple[Ints, Floats, Claims]]
"""Of closes with their thresholds, and which of them are `ANEW`: which confirmed what, its level, and the claim that the
open leg already runs below the last confirmed low."""


@dataclass(frozen=True, slots=True)
class Swung:
    """What the swings claim after none, one, two ... events; levels in US dollars, NaN where there is none.

    `confirmed_ms` is when the last pivot was confirmed (UTC ms, NaN where none is).

    `known` tells whether the open leg's direction is known: without it nothing is claimed, and the last low cannot be lost.
    """

    lower_low: Claims
    higher_low: Claims
    in_progress: Claims
    known: Claims
    last_low: Floats
    last_high: Floats
    trend: Floats
    confirmed_ms: Floats

    @property
    def low_to_lose(self) -> Floats:
        """The last low while the direction is known."""
        return np.where(self.known > 0, self.last_low, nan)


def walk(closes: Any, thresholds: Any, kinds: Any, levels: Any, progress: Any) -> None:
    """Take closes one by one (lists or, compiled, arrays); writes what each confirmed, its level, and what is in progress.

    Of an open leg with a direction (1 up, -1 down, 0 not known) only its end is looked for.
    """
    direction, high, low, last_low = 0, nan, nan, nan
    for place in range(len(closes)):
        close, threshold = closes[place], thresholds[place]
        if kinds[place] == ANEW:
            direction, high, low = 0, nan, nan
        kind = 0
        if threshold > 0.0 and direction != 1:
            # the first close is the lowest as well
            if not close >= low:
                low = close
            elif close >= low * (1.0 + threshold):
                kind, levels[place], last_low = LOW, low, low
                direction, high = 1, close
        if threshold > 0.0 and direction != -1 and kind == 0:
            if not close <= high:
                high = close
            elif close <= high * (1.0 - threshold):
                kind, levels[place] = HIGH, high
                direction, low = -1, close
        kinds[place] = kind or kinds[place]
        if direction and not isnan(last_low):
            progress[place] = 1 if direction < 0 and low < last_low else -1


def legs(closes: Floats, thresholds: Floats, kinds: Ints) -> tuple[Ints, Floats, Claims]:
    """`walk` over plain lists, which an interpreter reads faster."""
    found, levels, progress = kinds.tolist(), [nan] * len(closes), [0] * len(closes)
    walk(closes.tolist(), thresholds.tolist(), found, levels, progress)
    return np.array(found, np.int64), np.array(levels), np.array(progress, np.int8)


def swung(
    closes: Floats, times: Floats, thresholds: Floats, begins: Ints, margin: float, walked: Legs = legs
) -> Swung:
    """The swings of closes, each with its time (UTC ms) and threshold (NaN: not looked at); `begins` are those at which they begin anew."""
    first = np.zeros(len(closes), np.int64)
    first[begins] = ANEW
    kinds, levels, progress = walked(closes, thresholds, first)
    events = np.flatnonzero(kinds)
    event = kinds[events]
    (low_before, low), (high_before, high) = (
        _last_two(event == kind, levels[events]) for kind in (LOW, HIGH)
    )
    known = np.concatenate((np.zeros(1, np.int8), (event != ANEW).astype(np.int8)))
    lower, higher = (
        claim(low, low_before * way) for claim, way in ((below, 1.0 - margin), (above, 1.0 + margin))
    )
    down = np.minimum(lower, below(high, high_before * (1.0 - margin)))
    up = np.minimum(higher, above(high, high_before * (1.0 + margin)))
    trend = np.where((down == 0) | (up == 0), nan, RANGE)
    trend[down > 0], trend[up > 0] = DOWN, UP
    trend[known == 0] = nan
    row = np.concatenate((np.zeros(1, np.int64), np.cumsum(kinds > 0)))
    progress = np.concatenate((np.zeros(1, np.int8), progress))
    _, confirmed = _last_two(event != ANEW, times[events])
    said = (known * lower, known * higher, known, low, high, trend, confirmed)
    lower_low, higher_low, is_known, *numbers = (column[row] for column in said)
    return Swung(lower_low, higher_low, progress, is_known, *numbers)


def _last_two(mine: Any, levels: Floats) -> tuple[Floats, Floats]:
    """After none, one, two ... events the last level but one of those that are mine, and the last; NaN without."""
    count = np.concatenate((np.zeros(1, np.int64), np.cumsum(mine)))
    found = np.concatenate((np.full(2, nan), levels[mine]))
    return found[count], found[count + 1]
