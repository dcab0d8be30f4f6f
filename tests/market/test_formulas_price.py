"""Swings, drawdown, compression and shocks (quant.md section 1)."""

import itertools
from math import exp, nan, sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.price import (
    Pivot,
    Swings,
    Trend,
    compression_ratio,
    drawdown,
    gaussian_hits_per_month,
    horizon_sigma,
    is_compressed,
    log_range,
    shock,
    swing_threshold,
)

HOUR = 3_600_000
MARGIN = 0.001
FALLING = [100.0, 104.0, 98.0, 101.0, 95.0, 99.0, 92.0, 93.0]
RISING = [100.0, 90.0, 94.0, 91.0, 96.0, 93.0, 97.0]
closes = st.lists(st.floats(50.0, 200.0), min_size=1, max_size=80)


def swings_of(prices: list[float], threshold: float = 0.03) -> Swings:
    swings = Swings()
    for index, price in enumerate(prices):
        swings.observe(price, threshold, index * HOUR)
    return swings


def pivots_of(prices: list[float], threshold: float = 0.03) -> list[tuple[str, Pivot]]:
    swings, found = Swings(), list[tuple[str, Pivot]]()
    for index, price in enumerate(prices):
        if swings.observe(price, threshold, index * HOUR):
            pivot = swings.last_low if swings.rising else swings.last_high
            assert pivot is not None
            found.append(("L" if swings.rising else "H", pivot))
    return found


def test_a_falling_market_confirms_its_lows_and_highs_in_turn() -> None:
    named = [f"{kind}{pivot.price_usd:.0f}" for kind, pivot in pivots_of(FALLING)]
    assert named == ["L100", "H104", "L98", "H101", "L95", "H99"]


def test_a_pivot_keeps_when_it_stood_and_when_it_was_known() -> None:
    assert pivots_of(FALLING)[-1][1] == Pivot(99.0, at_ms=5 * HOUR, confirmed_at_ms=6 * HOUR)
    slow = pivots_of([100.0, 99.0, 98.5, 100.0, 101.5])[-1][1]
    assert slow == Pivot(98.5, at_ms=2 * HOUR, confirmed_at_ms=4 * HOUR)


def test_the_open_leg_of_a_falling_market_is_a_lower_low_in_progress() -> None:
    swings = swings_of(FALLING)
    assert swings.low_usd == 92.0
    assert swings.lower_low_in_progress() is True
    assert swings.lower_low(MARGIN) is True
    assert swings.lower_high(MARGIN) is True
    assert swings.trend(MARGIN) is Trend.DOWN


def test_rising_lows_are_higher_lows() -> None:
    lows = [pivot.price_usd for kind, pivot in pivots_of(RISING) if kind == "L"]
    swings = swings_of(RISING)
    assert lows == [90.0, 91.0, 93.0]
    assert swings.higher_low(MARGIN) is True
    assert swings.lower_low(MARGIN) is False
    assert swings.lower_low_in_progress() is False
    assert swings.trend(MARGIN) is Trend.UP


def test_a_low_within_the_margin_is_neither_lower_nor_higher() -> None:
    swings = swings_of([100.0, 90.0, 94.0, 90.05, 94.0])
    assert swings.lower_low(MARGIN) is False
    assert swings.higher_low(MARGIN) is False
    assert swings.higher_low(0.0) is True


def test_pivots_that_disagree_are_a_range() -> None:
    swings = swings_of([100.0, 90.0, 105.0, 88.0, 100.0, 92.0])
    assert swings.lower_low(MARGIN) is True
    assert swings_of([100.0, 110.0, 99.0, 112.0, 95.0, 100.0]).trend(MARGIN) is Trend.RANGE


def test_without_pivots_nothing_is_claimed() -> None:
    swings = swings_of([100.0, 101.0])
    assert swings.lower_low(MARGIN) is None
    assert swings.higher_high(MARGIN) is None
    assert swings.lower_low_in_progress() is None
    assert swings.higher_high_in_progress() is None
    assert swings.is_below_last_low(1.0, MARGIN) is None
    assert swings.trend(MARGIN) is None


def test_after_a_gap_the_structure_is_unknown_until_one_pivot_is_confirmed() -> None:
    swings = swings_of(FALLING)
    swings.reset()
    swings.observe(96.0, 0.03, 20 * HOUR)
    assert swings.lower_low(MARGIN) is None
    assert swings.lower_low_in_progress() is None
    assert swings.observe(93.0, 0.03, 21 * HOUR)
    assert swings.last_high == Pivot(96.0, 20 * HOUR, 21 * HOUR)
    assert swings.lower_low(MARGIN) is True
    assert swings.lower_low_in_progress() is True


def test_the_threshold_may_differ_from_step_to_step() -> None:
    swings = Swings()
    swings.observe(100.0, 0.08, 0)
    assert not swings.observe(95.0, 0.08, HOUR)
    assert swings.observe(95.5, 0.04, 2 * HOUR)
    assert swings.last_high == Pivot(100.0, 0, 2 * HOUR)


def test_a_break_is_a_close_below_the_last_low_by_the_margin() -> None:
    swings = swings_of(FALLING)
    assert swings.is_below_last_low(94.91, MARGIN) is False
    assert swings.is_below_last_low(94.90, MARGIN) is True


def test_a_rising_leg_above_the_last_high_is_a_higher_high_in_progress() -> None:
    assert swings_of([*RISING, 99.0]).higher_high_in_progress() is True
    assert swings_of(RISING).higher_high_in_progress() is True
    assert swings_of(FALLING).higher_high_in_progress() is False


@pytest.mark.parametrize(
    ("close", "threshold"), [(nan, 0.03), (0.0, 0.03), (-5.0, 0.03), (1.0, 0.0), (1.0, 1.0)]
)
def test_what_is_no_price_is_refused_and_leaves_nothing_behind(close: float, threshold: float) -> None:
    swings = swings_of(FALLING)
    with pytest.raises(ValueError, match="no close of a bar"):
        swings.observe(close, threshold, 30 * HOUR)
    assert swings == swings_of(FALLING)


def test_swings_survive_a_checkpoint_exactly() -> None:
    swings = swings_of(FALLING)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(swings), type=Swings) == swings


@given(closes, st.floats(0.01, 0.2))
def test_highs_and_lows_alternate_and_lie_the_threshold_apart(prices: list[float], threshold: float) -> None:
    pivots = pivots_of(prices, threshold)
    for (kind, pivot), (next_kind, following) in itertools.pairwise(pivots):
        assert kind != next_kind
        low, high = sorted((pivot.price_usd, following.price_usd))
        assert high >= low * (1 + threshold) * (1 - 1e-12) or low <= high * (1 - threshold) * (1 + 1e-12)
        assert pivot.confirmed_at_ms <= following.at_ms < following.confirmed_at_ms


@given(closes, closes, st.floats(0.01, 0.2))
def test_what_comes_later_never_changes_a_pivot(
    prices: list[float], later: list[float], threshold: float
) -> None:
    known = pivots_of(prices, threshold)
    assert pivots_of(prices + later, threshold)[: len(known)] == known


@given(closes, st.floats(0.01, 0.2), st.sampled_from([0.5, 2.0, 1024.0]))
def test_swings_do_not_know_the_unit_of_price(prices: list[float], threshold: float, unit: float) -> None:
    scaled = pivots_of([price * unit for price in prices], threshold)
    assert [(kind, pivot.price_usd / unit, pivot.at_ms) for kind, pivot in scaled] == [
        (kind, pivot.price_usd, pivot.at_ms) for kind, pivot in pivots_of(prices, threshold)
    ]


def test_the_swing_threshold_is_one_sigma_within_its_bounds() -> None:
    assert swing_threshold(0.031405, 1.0, 0.015, 0.08) == 0.031405
    assert swing_threshold(0.001, 1.0, 0.015, 0.08) == 0.015
    assert swing_threshold(0.2, 1.0, 0.015, 0.08) == 0.08


def test_93_after_104_is_a_drawdown_of_10_58_percent() -> None:
    assert drawdown(93.0, 104.0) == pytest.approx(-0.1058, abs=5e-5)
    assert drawdown(93.0, 0.0) is None


def test_a_range_of_0_012_on_a_usual_0_030_is_compressed() -> None:
    ratio = compression_ratio(0.012, 0.030)
    assert ratio == pytest.approx(0.40)
    assert is_compressed(ratio, 0.15, 0.5, 0.20) is True
    assert is_compressed(ratio, 0.25, 0.5, 0.20) is False
    assert is_compressed(ratio, None, 0.5, 0.20) is None
    assert is_compressed(None, 0.25, 0.5, 0.20) is False


def test_a_range_without_a_past_has_no_ratio() -> None:
    assert compression_ratio(0.012, None) is None
    assert compression_ratio(0.012, 0.0) is None
    assert log_range(exp(0.012) * 100.0, 100.0) == pytest.approx(0.012)
    assert log_range(100.0, 0.0) is None


def test_sixty_percent_a_year_is_0_6411_percent_an_hour_and_3_1405_a_day() -> None:
    assert horizon_sigma(0.60, 1.0) == pytest.approx(0.006411, abs=5e-7)
    assert horizon_sigma(0.60, 24.0) == pytest.approx(0.031405, abs=5e-7)


def test_two_and_a_half_percent_in_an_hour_is_a_shock_of_3_90_sigmas() -> None:
    sigma_1h = horizon_sigma(0.60, 1.0)
    assert shock(-0.025, sigma_1h, 1.0) == pytest.approx(-3.90, abs=0.005)
    assert shock(-0.06, sigma_1h, 24.0) == pytest.approx(-1.91, abs=0.005)


def test_a_market_that_never_moved_has_no_shock() -> None:
    assert shock(-0.025, 0.0, 1.0) is None
    assert shock(-0.025, None, 1.0) is None


@pytest.mark.parametrize(
    ("threshold", "hours", "hits"),
    [(-4.0, 5 / 60, 0.27), (-3.0, 1.0, 0.97), (-2.5, 4.0, 1.12), (-2.0, 24.0, 0.68), (-2.0, 1.0, 16.4)],
)
def test_each_horizon_buys_about_one_false_hit_a_month(threshold: float, hours: float, hits: float) -> None:
    assert gaussian_hits_per_month(threshold, hours) == pytest.approx(hits, rel=0.02)


@given(st.floats(-0.5, 0.5), st.floats(1e-4, 0.1), st.sampled_from([1.0, 4.0, 24.0]))
def test_a_shock_of_one_is_one_sigma_of_its_horizon(log_return: float, sigma_1h: float, hours: float) -> None:
    found = shock(log_return, sigma_1h, hours)
    assert found is not None
    assert found * sigma_1h * sqrt(hours) == pytest.approx(log_return)
