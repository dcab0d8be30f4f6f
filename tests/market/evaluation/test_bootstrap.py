"""Draws of days, and the intervals made of them."""

import numpy as np
import pytest

from market.evaluation.bootstrap import (
    Floats,
    Interval,
    difference,
    draw_days,
    interval_of,
    leave_out,
    of_weights,
    ratio,
)
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules

FEW = EvidenceRules(repetitions=400)
DAYS = 400


def hits_and_cases(hits: int, cases: int) -> tuple[Floats, Floats]:
    """Cases on days far apart; the first ones are hits."""
    case_days = np.random.default_rng(4).permutation(DAYS)[:cases]
    above, below = np.zeros(DAYS), np.zeros(DAYS)
    below[case_days] = 1.0
    above[case_days[:hits]] = 1.0
    return above, below


def test_every_draw_takes_as_many_days_as_there_are_and_the_same_seed_takes_the_same() -> None:
    draws = draw_days(DAYS, 1, FEW)
    assert draws.shape == (400, DAYS)
    assert (draws.sum(axis=1) == DAYS).all()
    assert (draws == draw_days(DAYS, 1, FEW)).all()
    assert (draws != draw_days(DAYS, 2, FEW)).any()


def test_days_are_taken_in_blocks() -> None:
    # a day taken is followed by the next one in six of seven cases, or by chance
    alone = EvidenceRules(repetitions=400, block_days=1.0)
    together, apart = (draw_days(DAYS, 1, rules) for rules in (FEW, alone))
    side_by_side = [np.mean(one[:, 1:] * one[:, :-1]) for one in (together, apart)]
    assert side_by_side[0] > 1.5
    assert side_by_side[1] < 1.1


def test_a_single_day_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="one day"):
        draw_days(1, 1)


def test_blocks_left_out_cover_every_day_once() -> None:
    left = leave_out(30)
    assert left.shape == (4, 30)
    assert ((1.0 - left).sum(axis=0) == 1.0).all()
    assert leave_out(2).shape == (2, 2)


@pytest.mark.parametrize(("hits", "cases"), [(6, 120), (30, 100), (90, 100)])
def test_the_interval_of_a_share_of_lone_cases_is_near_that_of_wilson(hits: int, cases: int) -> None:
    found = ratio(*hits_and_cases(hits, cases), draw_days(DAYS, 3, EvidenceRules()))
    low, high = wilson(hits, cases, 0.9)
    assert found.value == hits / cases
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.03)


def test_few_hits_reach_further_up_than_the_plain_percentiles() -> None:
    above, below = hits_and_cases(4, 100)
    draws = draw_days(DAYS, 3, EvidenceRules())
    plain = interval_of(0.04, (draws @ above) / (draws @ below))
    assert ratio(above, below, draws).high > plain.high


def test_figures_over_the_same_draws_differ_by_nothing_from_themselves() -> None:
    pair = hits_and_cases(20, 100)
    assert difference(pair, pair, draw_days(DAYS, 1, FEW)) == Interval(0.0, 0.0, 0.0)


def test_a_figure_of_weights_has_the_interval_of_the_same_figure_of_sums() -> None:
    above, below = hits_and_cases(20, 100)
    draws = draw_days(DAYS, 1, FEW)
    of_each = of_weights(lambda days: float(days @ above) / float(days @ below), draws)
    of_all = ratio(above, below, draws)
    assert (of_each.low, of_each.high) == pytest.approx((of_all.low, of_all.high))


def test_what_is_not_known_has_no_interval() -> None:
    draws = draw_days(DAYS, 1, FEW)
    for above in (np.zeros(DAYS), np.ones(DAYS)):
        found = ratio(above, np.zeros(DAYS), draws)
        assert np.isnan([found.value, found.low, found.high]).all()
        assert not found.excludes(0.0)


def test_draws_in_which_a_figure_is_not_defined_are_left_out() -> None:
    assert interval_of(0.5, np.array([0.5, np.nan, 0.5, np.inf])) == Interval(0.5, 0.5, 0.5)


def test_an_interval_excludes_what_lies_on_one_side_of_it() -> None:
    assert Interval(0.2, 0.1, 0.3).excludes(0.0)
    assert Interval(-0.2, -0.3, -0.1).excludes(0.0)
    assert not Interval(0.2, 0.0, 0.3).excludes(0.0)
