"""Turning points by directional change: they remember their way, so they are taken close by close, over plain numbers."""

from dataclasses import dataclass
from math import nan

import numpy as np

from market.formulas.logic import all_of
from scheduler.batch.columns import Claims
from scheduler.batch.told import Floats, Ints

DOWN, RANGE, UP = -1.0, 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Swung:
    """What the swings claim after none, one, two ... events; levels in US dollars, NaN where there is none.

    `known` tells whether the open leg's direction is known: without it nothing is claimed, and the last low cannot be lost.
    """

    lower_low: Claims
    higher_low: Claims
    in_progress: Claims
    known: Claims
    last_low: Floats
    last_high: Floats
    trend: Floats

    @property
    def low_to_lose(self) -> Floats:
        """The last low while the direction is known."""
        return np.where(self.known > 0, self.last_low, nan)


@dataclass(slots=True)
class _Leg:
    """The open leg and the last two pivots of either kind."""

    margin: float
    rising: bool | None = None
    high: float | None = None
    low: float | None = None
    highs: tuple[float, float] = (nan, nan)
    lows: tuple[float, float] = (nan, nan)

    def turn(self, close: float, threshold: float) -> bool:
        """Take a close; tells whether it confirmed a pivot."""
        high, low = self.high, self.low
        if high is None and low is None:
            self.high = self.low = high = low = close
        elif high is not None and close > high:
            self.high = high = close
        elif low is not None and close < low:
            self.low = low = close
        if low is not None and close >= low * (1.0 + threshold):
            self.lows, self.rising, self.low, self.high = (self.lows[1], low), True, None, close
            return True
        if high is not None and close <= high * (1.0 - threshold):
            self.highs, self.rising, self.high, self.low = (self.highs[1], high), False, None, close
            return True
        return False

    def forget(self) -> None:
        """Begin the open leg anew, as after a gap."""
        self.rising = self.high = self.low = None

    def said(self, trend: float) -> tuple[float, ...]:
        """What is claimed until the next pivot, and the levels."""
        known = 1.0 if self.rising is not None else 0.0
        lower, higher = (known * claim for claim in (self._lower(self.lows), self._higher(self.lows)))
        return lower, higher, known, self.lows[1], self.highs[1], trend

    def trend(self) -> float:
        """Down on a lower low and a lower high, up on a higher low and a higher high, else range; NaN if undecided."""
        down = all_of(*(_claim(self._lower(pair)) for pair in (self.lows, self.highs)))
        up = all_of(*(_claim(self._higher(pair)) for pair in (self.lows, self.highs)))
        if down or up:
            return DOWN if down else UP
        return nan if down is None or up is None else RANGE

    def _lower(self, pair: tuple[float, float]) -> float:
        limit = pair[0] * (1.0 - self.margin)
        return float(pair[1] < limit) - float(pair[1] >= limit)

    def _higher(self, pair: tuple[float, float]) -> float:
        limit = pair[0] * (1.0 + self.margin)
        return float(pair[1] > limit) - float(pair[1] <= limit)


def _claim(said: float) -> bool | None:
    return said > 0.0 if said else None


def swung(closes: Floats, thresholds: Floats, begins: Ints, margin: float) -> Swung:
    """The swings of closes, each with its threshold (NaN: not looked at); `begins` are those at which they begin anew."""
    leg, trend = _Leg(margin), nan
    rows, row_of, progress = [leg.said(nan)], [0], [0.0]
    anew = set(begins.tolist())
    for place, (close, threshold) in enumerate(zip(closes.tolist(), thresholds.tolist(), strict=True)):
        if place in anew:
            leg.forget()
            trend = nan
            rows.append(leg.said(trend))
        if threshold == threshold and leg.turn(close, threshold):  # noqa: PLR0124 (NaN is not itself)
            trend = leg.trend()
            rows.append(leg.said(trend))
        low = leg.low
        if leg.rising is None or leg.lows[1] != leg.lows[1]:
            progress.append(0.0)
        else:
            progress.append(1.0 if low is not None and low < leg.lows[1] else -1.0)
        row_of.append(len(rows) - 1)
    said = np.array(rows)[row_of]
    lower, higher, known = (said[:, column].astype(np.int8) for column in range(3))
    in_progress = np.array(progress).astype(np.int8)
    return Swung(lower, higher, in_progress, known, *(said[:, column] for column in (3, 4, 5)))
