"""Average precision of many scores over the same draws of days: rows are put in steps of rank, so that a draw is a product.

The steps grow by three in a hundred, fine where precision is made and coarse where it hardly counts; the figure itself is exact,
only its spread over the draws is by steps (a test holds the two together).
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.panel import Ints
from evaluation.study import Floats
from market.evaluation.bootstrap import Interval, interval_of, leave_out
from market.evaluation.probability import average_precision

GROWTH = 1.03
Counts: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Precision:
    """The average precision of a score, of each draw of days, and with each block of days left out."""

    value: float
    drawn: Floats
    left_out: Floats

    @property
    def interval(self) -> Interval:
        """The figure with its interval."""
        return interval_of(self.value, self.drawn, left_out=self.left_out)

    def minus(self, other: "Precision") -> Interval:
        """How much better it is than another over the same draws."""
        drawn, left_out = self.drawn - other.drawn, self.left_out - other.left_out
        return interval_of(self.value - other.value, drawn, left_out=left_out)


def precision_of(score: Floats, truth: Floats, day: Ints, draws: Floats) -> Precision:
    """The average precision of rows of known score and truth, `day` the calendar day of each."""
    days = draws.shape[1]
    # single precision is exact for counts and twice as quick
    weights = np.concatenate([draws, leave_out(days), np.ones((1, days))]).astype(np.float32)
    if not len(score) or not truth.any():
        return Precision(
            float("nan"), np.full(len(draws), np.nan), np.full(len(weights) - len(draws) - 1, np.nan)
        )
    order = np.argsort(-score, kind="stable")
    step = _steps(score[order])
    positive = weights @ _by_day(day[order], step, truth[order], days)
    rows = weights @ _by_day(day[order], step, np.ones(len(order)), days)
    found, passed = positive.cumsum(axis=1, dtype=np.float64), rows.cumsum(axis=1, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        stepped = (positive * np.where(passed > 0.0, found / passed, 0.0)).sum(axis=1) / found[:, -1]
    value = average_precision(score, truth)
    exact = stepped + (value - stepped[-1])
    return Precision(value, exact[: len(draws)], exact[len(draws) : -1])


def _steps(ranked: Floats) -> Ints:
    """The step of each rank, the first ranks a step each; rows of one score are never in two."""
    rows = len(ranked)
    grown = np.floor(GROWTH ** np.arange(int(np.log(max(rows, 2)) / np.log(GROWTH)) + 2)).astype(np.int64)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    ends = last[np.searchsorted(last, np.arange(rows))]
    _, step = np.unique(np.searchsorted(np.unique(grown), ends, side="right"), return_inverse=True)
    return step.astype(np.int64)


def _by_day(day: Ints, step: Ints, counted: Floats, days: int) -> Counts:
    steps = int(step[-1]) + 1
    sums = np.bincount(day * steps + step, counted, minlength=days * steps).astype(np.float32)
    return sums.reshape(days, steps)
