"""The perpetual's turnover by bar: the last five minutes, hour and day (market/state/turnover.py)."""

from dataclasses import dataclass
from math import nan

import numpy as np

from market.evidence_rules import HOLE_OF_DAY_MS, HOLE_OF_HOUR_MS
from market.observations import DAY_MS, HOUR_MS
from scheduler.batch.slots import FIVE_MS, slots
from scheduler.batch.told import Floats, Ints, Table
from scheduler.batch.windows import Held, held, last_true, window_sum


@dataclass(frozen=True, slots=True)
class Turnover:
    """By bar, US dollars, NaN where it is not known."""

    five_usd: Floats
    hour_usd: Floats
    day_usd: Floats


def turnover(bars: Table) -> Turnover:
    """What bars with a volume tell; one without is a hole."""
    known = ~np.isnan(bars["volume_usd"])
    told = bars.kept(known)
    known_ms, step_ms = told.known_at_ms, told["step_ms"]
    end_ms = np.where(step_ms > FIVE_MS, known_ms, -(-known_ms // FIVE_MS) * FIVE_MS)
    closed = slots(known_ms, end_ms, np.zeros(len(told), np.int64))
    usd, covered = closed.sums(told["volume_usd"]), closed.sums(step_ms)
    by_row = held(closed.row, len(told))
    five = by_row.of(np.where(covered == FIVE_MS, usd, nan))
    opened = known_ms - step_ms.astype(np.int64)
    hole = opened - np.concatenate((np.zeros(1, np.int64), known_ms))[:-1]
    hour, day = (
        np.where(
            known_ms - opened[last_true(hole > longest)] >= span_ms,
            _sum(closed.end_ms, usd, span_ms, by_row),
            nan,
        )
        for longest, span_ms in ((HOLE_OF_HOUR_MS, HOUR_MS), (HOLE_OF_DAY_MS, DAY_MS))
    )
    if told is bars:
        return Turnover(five, hour, day)
    by_bar = held(np.flatnonzero(known), len(bars))
    return Turnover(by_bar.of(five), by_bar.of(hour), by_bar.of(day))


def _sum(end_ms: Ints, usd: Floats, span_ms: int, by_row: Held) -> Floats:
    """By row the sum of the buckets of the span that ends with the last one."""
    return by_row.of(window_sum(usd, np.searchsorted(end_ms, end_ms - span_ms, "right")))
