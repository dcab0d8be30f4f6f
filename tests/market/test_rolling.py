"""Rolling windows agree with what recomputing them from scratch gives."""

from math import fsum
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.statistics import mid_rank, robust_z
from market.rolling import (
    DecayingMean,
    Extreme,
    Lagged,
    RankWindow,
    RollingSum,
    SeldomRanked,
    median_deviation,
)

HOUR = 3_600_000
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
series = st.lists(numbers, min_size=1, max_size=60)


def test_rank_leaves_the_ranked_value_out() -> None:
    window = RankWindow(100 * HOUR)
    for position in range(1, 11):
        window.offer(position * HOUR, float(position))
    assert len(window) == 9
    assert window.rank(10.0) == 1.0
    window.offer(11 * HOUR, 10.0)
    assert window.rank(10.0) == 0.95


@given(series, st.integers(2, 20))
def test_rank_median_and_z_agree_with_a_recount(values: list[float], span: int) -> None:
    window = RankWindow(span * HOUR)
    for position, value in enumerate(values):
        window.offer(position * HOUR, value)
    past = values[max(0, len(values) - 1 - span) : -1]
    last = values[-1]
    assert list(window.values) == past
    assert window.rank(last) == (pytest.approx(mid_rank(last, past)) if past else None)
    assert window.median() == (median(past) if past else None)
    expected = robust_z(last, past) if past else None
    assert window.robust_z(last) == (None if expected is None else pytest.approx(expected, rel=1e-9))


@given(
    st.lists(st.tuples(numbers, st.sampled_from([1, 1, 1, 5, 50])), min_size=1, max_size=60),
    st.integers(2, 20),
)
def test_a_window_with_gaps_holds_what_is_left_in_order(steps: list[tuple[float, int]], span: int) -> None:
    window, now, offered = RankWindow(span * HOUR), 0, list[tuple[int, float]]()
    for value, hours in steps:
        now += hours * HOUR
        window.offer(now, value)
        past = [old for at_ms, old in offered if at_ms >= now - span * HOUR]
        assert list(window.values) == past
        assert list(window.ordered) == sorted(past)
        offered.append((now, value))


@given(series, st.integers(2, 20))
def test_what_is_ranked_seldom_ranks_the_same(values: list[float], span: int) -> None:
    sorted_window, plain = RankWindow(span * HOUR), SeldomRanked(span * HOUR)
    for position, value in enumerate(values):
        sorted_window.offer(position * HOUR, value)
        plain.offer(position * HOUR, value)
        assert len(plain) == len(sorted_window)
        assert plain.rank(value) == sorted_window.rank(value)


@given(st.lists(numbers, min_size=1, max_size=41))
def test_median_deviation_agrees_with_a_recount(values: list[float]) -> None:
    middle = median(values)
    expected = median([abs(value - middle) for value in values])
    assert median_deviation(sorted(values), middle) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(series, st.integers(1, 15))
def test_extreme_is_the_largest_of_the_window(values: list[float], span: int) -> None:
    extreme = Extreme(span * HOUR)
    for position, value in enumerate(values):
        extreme.offer(position * HOUR, value)
        assert extreme.largest == max(values[max(0, position - span + 1) : position + 1])


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=80), st.integers(1, 30))
def test_sum_is_that_of_the_window(values: list[float], span: int) -> None:
    rolling = RollingSum(span * HOUR)
    for position, value in enumerate(values):
        rolling.offer(position * HOUR, value)
    assert rolling.total == pytest.approx(sum(values[-span:]), rel=1e-9, abs=1e-3)


@given(st.lists(st.floats(0, 1e9).map(lambda value: round(value, 3)), max_size=60), st.integers(1, 24))
def test_a_quiet_window_after_loud_ones_sums_to_zero_exactly(loud: list[float], span: int) -> None:
    rolling = RollingSum(span * HOUR)
    for position, value in enumerate([*loud, *[0.0] * span]):
        rolling.offer(position * HOUR, value)
    assert rolling.total == 0.0


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=80), st.integers(1, 30))
def test_a_sum_has_no_rounding_of_what_is_gone(cents: list[int], span: int) -> None:
    rolling = RollingSum(span * HOUR)
    for position, value in enumerate(cents):
        rolling.offer(position * HOUR, value / 100)
    assert rolling.total == fsum(value / 100 for value in cents[-span:])


def test_sum_forgets_without_a_new_value() -> None:
    rolling = RollingSum(HOUR)
    rolling.offer(HOUR, 5.0)
    rolling.expire(2 * HOUR)
    assert rolling.total == 0.0
    assert len(rolling) == 0


def test_lagged_gives_the_last_value_at_or_before_then() -> None:
    lagged = Lagged(HOUR, HOUR)
    for minutes, value in ((0, 1.0), (20, 2.0), (40, 3.0), (60, 4.0), (80, 5.0)):
        lagged.offer(minutes * 60_000, value)
    assert lagged.before(80 * 60_000) == 2.0
    assert lagged.before(100 * 60_000) == 3.0
    assert lagged.before(119 * 60_000) == 3.0


def test_lagged_knows_nothing_before_its_first_value_nor_after_a_gap() -> None:
    lagged = Lagged(HOUR, HOUR)
    assert lagged.before(0) is None
    lagged.offer(0, 1.0)
    assert lagged.before(HOUR - 1) is None
    assert lagged.before(HOUR) == 1.0
    assert lagged.before(2 * HOUR + 1) is None


def test_decaying_mean_is_unbiased_from_the_first_value() -> None:
    mean = DecayingMean(72.0)
    assert mean.mean is None
    mean.offer(4.0)
    assert mean.mean == pytest.approx(4.0)
    mean.offer(8.0)
    decay = 0.5 ** (1 / 72)
    assert mean.mean == pytest.approx((4.0 * decay + 8.0) / (decay + 1.0))


def test_what_stands_still_has_no_z() -> None:
    window = RankWindow(100 * HOUR)
    for position in range(10):
        window.offer(position * HOUR, 3.0)
    assert window.robust_z(4.0) is None
    assert window.rank(3.0) == 0.5
