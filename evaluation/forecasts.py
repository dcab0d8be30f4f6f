"""Scores that walk forward: a model learns from the past alone and is asked about what came after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from evaluation.logistic import fit
from evaluation.panel import Ints, Panel, Rows
from evaluation.ranking import Precision, precision_of
from evaluation.study import Floats, Study
from market.evaluation.budget import Ground, Scored, above, ground_of, score_rows, threshold_for
from market.evaluation.probability import isotonic
from market.evaluation.walking import Fold

Scorer: TypeAlias = Callable[[Panel], Floats]
Model: TypeAlias = Callable[[Panel], Scorer]
"""What makes a scorer (higher: a sell-off is nearer) from rows of the past."""

STEPS = 400
"""Scores are put in so many steps of equal size before chances are fitted to them."""


@dataclass(frozen=True)
class Walked:
    """A model's scores and chances of the rows it was not taught with; NaN where no fold tests.

    `alerts` are the rows at or above the threshold that gave the asked budget on the training rows of each fold.
    """

    score: Floats
    chance: Floats
    reference: Floats
    alerts: Rows


def known(inputs: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """A sum of inputs by weights; NaN where one of them is unknown."""
    return np.asarray(sum(weight * inputs[name] for name, weight in weights.items()), np.float64)


def raw(weights: Mapping[str, float]) -> Model:
    """A score that needs no teaching: a sum of inputs."""
    return lambda _: lambda asked: known(asked.inputs, weights)


def logistic(names: Sequence[str], ridge: float = 10.0, signs: Sequence[float] | None = None) -> Model:
    """A logistic regression of these inputs; an unknown one counts as its mean."""

    def teach(past: Panel) -> Scorer:
        held = None if signs is None else np.asarray(signs, np.float64)
        fitted = fit(past.matrix(names), past.truth, ridge, held)
        return lambda asked: fitted(asked.matrix(names))

    return teach


def walk(
    study: Study,
    panel: Panel,
    folds: Sequence[Fold],
    model: Model,
    budget: float | None = None,
) -> Walked:
    """Teach and ask a model fold by fold. With a `budget` (alerts a symbol-month) a threshold is frozen on each past."""
    day = panel.day + study.first_day
    score, chance, reference = (np.full(len(panel), np.nan) for _ in range(3))
    alerts = np.zeros(len(panel), np.bool_)
    for fold in folds:
        past, ahead = fold.trains(day), fold.tests(day)
        learnt = panel.only(past & panel.counts)
        if not learnt.truth.any() or not ahead.any():
            continue
        scorer = model(learnt)
        score[ahead] = scorer(panel.only(ahead))
        said = scorer(learnt)
        chance[ahead] = _chances(said, learnt.truth, score[ahead])
        reference[ahead] = learnt.truth.mean()
        if budget is not None:
            line = _threshold(study, panel, past, scorer, budget)
            alerts |= ahead & (np.nan_to_num(score, nan=-np.inf) >= line)
    return Walked(score, chance, reference, alerts)


def _chances(said: Floats, truth: Floats, asked: Floats) -> Floats:
    """Chances of scores, by what the training rows of neighbouring scores came to."""
    usable = np.isfinite(said)
    if not usable.any():
        return np.full(len(asked), np.nan)
    edges = np.unique(np.quantile(said[usable], np.linspace(0.0, 1.0, STEPS + 1)))
    place = np.searchsorted(edges, said[usable], side="right").astype(np.float64)
    chance = isotonic(place, truth[usable])
    found = chance(np.searchsorted(edges, np.nan_to_num(asked, nan=-np.inf), side="right").astype(np.float64))
    return np.where(np.isfinite(asked), found, np.nan)


def grounds(study: Study, panel: Panel, rows: Rows) -> list[Ground]:
    """Every market with only these rows of the panel scored."""
    found = []
    for place, one in enumerate(study.recorded):
        scored = np.zeros(len(one.bars), np.bool_)
        scored[panel.row[rows & (panel.place == place)]] = True
        onsets = [event.onset_ms for event in study.events[one.asset]]
        whole = ground_of(one.bars, onsets, study.is_scored(one), (study.first_day, study.days))
        found.append(whole.where(scored))
    return found


def by_market(study: Study, panel: Panel, values: Floats) -> list[Floats]:
    """Values of the panel's rows as columns of the markets' bars, NaN elsewhere."""
    found = []
    for place, one in enumerate(study.recorded):
        column = np.full(len(one.bars), np.nan)
        mine = panel.place == place
        column[panel.row[mine]] = values[mine]
        found.append(column)
    return found


def _threshold(study: Study, panel: Panel, past: Rows, scorer: Scorer, budget: float) -> float:
    columns = by_market(study, panel, np.where(past, scorer(panel), np.nan))
    return threshold_for(grounds(study, panel, past), columns, budget)


def alerted(study: Study, panel: Panel, walked: Walked, tested: Rows) -> Scored:
    """What the alerts of frozen thresholds were worth over the tested rows."""
    columns = by_market(study, panel, walked.alerts.astype(np.float64))
    return score_rows(grounds(study, panel, tested), [above(column, 0.5) for column in columns])


def rows_scored(panel: Panel, walked: Sequence[Walked]) -> Rows:
    """The rows that count and that every one of these scored: they are compared on these alone."""
    rows = panel.counts
    for one in walked:
        rows = rows & np.isfinite(one.score)
    return rows


def precision(study: Study, panel: Panel, walked: Walked, rows: Rows) -> Precision:
    """The average precision of a walked score over some rows."""
    return precision_of(walked.score[rows], panel.truth[rows], panel.day[rows], study.draws)


def year_of(study: Study, panel: Panel) -> Ints:
    """The calendar year of each row."""
    days = (panel.day + study.first_day).astype("datetime64[D]")
    return np.asarray(days.astype("datetime64[Y]").astype(np.int64) + 1970)
