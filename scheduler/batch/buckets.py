"""Buckets of liquidations as columns: their sums over an hour and a day, and how whole these are."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.evidence_rules import HOLE_OF_HOUR_MS, LEAST_OF_DAY_MS
from market.observations import DAY_MS, HOUR_MS
from scheduler.batch.price import Prices
from scheduler.batch.told import Bools, Floats, Ints, Table
from scheduler.batch.volatility import newer
from scheduler.batch.windows import Clock, Places, clock, last_true, seen

KEY_MS = 1 << 40
"""More than any history lasts: a step and a time within it make one key."""


@dataclass(frozen=True)
class Buckets:
    """The buckets that were taken, valued at the price of then (US dollars); by bucket what they sum to."""

    price: Prices
    table: Table
    usd: Floats

    @cached_property
    def clock(self) -> Clock:
        """When the buckets ended."""
        return clock(self.table.known_at_ms)

    @cached_property
    def place(self) -> Places:
        """At each step the last bucket."""
        return seen(self.table.step, len(self.price.view))

    @cached_property
    def _hour(self) -> Ints:
        return self.clock.since(HOUR_MS)

    @cached_property
    def _day(self) -> Ints:
        return self.clock.since(DAY_MS)

    @cached_property
    def long_hour(self) -> Floats:
        """Long liquidations of the hour that ends with each bucket."""
        return self.price.view.kernels.window_sum(self.table["longs"] * self.usd, self._hour)

    @cached_property
    def short_hour(self) -> Floats:
        """Short liquidations of the hour."""
        return self.price.view.kernels.window_sum(self.table["shorts"] * self.usd, self._hour)

    @cached_property
    def long_day(self) -> Floats:
        """Long liquidations of the day."""
        return self.price.view.kernels.window_sum(self.table["longs"] * self.usd, self._day)

    @cached_property
    def short_day(self) -> Floats:
        """Short liquidations of the day."""
        return self.price.view.kernels.window_sum(self.table["shorts"] * self.usd, self._day)

    @cached_property
    def covered_ms(self) -> Floats:
        """How much of the day was reported whole."""
        return self.price.view.kernels.window_sum(
            np.where(self.table["whole"] > 0.0, self.table["step_ms"], 0.0), self._day
        )

    @cached_property
    def _begins(self) -> Bools:
        """Which buckets begin anew after a hole."""
        table = self.table
        begun_ms = table.known_at_ms - table["step_ms"].astype(np.int64)
        begins = np.ones(len(table), bool)
        begins[1:] = begun_ms[1:] - table.known_at_ms[:-1] > HOLE_OF_HOUR_MS
        return begins

    @cached_property
    def unbroken_since_ms(self) -> Ints:
        """Since when all was reported."""
        known_ms, is_part = self.table.known_at_ms, self.table["whole"] <= 0.0
        begun_ms = known_ms - self.table["step_ms"].astype(np.int64)
        return np.where(is_part, known_ms, begun_ms)[last_true(self._begins | is_part)]

    @cached_property
    def venue(self) -> Floats:
        """Whose buckets these are: that of the first since all was reported, as a place in VENUES."""
        return self.table["venue"][last_true(self._begins)]

    @cached_property
    def hour_is_whole(self) -> Bools:
        """Whether the last hour was reported without a hole."""
        return np.asarray(self.table.known_at_ms - self.unbroken_since_ms >= HOUR_MS)

    @cached_property
    def day_is_whole(self) -> Bools:
        """Whether nine tenths of the last day were reported."""
        return np.asarray(self.covered_ms >= LEAST_OF_DAY_MS)


def buckets(price: Prices) -> Buckets:
    """The buckets of a history; before the first price none can be valued."""
    table, bars = price.view.told.liquidations, price.bars
    if _come_together(table, bars):
        taken = newer(table)
        return Buckets(price, taken, price.usd if taken is table else price.usd[_kept(table)])
    first_ms = min(int(bars.known_at_ms.min(initial=0)), 0)
    asked = table.step * KEY_MS + table.known_at_ms - first_ms
    bar = np.searchsorted(bars.step * KEY_MS + bars.known_at_ms - first_ms, asked, "right") - 1
    usd = price.usd[bar] if len(bars) else np.full(len(table), nan)
    valued = table.kept(bar >= 0)
    taken = newer(valued)
    usd = usd[bar >= 0]
    return Buckets(price, taken, usd if taken is valued else usd[_kept(valued)])


def _come_together(table: Table, bars: Table) -> bool:
    """Whether a bucket comes with each bar, at its step and time, and is valued at it."""
    return bool(np.array_equal(table.step, bars.step) and np.array_equal(table.known_at_ms, bars.known_at_ms))


def _kept(table: Table) -> Bools:
    before = np.maximum.accumulate(np.concatenate((np.zeros(1, np.int64), table.known_at_ms)))[:-1]
    return np.asarray(table.known_at_ms > before)
