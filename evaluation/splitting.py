"""What followed hours of one kind against hours of another: means of outcomes, their difference, and how often a shift does as well.

The shift test turns the context round the calendar against price and outcome, so that both keep their own memory and only
their meeting is chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Floats, Study
from market.evaluation.bootstrap import Interval, difference
from market.evaluation.labels import falls_ahead, onset_ahead
from market.evaluation.recorded import Recorded

Truths: TypeAlias = NDArray[np.bool_]
DAY = 24
FURTHER_FALL = -0.05
SIGMAS = 2.0
OUTCOMES = ("return 72 h", "5 % fall 24 h", "5 % fall 72 h", "2-sigma fall 24 h", "worst 72 h", "onset 24 h")


def outcomes_of(study: Study, one: Recorded) -> dict[str, Floats]:
    """What followed each close of a market: fractions, and 1 or 0 of what happened or not; NaN where it is not known."""
    close = np.frombuffer(one.bars.close_usd)
    day, three = (np.frombuffer(falls_ahead(one.bars, hours)) for hours in (DAY, 3 * DAY))
    later = np.full(len(close), np.nan)
    later[: -3 * DAY] = close[3 * DAY :]
    onset = onset_ahead(one.bars, study.events[one.asset], study.label)
    return {
        "return 72 h": later / close - 1.0,
        "5 % fall 24 h": _whether(day, FURTHER_FALL),
        "5 % fall 72 h": _whether(three, FURTHER_FALL),
        "2-sigma fall 24 h": _whether(day / np.frombuffer(one.bars.sigma_24h), -SIGMAS),
        "worst 72 h": three,
        "onset 24 h": np.array([np.nan if said is None else float(said) for said in onset]),
    }


def _whether(values: Floats, limit: float) -> Floats:
    return np.where(np.isfinite(values), (values <= limit).astype(np.float64), np.nan)


@dataclass(frozen=True)
class Hours:
    """Hours of one market: those that are asked about, those they are held against, and an outcome of each row."""

    day: np.ndarray[tuple[int], np.dtype[np.int64]]
    holds: Floats
    against: Floats
    outcome: Floats

    def sums(self, kind: Floats, days: int) -> tuple[Floats, Floats]:
        """The outcomes and the hours of one kind by day of the calendar."""
        rows = (kind == 1.0) & np.isfinite(self.outcome)
        total = np.bincount(self.day[rows], self.outcome[rows], minlength=days).astype(np.float64)
        return total, np.bincount(self.day[rows], minlength=days).astype(np.float64)


@dataclass(frozen=True)
class Split:
    """The means of both kinds and their difference with its interval."""

    holds: float
    against: float
    difference: Interval
    hours: int
    episodes: int


def split(study: Study, hours: Sequence[Hours], draws: Floats | None = None) -> Split:
    """Compare, all markets added up, over the study's draws of days or others."""
    used = study.draws if draws is None else draws
    first = _added([one.sums(one.holds, study.days) for one in hours])
    second = _added([one.sums(one.against, study.days) for one in hours])
    interval = difference(first, second, used)
    episodes = sum(_episodes(one.holds) for one in hours)
    return Split(_mean(*first), _mean(*second), interval, int(first[1].sum()), episodes)


def _added(sums: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    totals, hours = zip(*sums, strict=True)
    return np.sum(totals, axis=0), np.sum(hours, axis=0)


def _mean(total: Floats, hours: Floats) -> float:
    return float(total.sum() / hours.sum()) if hours.sum() else float("nan")


def _episodes(holds: Floats) -> int:
    """How many runs of hours there are, those less than a day apart as one."""
    rows = np.flatnonzero(holds == 1.0)
    return int((np.diff(rows) > DAY).sum()) + 1 if len(rows) else 0


def shifted_p(
    given: Floats, holds: Floats, against: Floats, outcome: Floats, shifts: int, least_days: int
) -> float:
    """How often a turn of the context by at least so many days separates as much, both ways; NaN where nothing is there.

    `given` are the hours in which the context is asked about (1), `holds` and `against` the two kinds of context, whether or
    not the price fell. All turns are found at once by Fourier's convolution.
    """
    rows = len(outcome)
    if rows <= 2 * least_days * DAY:
        return float("nan")
    counted = (given == 1.0) & np.isfinite(outcome)
    summed = np.where(counted, np.nan_to_num(outcome), 0.0)
    means = [_mean_at_turns(kind == 1.0, summed, counted) for kind in (holds, against)]
    gaps = means[0] - means[1]
    turns = np.linspace(least_days * DAY, rows - least_days * DAY, shifts).astype(np.int64)
    drawn = gaps[turns]
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(gaps[0]) or not len(drawn):
        return float("nan")
    return float((1 + (np.abs(drawn - drawn.mean()) >= abs(gaps[0] - drawn.mean())).sum()) / (1 + len(drawn)))


def _mean_at_turns(context: Truths, summed: Floats, counted: Truths) -> Floats:
    """The mean outcome where the context holds, for every turn of the context; NaN where they never meet."""
    turned = np.conj(np.fft.rfft(context.astype(np.float64)))
    above, below = (
        np.fft.irfft(turned * np.fft.rfft(values), len(summed))
        for values in (summed, counted.astype(np.float64))
    )
    met = np.round(below)
    return np.where(met > 0.0, above / np.maximum(met, 1.0), np.nan)
