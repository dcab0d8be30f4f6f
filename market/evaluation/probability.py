"""How good a score is at telling which hours a sell-off lies ahead of: average precision, Brier, and scores made chances.

Average precision is the area under precision over recall; a score that says nothing has the prevalence, not a half. Hours of
equal score are one step, so the order of rows decides nothing. Every row needs a score: what is unknown is left out before.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.evaluation.bootstrap import STANDARD, Floats, Interval, of_sums

Days = NDArray[np.int64]
Chance = Callable[[Floats], Floats]
"""What makes chances of scores."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of neighbouring chances: the mean of what was said, the share that came true, how many rows."""

    said: float
    came: float
    rows: int


def average_precision(score: Floats, truth: Floats, weights: Floats | None = None) -> float:
    """The mean precision over all true rows, each where it is found; NaN where no row is true.

    `truth` is 1 or 0 of each row, `weights` how often each counts. Raises ValueError for unknown or uneven rows.
    """
    ranked = Ranked(score, truth)
    return ranked.precision(np.ones(len(score)) if weights is None else weights)


class Ranked:
    """Rows put in order of their score once, so that their average precision under many weights is quick."""

    def __init__(self, score: Floats, truth: Floats) -> None:
        """Raises ValueError where a score or a truth is unknown, or their lengths differ."""
        score, truth = np.asarray(score, np.float64), np.asarray(truth, np.float64)
        if score.shape != truth.shape or score.ndim != 1:
            raise ValueError(f"{score.shape} scores of {truth.shape} rows")
        if not (np.isfinite(score).all() and np.isin(truth, (0.0, 1.0)).all()):
            raise ValueError("rows of unknown score or truth have to be left out before")
        self.order = np.argsort(-score, kind="stable")
        ranked = score[self.order]
        last = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.zeros(0, np.bool_)
        ends = np.flatnonzero(last)
        self._true = np.flatnonzero(truth[self.order])
        group = np.cumsum(last) - last
        # where the rows of the same score end, among all rows and among the true ones
        self._end = ends[group[self._true]]
        self._true_end = np.searchsorted(self._true, self._end, side="right") - 1

    def precision(self, weights: Floats) -> float:
        """Average precision where row i counts `weights[i]` times, NaN where no true row counts."""
        return self._of(weights[self.order])

    def drawn(self, day: Days, draws: Floats) -> Floats:
        """The average precision of each draw of days, where `day` is the calendar day of each row."""
        ranked_day = day[self.order]
        return np.array([self._of(draw[ranked_day]) for draw in draws])

    def _of(self, ranked: Floats) -> float:
        true = ranked[self._true]
        found = np.cumsum(true)
        if not len(found) or found[-1] <= 0.0:
            return float("nan")
        counted = np.cumsum(ranked)[self._end]
        share = np.divide(found[self._true_end], counted, out=np.zeros_like(counted), where=counted > 0.0)
        return float(true @ share / found[-1])


def precision_interval(
    score: Floats, truth: Floats, day: Days, draws: Floats, level: float = STANDARD.level
) -> Interval:
    """Average precision with its interval over the draws of days (see `bootstrap.draw_days`)."""
    ranked = Ranked(score, truth)
    return of_sums(lambda weights: ranked.drawn(day, weights), draws, level)


def precision_difference(
    first: Floats, second: Floats, truth: Floats, day: Days, draws: Floats, level: float = STANDARD.level
) -> Interval:
    """How much better the first score is than the second on the same rows and the same draws (paired)."""
    one, other = Ranked(first, truth), Ranked(second, truth)
    return of_sums(lambda weights: one.drawn(day, weights) - other.drawn(day, weights), draws, level)


def brier(chance: Floats, truth: Floats) -> float:
    """The mean square of what a chance missed by; NaN of no rows."""
    return float(np.mean((chance - truth) ** 2)) if len(truth) else float("nan")


def skill_score(chance: Floats, truth: Floats, prevalence: float | None = None) -> float:
    """How much of the Brier score of the prevalence alone is saved (1 all, 0 nothing); NaN where that is 0.

    `prevalence` is the one known before, of the training rows; without one it is that of these rows.
    """
    known = float(np.mean(truth)) if prevalence is None and len(truth) else prevalence
    reference = float("nan") if known is None else brier(np.full(len(truth), known), truth)
    return 1.0 - brier(chance, truth) / reference if reference > 0.0 else float("nan")


def isotonic(score: Floats, truth: Floats, weights: Floats | None = None) -> Chance:
    """Chances that only rise with the score, fitted by pooling neighbours (PAV); between two scores the lower one's holds.

    Below every score of the training the lowest chance holds. Raises ValueError without rows.
    """
    if not len(score):
        raise ValueError("nothing to fit chances to")
    steps, place = np.unique(np.asarray(score, np.float64), return_inverse=True)
    counts = np.ones(len(score)) if weights is None else weights
    pooled: list[list[float]] = []
    for first, hits, rows in zip(
        steps.tolist(),
        np.bincount(place, counts * truth).tolist(),
        np.bincount(place, counts).tolist(),
        strict=True,
    ):
        pooled.append([first, hits, rows])
        while len(pooled) > 1 and pooled[-2][1] * pooled[-1][2] >= pooled[-1][1] * pooled[-2][2]:
            _, more_hits, more_rows = pooled.pop()
            pooled[-1][1] += more_hits
            pooled[-1][2] += more_rows
    starts = np.array([one[0] for one in pooled])
    chances = np.array([hits / rows if rows else 0.0 for _, hits, rows in pooled])

    def chance(of: Floats) -> Floats:
        return chances[np.clip(np.searchsorted(starts, of, side="right") - 1, 0, None)]

    return chance


def platt(score: Floats, truth: Floats, rounds: int = 50) -> Chance:
    """Chances by a logistic curve of the score (Platt 1999: targets drawn in a little), fitted by Newton's method.

    Raises ValueError without rows.
    """
    if not len(score):
        raise ValueError("nothing to fit chances to")
    middle, spread = float(np.mean(score)), float(np.std(score)) or 1.0
    hits = float(np.sum(truth))
    aims = np.where(np.asarray(truth) > 0.0, (hits + 1.0) / (hits + 2.0), 1.0 / (len(truth) - hits + 2.0))
    inputs = np.column_stack([np.ones(len(score)), (score - middle) / spread])
    fitted = np.zeros(2)
    for _ in range(rounds):
        said = _logistic(inputs @ fitted)
        slope = inputs.T @ (aims - said)
        bend = (inputs * (said * (1.0 - said))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        fitted = fitted + np.clip(step, -2.0, 2.0)

    def chance(of: Floats) -> Floats:
        return _logistic(fitted[0] + fitted[1] * (of - middle) / spread)

    return chance


def _logistic(odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0)))


def reliability(chance: Floats, truth: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """What was said against what came, in at most so many bins of about as many rows each; equal chances share one."""
    if not len(chance):
        return ()
    edges = np.unique(np.quantile(chance, np.linspace(0.0, 1.0, bins + 1)))
    place = np.clip(np.searchsorted(edges, chance, side="right") - 1, 0, max(0, len(edges) - 2))
    rows = np.bincount(place)
    said, came = np.bincount(place, chance), np.bincount(place, truth)
    return tuple(
        Bin(float(said[one] / rows[one]), float(came[one] / rows[one]), int(rows[one]))
        for one in np.flatnonzero(rows)
    )
