"""Ranks, robust scores and freshness (quant.md section 0)."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.statistics import (
    freshness_quality,
    median_absolute_deviation,
    mid_rank,
    robust_z,
    time_to_live_ms,
)

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
BP = 0.0001
numbers = st.floats(-1e6, 1e6, allow_nan=False)


def test_the_highest_of_ten_ranks_half_a_step_below_the_top() -> None:
    assert mid_rank(10.0, [float(n) for n in range(1, 11)]) == pytest.approx(0.95)


def test_funding_on_its_usual_number_ranks_in_the_middle() -> None:
    assert mid_rank(1 * BP, [1 * BP] * 6 + [2 * BP, 3 * BP, 0.0, -1 * BP]) == pytest.approx(0.50)


def test_an_empty_window_ranks_nothing() -> None:
    assert mid_rank(1.0, []) is None
    assert robust_z(1.0, []) is None
    assert median_absolute_deviation([]) is None


def test_nine_among_one_to_seven_is_1_6862_robust_sigmas() -> None:
    assert robust_z(9.0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) == pytest.approx(1.6862, abs=5e-5)


def test_a_window_without_spread_gives_no_score() -> None:
    assert robust_z(9.0, [1.0, 1.0, 1.0]) is None
    assert robust_z(1.0, [1.0, 1.0, 1.0]) is None


def test_a_price_of_90_seconds_with_60_to_live_is_worth_three_quarters() -> None:
    assert freshness_quality(90 * SECOND, 60 * SECOND) == pytest.approx(0.75)
    assert freshness_quality(180 * SECOND, 60 * SECOND) == 0.0
    assert freshness_quality(60 * SECOND, 60 * SECOND) == 1.0


@pytest.mark.parametrize("age", [-1.0, nan, inf])
def test_a_clock_in_the_future_is_worth_nothing(age: float) -> None:
    assert freshness_quality(age, 60 * SECOND) == 0.0


def test_an_hourly_series_lives_66_minutes_and_a_daily_one_26_4_hours() -> None:
    assert time_to_live_ms(MINUTE, HOUR, 1.1) == 66 * MINUTE
    assert time_to_live_ms(10 * MINUTE, 24 * HOUR, 1.1) == round(26.4 * HOUR)
    assert time_to_live_ms(10 * MINUTE, MINUTE, 1.1) == 10 * MINUTE


@given(numbers, st.lists(numbers, min_size=1))
def test_a_rank_lies_between_zero_and_one(value: float, values: list[float]) -> None:
    rank = mid_rank(value, values)
    assert rank is not None
    assert 0.0 <= rank <= 1.0


@given(numbers, st.lists(numbers, min_size=1))
def test_a_rank_and_the_rank_of_the_mirror_sum_to_one(value: float, values: list[float]) -> None:
    rank, mirrored = mid_rank(value, values), mid_rank(-value, [-other for other in values])
    assert rank is not None
    assert mirrored is not None
    assert rank + mirrored == pytest.approx(1.0)


@given(
    st.integers(-1000, 1000), st.lists(st.integers(-1000, 1000), min_size=1), st.sampled_from([0.5, 2.0, 8.0])
)
def test_a_robust_score_does_not_know_the_unit(value: int, values: list[int], unit: float) -> None:
    score, scaled = robust_z(value, values), robust_z(value * unit, [other * unit for other in values])
    assert (score is None) == (scaled is None)
    if score is not None:
        assert scaled == pytest.approx(score)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(1, 1e8))
def test_quality_never_rises_with_age(age: float, later: float, ttl: float) -> None:
    assert freshness_quality(age + later, ttl) <= freshness_quality(age, ttl)
