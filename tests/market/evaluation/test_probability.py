"""Scores judged by hand: average precision, Brier and chances made of scores (section 10's vectors)."""

import numpy as np
import pytest

from market.evaluation.bootstrap import draw_days
from market.evaluation.probability import (
    Ranked,
    average_precision,
    brier,
    isotonic,
    platt,
    precision_difference,
    precision_interval,
    reliability,
    skill_score,
)
from market.evaluation_rules import EvidenceRules

CHANCE = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
CAME = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0])


def test_the_vector_of_section_10_is_met() -> None:
    assert average_precision(CHANCE, CAME) == pytest.approx(0.7222, abs=5e-5)
    assert brier(CHANCE, CAME) == pytest.approx(0.2250)
    assert brier(np.full(8, 3 / 8), CAME) == pytest.approx(0.2344, abs=5e-5)
    assert skill_score(CHANCE, CAME) == pytest.approx(0.0400)


def test_a_score_that_says_nothing_has_the_prevalence_whatever_the_order_of_rows() -> None:
    assert average_precision(np.zeros(8), CAME) == pytest.approx(3 / 8)
    assert average_precision(np.zeros(8), CAME[::-1]) == pytest.approx(3 / 8)


def test_rows_of_equal_score_are_one_step() -> None:
    # .9 and .8 fall together: the true one of them is found at one of two
    tied = np.array([0.9, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    assert average_precision(tied, CAME) == pytest.approx((1 / 2 + 2 / 3 + 3 / 6) / 3)


def test_a_row_that_counts_twice_is_the_same_as_two_rows() -> None:
    weights = np.array([1.0, 2.0, 0.0, 1.0, 3.0, 2.0, 1.0, 1.0])
    doubled = np.repeat(np.arange(8), weights.astype(int))
    assert average_precision(CHANCE, CAME, weights) == pytest.approx(
        average_precision(CHANCE[doubled], CAME[doubled])
    )


def test_without_a_true_row_there_is_no_average_precision() -> None:
    assert np.isnan(average_precision(CHANCE, np.zeros(8)))
    assert np.isnan(average_precision(CHANCE, CAME, 1.0 - CAME))


def test_rows_of_unknown_score_are_refused() -> None:
    with pytest.raises(ValueError, match="left out"):
        average_precision(np.array([np.nan, 1.0]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="rows"):
        average_precision(np.zeros(3), np.zeros(2))


def test_a_draw_of_days_is_the_average_precision_of_the_rows_it_takes() -> None:
    day = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    draws = np.array([[2.0, 0.0, 1.0, 1.0], [0.0, 3.0, 1.0, 0.0]])
    drawn = Ranked(CHANCE, CAME).drawn(day, draws)
    for one, weights in zip(drawn, draws, strict=True):
        rows = np.repeat(np.arange(8), weights[day].astype(int))
        assert one == pytest.approx(average_precision(CHANCE[rows], CAME[rows]))


def test_a_score_with_skill_is_shown_to_beat_one_without() -> None:
    random = np.random.default_rng(1)
    truth = (random.random(2_400) < 0.1).astype(float)
    good, idle = truth + random.normal(0.0, 1.0, 2_400), random.normal(0.0, 1.0, 2_400)
    day, draws = np.arange(2_400) // 24, draw_days(100, 1, EvidenceRules(repetitions=300))
    assert precision_interval(good, truth, day, draws).low > 0.1
    assert precision_difference(good, idle, truth, day, draws).low > 0.0
    same = precision_difference(idle, idle, truth, day, draws)
    assert (same.low, same.value, same.high) == (0.0, 0.0, 0.0)


def test_isotonic_chances_pool_what_is_out_of_order() -> None:
    chance = isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert chance(np.array([0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 9.0])).tolist() == [0, 0, 0.5, 0.5, 0.5, 1, 1]


def test_isotonic_chances_of_equal_scores_are_their_share() -> None:
    chance = isotonic(np.zeros(4), np.array([0.0, 1.0, 0.0, 0.0]))
    assert chance(np.array([-1.0, 0.0, 1.0])).tolist() == [0.25, 0.25, 0.25]


def test_isotonic_chances_rise_with_the_score_and_keep_the_prevalence() -> None:
    random = np.random.default_rng(2)
    score = random.normal(size=500)
    truth = (random.random(500) < 1.0 / (1.0 + np.exp(2.0 - score))).astype(float)
    said = isotonic(score, truth)(score)
    assert (np.diff(said[np.argsort(score)]) >= 0.0).all()
    assert said.mean() == pytest.approx(truth.mean())


def test_the_logistic_curve_finds_the_one_that_made_the_rows() -> None:
    random = np.random.default_rng(3)
    score = random.normal(5.0, 3.0, 20_000)
    true = 1.0 / (1.0 + np.exp(3.0 - 0.5 * score))
    said = platt(score, (random.random(20_000) < true).astype(float))(score)
    assert np.abs(said - true).max() < 0.03


def test_the_logistic_curve_stays_finite_where_all_rows_are_told_apart() -> None:
    said = platt(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]))(np.array([0.0, 1.0]))
    assert 0.0 < said[0] < 0.3
    assert 0.7 < said[1] < 1.0


@pytest.mark.parametrize("fit", [isotonic, platt])
def test_without_rows_no_chances_are_fitted(fit: object) -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit(np.zeros(0), np.zeros(0))  # type: ignore[operator]


def test_reliability_sets_what_was_said_beside_what_came() -> None:
    low, high = reliability(CHANCE, CAME, 2)
    assert (low.rows, high.rows) == (4, 4)
    assert (low.said, high.said) == pytest.approx((0.25, 0.75))
    assert (low.came, high.came) == (0.25, 0.5)


def test_equal_chances_share_one_row_of_the_reliability() -> None:
    (one,) = reliability(np.full(8, 0.4), CAME, 5)
    assert one.said == pytest.approx(0.4)
    assert (one.came, one.rows) == (3 / 8, 8)
    assert reliability(np.zeros(0), np.zeros(0)) == ()
