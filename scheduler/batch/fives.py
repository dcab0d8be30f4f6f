"""Five-minute closes as columns: shocks, swings of the fast scale and the jumps of a day (market/state/closes.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan, pi

import numpy as np

from market.formulas.volatility import TRIPOWER
from market.observations import DAY_MS, STEP_MS
from market.rules import Rules
from market.state.closes import A_DAY, AN_HOUR
from scheduler.batch.ranking import Kernels
from scheduler.batch.swings import Swung, swung
from scheduler.batch.told import Bools, Floats, Ints, Table
from scheduler.batch.windows import Held, counted, held, window_sum

SPREAD = pi * pi / 4.0 + pi - 5.0
"""Of the jump statistic, beside the number of returns (section 2)."""


@dataclass(frozen=True)
class Fives:
    """The bars (`bar`) that close five minutes; `variance` is by bar that of an hour as known at its close."""

    bars: Table
    price: Floats
    variance: Floats
    rules: Rules
    kernels: Kernels

    @cached_property
    def bar(self) -> Ints:
        """Which bars close five minutes: those of five minutes or finer that end there."""
        fine = self.bars["step_ms"] <= STEP_MS
        return np.flatnonzero(fine & (self.bars.known_at_ms % STEP_MS == 0))

    @cached_property
    def times(self) -> Ints:
        """When each closed."""
        return self.bars.known_at_ms[self.bar]

    @cached_property
    def missed(self) -> Ints:
        """How many closes were not seen before each."""
        return np.asarray(np.diff(self.times, prepend=self.times[:1] - STEP_MS) // STEP_MS - 1)

    @cached_property
    def change(self) -> Floats:
        """The log return of each, NaN of the first and after what was not seen."""
        closes = self.price[self.bar]
        returns = np.log(closes / np.concatenate((closes[:1], closes[:-1])))
        unknown = self.missed > 0
        unknown[:1] = True
        return np.where(unknown, nan, returns)

    @cached_property
    def sigma(self) -> Floats:
        """What each was expected to move when it began."""
        known = self.variance[self.bar]
        prior = np.concatenate((np.full(min(1, len(known)), nan), known[:-1]))
        return np.sqrt(np.where((prior > 0.0) & (self.missed == 0), prior, nan) / AN_HOUR)

    @cached_property
    def shock(self) -> Floats:
        """Each move in what was expected."""
        return np.asarray(self.change / self.sigma)

    @cached_property
    def flagged(self) -> Ints:
        """By close how many of the last day fell in a shock."""
        total = counted(self.shock <= self.rules.price.shock_5m)
        first = np.searchsorted(self.times, self.times - DAY_MS, "right")
        return np.asarray(total[1:] - total[first])

    @cached_property
    def swings(self) -> Swung:
        """The swings of the fast scale after none, one, two ... closes."""
        limits = self.rules.price
        sigma_4h = np.sqrt(np.maximum(self.variance[self.bar], 0.0) * 4.0)
        thresholds = np.minimum(
            limits.fast_swing_cap, np.maximum(limits.fast_swing_floor, limits.swing_sigmas * sigma_4h)
        )
        begins = np.flatnonzero(self.missed > limits.longest_gap_bars)
        times = self.times.astype(float)
        return swung(self.price[self.bar], times, thresholds, begins, limits.pivot_margin, self.kernels.legs)

    @cached_property
    def place(self) -> Ints:
        """By bar the last close, -1 before the first."""
        return self._held.count - 1

    @cached_property
    def _held(self) -> Held:
        return held(self.bar, len(self.bars))

    @cached_property
    def is_current(self) -> Bools:
        """By bar whether the last close is the last there can be: after coarser bars what is known is old."""
        age = self.bars.known_at_ms - self._held.of(self.times.astype(float))
        return np.asarray((age >= 0) & (age < STEP_MS))

    def now(self, values: Floats) -> Floats:
        """By bar what the closes say, NaN where the last is not current."""
        said = self._held.of(values)
        if len(self._old):
            said[self._old] = nan
        return said

    @cached_property
    def _old(self) -> Ints:
        """The bars since the first close at which the last is not current."""
        return np.flatnonzero(~self.is_current & (self.place >= 0))

    @cached_property
    def hour_variance(self) -> Floats:
        """By close the sum of the twelve squared returns up to it, NaN where one is unknown."""
        squares = self._laid(self.change * self.change)
        if not len(squares):
            return squares
        unknown = np.isnan(squares)
        first = np.maximum(np.arange(len(squares)) - AN_HOUR + 1, 0)
        gaps = counted(unknown)
        whole = (gaps[1:] == gaps[first]) & (np.arange(len(squares)) >= AN_HOUR - 1)
        return np.where(whole, window_sum(np.where(unknown, 0.0, squares), first), nan)[self._slot]

    @cached_property
    def _slot(self) -> Ints:
        """The place of each close among all that could have been."""
        return (self.times - self.times[:1]) // STEP_MS

    def _laid(self, values: Floats) -> Floats:
        """The closes' values with NaN for those that were not seen."""
        laid = np.full(int(self._slot[-1]) + 1 if len(self._slot) else 0, nan)
        laid[self._slot] = values
        return laid

    @cached_property
    def jumps(self) -> tuple[Floats, Floats]:
        """By close the share of the day's variance that came in jumps, and how many standard errors that is."""
        returns = self._laid(self.change)
        if not len(returns):
            return returns, returns
        two, three = np.full(len(returns), nan), np.full(len(returns), nan)
        two[1:] = np.abs(returns[1:] * returns[:-1])
        three[2:] = np.cbrt(np.abs(returns[2:] * returns[1:-1] * returns[:-2])) ** 4
        squares, count = _day_of(returns * returns, A_DAY)
        pairs, pair_count = _day_of(two, A_DAY - 1)
        triples, triple_count = _day_of(three, A_DAY - 2)
        known = (count >= self.rules.volatility.jump_least_returns) & (pair_count > 0) & (triple_count > 0)
        continuous = pi / 2.0 * count / pair_count * pairs
        quarticity = count * TRIPOWER * count / triple_count * triples
        share = np.where(known & (squares > 0.0), np.maximum(0.0, 1.0 - continuous / squares), nan)
        spread = SPREAD / count * np.maximum(1.0, quarticity / continuous**2)
        z = np.where(
            (squares > 0.0) & (continuous > 0.0), (1.0 - continuous / squares) / np.sqrt(spread), nan
        )
        return share[self._slot], np.where(known, z, nan)[self._slot]


def _day_of(values: Floats, window: int) -> tuple[Floats, Ints]:
    """At each place the sum of the known ones of the last so many, and how many these are."""
    first = np.maximum(np.arange(len(values)) - window + 1, 0)
    known = ~np.isnan(values)
    total = counted(known)
    return window_sum(np.where(known, values, 0.0), first), total[1:] - total[first]
