"""Leverage standing in the market (quant.md section 4)."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.open_interest import (
    Digestion,
    Quadrant,
    chained_growth,
    decompose,
    digestion,
    from_peak,
    inverse_coins,
    is_flushed,
    is_rolling_over,
    log_change,
    log_change_usd,
    quadrant,
)

BILLION = 1e9
amounts = st.floats(1e-3, 1e9)


def digest(returns: list[float], changes: list[float], least_hours: int = 3) -> Digestion | None:
    return digestion(
        returns,
        changes,
        0.006411,
        band_sigmas=0.2,
        least_hours=least_hours,
        falling_below=-0.0005,
        rising_share=0.25,
    )


def test_us_dollars_fall_by_11_8_percent_while_coins_fall_by_2() -> None:
    change = decompose(100_000.0, 98_000.0, 100_000.0, 90_000.0)
    assert change is not None
    assert change.usd == pytest.approx(-0.118)
    assert change.coins == pytest.approx(-0.02)
    assert change.positioning_usd == pytest.approx(-0.2 * BILLION)
    assert change.revaluation_usd == pytest.approx(-0.98 * BILLION)


def test_inverse_contracts_gain_coins_as_price_falls_without_any_trading() -> None:
    before, after = inverse_coins(5 * BILLION, 100_000.0), inverse_coins(5 * BILLION, 90_000.0)
    assert before == pytest.approx(50_000.0)
    assert after == pytest.approx(55_556.0, abs=0.5)
    assert pytest.approx(0.111, abs=5e-4) == 55_556.0 / 50_000.0 - 1.0


def test_without_a_start_there_is_no_change() -> None:
    assert decompose(0.0, 1.0, 1.0, 1.0) is None
    assert decompose(1.0, 1.0, 0.0, 1.0) is None
    assert inverse_coins(1.0, 0.0) is None
    assert log_change(0.0, 1.0) is None
    assert from_peak(1.0, 0.0) is None


def test_a_venue_that_drops_out_is_no_flush() -> None:
    found = chained_growth({"A": 50.0, "B": 30.0, "C": 20.0}, {"A": 49.0, "C": 20.4})
    assert found is not None
    assert found.growth == pytest.approx(-0.00857, abs=5e-6)
    assert found.share_present == pytest.approx(0.70)
    assert pytest.approx(-0.306) == 69.4 / 100.0 - 1.0


def test_an_unknown_value_is_a_missing_venue() -> None:
    assert chained_growth({"A": 50.0, "B": None}, {"A": 55.0, "B": 99.0}) == chained_growth(
        {"A": 50.0}, {"A": 55.0}
    )
    assert chained_growth({"A": 50.0}, {"A": None}) is None
    assert chained_growth({}, {"A": 50.0}) is None


def test_a_venue_that_is_new_adds_no_growth() -> None:
    found = chained_growth({"A": 50.0}, {"A": 50.0, "B": 1_000.0})
    assert found is not None
    assert found.growth == 0.0


@pytest.mark.parametrize(
    ("price", "open_interest", "story"),
    [
        (0.02, 0.03, Quadrant.NEW_LONGS),
        (0.02, -0.03, Quadrant.SHORT_COVERING),
        (-0.02, 0.03, Quadrant.BUILDING_PRESSURE),
        (-0.02, -0.03, Quadrant.UNWINDING),
        (-0.004, -0.03, Quadrant.NEUTRAL),
        (-0.02, 0.009, Quadrant.NEUTRAL),
    ],
)
def test_the_four_stories_and_the_dead_band(price: float, open_interest: float, story: Quadrant) -> None:
    assert quadrant(price, 0.005, open_interest, 0.01) is story


def test_leverage_that_leaves_on_down_moves_and_stays_away_is_being_digested() -> None:
    found = digest(
        [-0.01, 0.008, -0.006, 0.004, -0.012, 0.009], [-0.004, 0.0002, -0.003, -0.0004, -0.006, 0.0006]
    )
    assert found is not None
    assert found.falling == pytest.approx(-0.004333, abs=5e-7)
    assert found.rising == pytest.approx(0.000133, abs=5e-7)
    assert found.is_digesting


def test_leverage_that_comes_on_down_moves_is_not_digested() -> None:
    found = digest([-0.01, 0.01] * 3, [0.004, 0.0] * 3)
    assert found is not None
    assert not found.is_digesting


def test_leverage_that_leaves_on_up_moves_too_is_not_stabilising() -> None:
    found = digest([-0.01, 0.01] * 3, [-0.004, -0.0011] * 3)
    assert found is not None
    assert not found.is_digesting


def test_too_few_hours_of_either_kind_say_nothing() -> None:
    assert digest([-0.01, 0.01] * 11, [-0.004, 0.0] * 11, least_hours=12) is None
    assert digest([-0.01] * 20, [-0.004] * 20) is None
    assert digest([0.001, -0.001] * 20, [-0.004, 0.0] * 20) is None
    assert digest([], [], least_hours=0) is None


def test_120_thousand_to_113_is_rolling_over() -> None:
    fall = from_peak(113_000.0, 120_000.0)
    assert fall == pytest.approx(-0.0583, abs=5e-5)
    assert is_rolling_over(True, fall, -0.01, -0.05) is True
    assert is_rolling_over(True, fall, 0.01, -0.05) is False
    assert is_rolling_over(True, -0.04, -0.01, -0.05) is False
    assert is_rolling_over(None, fall, -0.01, -0.05) is None
    assert is_rolling_over(True, None, -0.01, -0.05) is None
    assert is_rolling_over(True, fall, None, -0.05) is None


def test_fifteen_percent_off_the_peak_is_a_flush() -> None:
    assert is_flushed(-0.15, -0.15) is True
    assert is_flushed(-0.149, -0.15) is False
    assert is_flushed(None, -0.15) is None


@given(amounts, amounts, amounts, amounts)
def test_the_two_causes_sum_to_the_change_in_us_dollars(q0: float, q1: float, p0: float, p1: float) -> None:
    change = decompose(q0, q1, p0, p1)
    assert change is not None
    scale = q0 * p0 + q1 * p1 + q1 * p0
    assert change.positioning_usd + change.revaluation_usd == pytest.approx(
        q1 * p1 - q0 * p0, abs=1e-9 * scale
    )


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_logs_of_coins_and_price_sum_to_the_log_of_us_dollars(coins: float, price: float) -> None:
    change = decompose(1.0, exp(coins), 1.0, exp(price))
    assert change is not None
    assert log_change_usd(coins, price) == pytest.approx(log(1.0 + change.usd), abs=1e-9)
    assert log_change(1.0, exp(coins)) == pytest.approx(coins, abs=1e-12)


@given(st.dictionaries(st.sampled_from("ABCDE"), amounts, min_size=1), st.floats(-0.5, 0.5))
def test_chained_growth_of_a_common_growth_is_that_growth(before: dict[str, float], growth: float) -> None:
    found = chained_growth(before, {venue: value * (1.0 + growth) for venue, value in before.items()})
    assert found is not None
    assert found.growth == pytest.approx(growth, abs=1e-9)
    assert found.share_present == pytest.approx(1.0)
