"""What the batch is made of, on small columns: windows over market time, ranks, swings, and what numba would compile."""

import sys
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.price import Swings
from market.formulas.statistics import median_absolute_deviation, mid_rank
from market.rules import Rules
from scheduler.batch.fast import NotInstalled, compiled, kernels
from scheduler.batch.ranking import NUMPY, Kernels, Window, grid
from scheduler.batch.swings import swung
from scheduler.batch.windows import clock, counted, last_true, range_max, range_sum, seen

LOOPS = kernels(lambda loop: loop)
"""The loops that numba compiles, as they stand."""
numbers = st.floats(-100.0, 100.0).map(lambda value: round(value, 1))


def test_without_numba_its_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(NotInstalled, match="the extra `fast`"):
        compiled()


def windows_of(count: int, width: int) -> Window:
    """Of each place the `width` values before it."""
    after = np.arange(count)
    return Window(np.maximum(after - width, 0), after)


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
@given(st.lists(numbers, min_size=1, max_size=150), st.integers(1, 140))
def test_sums_and_extremes_are_those_of_the_window(by: Kernels, values: list[float], width: int) -> None:
    column = np.array(values)
    first = np.maximum(np.arange(len(values)) - width + 1, 0)
    parts = [column[begin : place + 1] for place, begin in enumerate(first)]
    assert by.window_sum(column, first) == pytest.approx([part.sum() for part in parts])
    assert by.window_max(column, first).tolist() == [part.max() for part in parts]
    after = np.arange(len(values)) + 1
    assert range_sum(column, first, after) == pytest.approx([part.sum() for part in parts])
    assert range_max(column, first, after).tolist() == [part.max() for part in parts]


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
def test_a_quiet_hour_after_a_loud_one_sums_to_nothing(by: Kernels) -> None:
    column = np.array([0.1, 123_456.789, 0.3, 0.0, 0.0, 0.0])
    assert by.window_sum(column, np.maximum(np.arange(6) - 1, 0))[-2:].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
@given(st.lists(numbers, min_size=1, max_size=90), st.integers(1, 80))
def test_ranks_and_medians_are_those_of_the_formulas(by: Kernels, values: list[float], width: int) -> None:
    column, window = np.array(values), windows_of(len(values), width)
    ranks = by.ranks(column, window, column)
    middles, deviations = by.medians(column, window, True)
    for place, value in enumerate(values):
        past = values[max(0, place - width) : place]
        rank, spread = mid_rank(value, past), median_absolute_deviation(past)
        assert ranks[place] == pytest.approx(nan if rank is None else rank, nan_ok=True)
        assert deviations[place] == pytest.approx(nan if spread is None else spread, nan_ok=True)
        assert np.isnan(middles[place]) == (not past)


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
@given(st.lists(numbers, min_size=1, max_size=60), st.integers(130, 300))
def test_ranks_in_wide_windows_are_those_of_the_formula(by: Kernels, asked: list[float], width: int) -> None:
    past = np.round(np.sin(np.arange(float(width))) * 100.0, 1)
    window = Window(np.zeros(len(asked), np.int64), np.full(len(asked), width))
    expected = [mid_rank(value, past.tolist()) for value in asked]
    assert by.ranks(np.array(asked), window, past).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
def test_what_is_not_known_is_not_ranked_and_counts_for_nothing(by: Kernels) -> None:
    window = Window(np.array([0, 0, 1]), np.array([0, 2, 3]))
    assert by.ranks(np.array([1.0, nan, 2.0]), window, np.array([1.0, 2.0, 3.0]))[2] == 0.25
    assert np.isnan(by.ranks(np.array([1.0, nan, 2.0]), window, np.array([1.0, 2.0, 3.0]))[:2]).all()


def test_a_grid_that_begins_anew_is_not_ranked_against_what_was_before() -> None:
    made = grid(np.array([0, 10, 20, 30]), np.arange(4.0), 100, np.array([0, 0, 1, 1]))
    window = made.window(np.array([2, 2, 3, 4]), np.array([0, 1, 1, 1]))
    assert window.count.tolist() == [1, 0, 0, 1]


@given(st.lists(st.booleans(), max_size=30))
def test_what_holds_until_the_next_is_told_of_each_place(mask: list[bool]) -> None:
    holds = np.array(mask, bool)
    assert counted(holds).tolist() == [sum(mask[:place]) for place in range(len(mask) + 1)]
    last = [max((at for at in range(place + 1) if mask[at]), default=-1) for place in range(len(mask))]
    assert last_true(holds).tolist() == last
    said = seen(np.flatnonzero(holds), len(mask))
    assert np.nan_to_num(said.of(np.flatnonzero(holds).astype(float)), nan=-1.0).tolist() == last


def test_a_value_of_then_is_looked_for_by_time_and_not_by_place() -> None:
    even, uneven = clock(np.array([0, 10, 20, 30])), clock(np.array([0, 10, 20, 45]))
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert even.lagged(values, 20, 5)[2:].tolist() == [1.0, 2.0]
    assert uneven.lagged(values, 20, 5)[2:].tolist() == [1.0, 3.0]
    assert np.isnan(uneven.lagged(values, 20, 4)[3])


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
def test_a_decaying_mean_is_unbiased_from_the_first_value_on(by: Kernels) -> None:
    assert by.decaying_mean(np.array([4.0, 4.0, 4.0]), 2.0) == pytest.approx([4.0, 4.0, 4.0])
    assert by.decaying_mean(np.array([4.0, 7.0]), 1.0) == pytest.approx([4.0, 6.0])


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
@given(st.lists(st.tuples(st.integers(0, 9), numbers), min_size=1, max_size=40), st.integers(1, 30))
def test_a_mean_over_time_weighs_each_rate_by_how_long_it_held(
    by: Kernels, told: list[tuple[int, float]], span: int
) -> None:
    known = np.cumsum([apart for apart, _ in told])
    rate = np.array([value for _, value in told])
    asked = np.arange(known[-1] + 3)
    rows = np.searchsorted(known, asked, "right") - 1
    means = by.span_means(rate, known, rows, asked, span)
    for now, mean in zip(asked.tolist(), means.tolist(), strict=True):
        held = [rate[row] for row in rows[max(now - span, 0) : now] if row >= 0]
        newest = nan if rows[now] < 0 else rate[rows[now]]
        assert mean == pytest.approx(np.mean(held) if held else newest, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
def test_a_break_ends_by_time_or_by_the_way_back(by: Kernels) -> None:
    rules = replace(Rules().price, break_longest_ms=5, break_back_above_ms=2)
    price = np.array([9.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 11.0, 9.0, 11.0, 11.0, 11.0, 11.0])
    lost = np.zeros(len(price), bool)
    lost[[1, 7]] = True
    broken = by.breaks(np.arange(len(price)), price, np.full(len(price), 10.0), lost, rules)
    assert np.flatnonzero(broken).tolist() == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


@pytest.mark.parametrize("by", [NUMPY, LOOPS], ids=["numpy", "loops"])
@given(st.lists(st.floats(50.0, 200.0), min_size=1, max_size=120), st.sets(st.integers(0, 119), max_size=3))
def test_swings_are_those_of_the_live_state(by: Kernels, closes: list[float], gaps: set[int]) -> None:
    begins = np.array(sorted(gap for gap in gaps if gap < len(closes)), np.int64)
    times = np.arange(float(len(closes)))
    said = swung(np.array(closes), times, np.full(len(closes), 0.05), begins, 0.001, by.legs)
    live = Swings()
    for place, close in enumerate(closes):
        if place in begins:
            live.reset()
        live.observe(close, 0.05, place)
        claims = (live.lower_low(0.001), live.higher_low(0.001), live.lower_low_in_progress())
        mine = (said.lower_low, said.higher_low, said.in_progress)
        assert [column[place + 1] for column in mine] == [_as_claim(claim) for claim in claims]
        assert said.confirmed_ms[place + 1] == pytest.approx(
            nan if live.confirmed_at_ms is None else live.confirmed_at_ms, nan_ok=True
        )


def _as_claim(said: bool | None) -> int:
    return 0 if said is None else 1 if said else -1
