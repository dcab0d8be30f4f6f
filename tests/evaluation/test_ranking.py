"""Average precision over draws of days in steps of rank."""

import numpy as np

from evaluation.ranking import precision_of
from market.evaluation.bootstrap import draw_days
from market.evaluation.probability import average_precision, precision_interval
from market.evaluation_rules import EvidenceRules

FEW = EvidenceRules(repetitions=200)


def rows(ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    score = random.normal(size=6_000)
    truth = (random.random(6_000) < 0.05 + 0.1 * (score > 1.5)).astype(np.float64)
    return (np.round(score) if ties else score), truth, np.arange(6_000) // 24


def test_the_figure_is_the_exact_one_and_its_interval_that_of_the_exact_draws() -> None:
    draws = draw_days(250, 3, FEW)
    for ties in (False, True):
        score, truth, day = rows(ties)
        exact = precision_interval(score, truth, day, draws)
        mine = precision_of(score, truth, day, draws).interval
        assert mine.value == average_precision(score, truth)
        assert abs(mine.low - exact.low) < 0.002
        assert abs(mine.high - exact.high) < 0.002


def test_a_score_minus_itself_is_nothing_at_every_draw() -> None:
    score, truth, day = rows(ties=False)
    one = precision_of(score, truth, day, draw_days(250, 3, FEW))
    minus = one.minus(one)
    assert (minus.value, minus.low, minus.high) == (0.0, 0.0, 0.0)


def test_where_nothing_is_true_there_is_no_figure() -> None:
    score, truth, day = rows(ties=False)
    assert np.isnan(precision_of(score, 0.0 * truth, day, draw_days(250, 3, FEW)).interval.value)
