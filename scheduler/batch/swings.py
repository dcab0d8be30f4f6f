"""Turning points by directional change: they remember their way, so they are taken close by close, over plain numbers."""

from dataclasses import dataclass
from math import isnan, nan

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
        """Take a close; tells whether it confirmed a pivot. Of an open leg with a direction only its end is looked for."""
        if self.rising is not True:
            if self.low is None or close < self.low:
                self.low = close
            elif close >= self.low * (1.0 + threshold):
                self.lows, self.rising, self.high = (self.lows[1], self.low), True, close
                return True
        if self.rising is not False:
            if self.high is None or close > self.high:
                self.high = close
            elif close <= self.high * (1.0 - threshold):
                self.highs, self.rising, self.low = (self.highs[1], self.high), False, close
                return True
        return False

    def in_progress(self) -> int:
        """The claim that the open leg already runs below the last confirmed low."""
        last = self.lows[1]
        if self.rising is None or isnan(last):
            return 0
        return 1 if not self.rising and self.low is not None and self.low < last else -1

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
    leg, trend, anew = _Leg(margin), nan, set(begins.tolist())
    rows, row_of, progress = [leg.said(nan)], [0], [0]
    for place, (close, threshold) in enumerate(zip(closes.tolist(), thresholds.tolist(), strict=True)):
        if place in anew:
            leg.forget()
            trend = nan
            rows.append(leg.said(trend))
        if threshold > 0.0 and leg.turn(close, threshold):
            trend = leg.trend()
            rows.append(leg.said(trend))
        row_of.append(len(rows) - 1)
        progress.append(leg.in_progress())
    said = np.array(rows)[row_of]
    lower, higher, known = (said[:, column].astype(np.int8) for column in range(3))
    in_progress = np.array(progress, np.int8)
    return Swung(lower, higher, in_progress, known, *(said[:, column] for column in (3, 4, 5)))
