"""Folds that walk forward: what trains lies before what tests, with the gap between."""

from datetime import UTC, datetime

import numpy as np

from market.evaluation.walking import by_year, folds, walked
from market.evaluation_rules import WalkRules

RULES = WalkRules(least_train_days=365, test_days=91, label_days=1, lookback_days=30)


def day(year: int, month: int = 1, of_month: int = 1) -> int:
    return int(datetime(year, month, of_month, tzinfo=UTC).timestamp()) // 86_400


def test_a_year_trains_before_the_first_quarter_is_tested() -> None:
    first, *_ = folds(0, 1_000, RULES)
    assert (first.train_until, first.test_from, first.test_until) == (365, 396, 487)


def test_the_training_grows_and_every_day_after_it_is_tested_once() -> None:
    found, days = folds(0, 1_000, RULES), np.arange(1_001)
    assert [one.train_until for one in found] == [365 + 91 * place for place in range(len(found))]
    tested = np.sum([one.tests(days) for one in found], axis=0)
    assert (tested == (days >= 396)).all()


def test_a_label_and_the_longest_look_back_lie_between_training_and_test() -> None:
    days = np.arange(1_001)
    for one in folds(0, 1_000, RULES, lookback_days=90):
        assert days[one.tests(days)].min() - days[one.trains(days)].max() == 1 + 1 + 90


def test_a_history_that_is_too_short_has_no_fold() -> None:
    assert folds(0, 390, RULES) == ()
    assert by_year(day(2021), day(2021, 12, 31), RULES) == ()


def test_every_calendar_year_but_the_first_is_tested_on_all_before_it() -> None:
    found = by_year(day(2021, 2), day(2023, 4, 30), RULES)
    assert [(one.test_from, one.test_until) for one in found] == [
        (day(2022), day(2023)),
        (day(2023), day(2023, 5)),
    ]
    assert all(one.train_until == one.test_from - 31 for one in found)


def test_a_year_without_any_training_before_it_is_left_out() -> None:
    found = by_year(day(2021, 12, 20), day(2023, 4, 30), RULES)
    assert [one.test_from for one in found] == [day(2023)]


def test_each_row_has_the_score_of_the_fold_that_tests_it_and_none_before() -> None:
    days = np.arange(1_001)
    scores = [(one, np.full(1_001, float(place))) for place, one in enumerate(folds(0, 1_000, RULES))]
    found = walked(scores, days)
    assert np.isnan(found[:396]).all()
    assert (found[396:487] == 0.0).all()
    assert found[1_000] == len(scores) - 1
