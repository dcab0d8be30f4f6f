"""Forced closing by five minutes, by bucket of the feed (market/state/bursts.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.observations import DAY_MS
from market.state.bursts import BUCKETS
from scheduler.batch.buckets import Buckets
from scheduler.batch.columns import FAILS, HOLDS, UNKNOWN, Claims
from scheduler.batch.slots import FIVE_MS, Slots, slots
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.windows import counted, so_far

BPS = 10_000.0
SPAN_MS = BUCKETS * FIVE_MS
MONTH_MS = 30 * DAY_MS


@dataclass(frozen=True)
class Bursts:
    """The five minutes that closed; buckets of the feed that are longer say nothing of them and forget what was."""

    told: Buckets

    @cached_property
    def run(self) -> Ints:
        """By bucket of the feed how often all was forgotten, -1 where it is too long itself."""
        long = self.told.table["step_ms"] > FIVE_MS
        return np.where(long, -1, np.cumsum(long))

    @cached_property
    def closed(self) -> Slots:
        """The five minutes."""
        known_ms = self.told.table.known_at_ms
        return slots(known_ms, -(-known_ms // FIVE_MS) * FIVE_MS, self.run)

    @cached_property
    def longs(self) -> Floats:
        """Longs closed in each, US dollars."""
        return self.closed.sums(self.told.table["longs"] * self.told.usd)

    @cached_property
    def shorts(self) -> Floats:
        """Shorts closed in each."""
        return self.closed.sums(self.told.table["shorts"] * self.told.usd)

    @cached_property
    def whole(self) -> Bools:
        """Which were told without a hole."""
        table = self.told.table
        covered = self.closed.sums(np.where(table["whole"] > 0.0, table["step_ms"], 0.0))
        return np.asarray(covered >= FIVE_MS)

    @cached_property
    def by_bucket(self) -> Ints:
        """By bucket of the feed the last that closed in this run, -1 where there is none."""
        last = so_far(self.closed.row, len(self.told.table)) - 1
        runs = np.concatenate((np.full(1, -2), self.closed.run))[last + 1]
        return np.where(runs == self.run, last, -1)

    def _recent(self, mask: Bools) -> Ints:
        """By five minutes how many of the last twelve, in their run, are so."""
        closed = self.closed
        total = counted(mask)
        first = np.searchsorted(closed.end_ms, closed.end_ms - SPAN_MS, "right")
        first = np.maximum(first, np.searchsorted(closed.run, closed.run, "left"))
        return np.asarray(total[1:] - total[first])

    @cached_property
    def printing(self) -> Floats:
        """By five minutes in how many of the last twelve longs were closed."""
        return self._recent(self.longs > 0.0).astype(float)

    def is_printing(self, least: int) -> Claims:
        """By five minutes whether at least so many did; those that were not told may still make it."""
        whole = self._recent(self.whole) == BUCKETS
        return np.where(self.printing >= least, HOLDS, np.where(whole, FAILS, UNKNOWN))

    def bps(self, usd: Floats, interest_usd: Floats) -> Floats:
        """By five minutes in bps of the open interest (US dollars) at their start, NaN where that is not known."""
        return usd / np.where(interest_usd == 0.0, nan, interest_usd) * BPS
