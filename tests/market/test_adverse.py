"""The moves against a position in the half year behind it: the worst, the 97.5 % one, and nothing where too little is known."""

import gc
from itertools import chain, repeat
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import adverse, once
from market.adverse import Adverse, adverse_moves
from market.hourly import KEPT_HOURS, Hourly
from market.observations import HOUR_MS, Side

LONG, SHORT = Side.LONG, Side.SHORT
Hour = tuple[float, float, float]
QUIET: Hour = (101.0, 99.0, 100.0)


def hours_of(*said: tuple[int, Hour]) -> Hourly:
    """Hours as stretches of (how many, (high, low, close))."""
    hours = Hourly()
    every = chain.from_iterable(repeat(hour, count) for count, hour in said)
    for number, (high, low, close) in enumerate(every, 1):
        hours.close_hour(number * HOUR_MS, high, low, close, None)
    return hours


def said(found: Adverse) -> tuple[float, float | None, float | None]:
    return found.days, found.worst, found.quantile


def by_hand(hours: Hourly, side: Side, horizon: int) -> list[float]:
    """The same moves, each looked for by itself."""
    sign, extremes = (-1.0, hours.low_usd) if side is LONG else (1.0, hours.high_usd)
    moves = []
    for start in range(len(hours) - horizon):
        known = [extremes[at] for at in range(start + 1, start + horizon + 1) if extremes[at] == extremes[at]]
        if known and hours.close_usd[start] == hours.close_usd[start]:
            end = max(sign * one for one in known) * sign
            moves.append(max(0.0, sign * (end / hours.close_usd[start] - 1.0)))
    return sorted(moves)


def test_the_worst_fall_is_a_longs_and_the_worst_rise_a_shorts() -> None:
    hours = hours_of((4_000, QUIET), (1, (104.0, 80.0, 100.0)), (319, QUIET))
    assert said(adverse_moves(hours, LONG, 72)) == pytest.approx((180.0, 0.20, 0.01))
    assert said(adverse_moves(hours, SHORT, 72)) == pytest.approx((180.0, 0.04, 0.01))


def test_a_fall_is_within_reach_of_every_hour_of_the_holding_time_before_it() -> None:
    # 120 of 4,200 starts see it: 2.9 %, more than one in forty; 72 of 4,248 are less
    hours = hours_of((4_000, QUIET), (1, (101.0, 80.0, 100.0)), (319, QUIET))
    assert adverse_moves(hours, LONG, 120).quantile == pytest.approx(0.20)
    assert adverse_moves(hours, LONG, 72).quantile == pytest.approx(0.01)


def test_the_move_is_counted_from_the_close_and_not_from_the_hours_before() -> None:
    hours = hours_of((2_000, (200.0, 200.0, 200.0)), (2_320, (100.0, 100.0, 100.0)))
    assert adverse_moves(hours, LONG, 1).worst == pytest.approx(0.5)
    assert adverse_moves(hours, SHORT, 1).worst == 0.0


def test_under_half_a_year_there_is_no_worst_and_the_days_are_said() -> None:
    found = adverse_moves(hours_of((90 * 24, QUIET)), LONG, 72)
    assert (found.worst, found.quantile, found.days) == (None, None, 90.0)
    assert adverse_moves(Hourly(), LONG, 72).days == 0.0


def test_a_few_unknown_hours_are_passed_over_and_not_counted_as_days() -> None:
    unknown = (nan, nan, nan)
    hours = hours_of((4_000, QUIET), (40, unknown), (1, (101.0, 80.0, 100.0)), (279, QUIET))
    found = adverse_moves(hours, LONG, 72)
    assert found.days == pytest.approx(180.0 - 40 / 24)
    assert found.worst == pytest.approx(0.20)
    many = hours_of((4_000, QUIET), (100, unknown), (220, QUIET))
    assert adverse_moves(many, LONG, 72).worst is None


def test_a_holding_time_longer_than_what_is_known_has_no_worst_move() -> None:
    hours = hours_of((KEPT_HOURS, QUIET))
    assert adverse_moves(hours, LONG, 8_760).worst is None
    assert adverse_moves(hours, LONG, 8_760).days == 180.0


def test_a_begun_hour_counts_as_one() -> None:
    hours = hours_of((KEPT_HOURS, QUIET))
    assert adverse_moves(hours, LONG, 0.5).horizon_hours == 1
    assert adverse_moves(hours, LONG, 71.2).horizon_hours == 72


def test_two_markets_with_the_same_last_hour_do_not_answer_for_each_other() -> None:
    calm, wild = hours_of((KEPT_HOURS, QUIET)), hours_of((KEPT_HOURS, (101.0, 90.0, 100.0)))
    assert calm.last_close_ms == wild.last_close_ms
    assert adverse_moves(calm, LONG, 72).worst == pytest.approx(0.01)
    assert adverse_moves(wild, LONG, 72).worst == pytest.approx(0.10)


def test_the_same_hours_are_counted_once_until_another_closes() -> None:
    hours = hours_of((KEPT_HOURS, QUIET))
    first = adverse_moves(hours, LONG, 72)
    assert adverse_moves(hours, LONG, 72) is first
    hours.close_hour(hours.last_close_ms + HOUR_MS, 101.0, 70.0, 100.0, None)
    assert adverse_moves(hours, LONG, 72).worst == pytest.approx(0.30)


def test_what_is_remembered_has_a_bound() -> None:
    hours = hours_of((1, QUIET))
    for horizon in range(1, 3 * adverse.MOST_KEPT):
        assert adverse_moves(hours, LONG, horizon).horizon_hours == horizon
        assert len(adverse._counted(hours, LONG, hours.changes)) <= adverse.MOST_KEPT
    assert adverse_moves(hours, SHORT, 72).worst is None


def test_what_was_counted_goes_with_its_hours() -> None:
    hours = hours_of((1, QUIET))
    place = id(hours)
    assert place not in once._beside
    adverse_moves(hours, LONG, 72)
    assert place in once._beside
    del hours
    gc.collect()
    assert place not in once._beside


prices = st.floats(1.0, 1_000.0)
walks = st.lists(st.tuples(prices, prices, prices) | st.just((nan, nan, nan)), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(walks, st.sampled_from(Side), st.integers(1, 90))
def test_every_move_is_the_one_found_by_looking_at_each_window(
    walk: list[Hour], side: Side, horizon: int
) -> None:
    wild = [(1, (max(hour), min(hour), hour[2])) for hour in walk]
    hours = hours_of((4_300, QUIET), *wild)
    moves = by_hand(hours, side, horizon)
    found = adverse_moves(hours, side, horizon)
    assert found.worst == pytest.approx(moves[-1])
    assert found.quantile == pytest.approx(moves[-(-39 * len(moves) // 40) - 1])
