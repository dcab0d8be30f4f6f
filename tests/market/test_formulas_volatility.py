"""Realised volatility and jumps (quant.md section 2)."""

import itertools
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.volatility import (
    Bar,
    annualise,
    bipower_variation,
    close_to_close,
    daily_move,
    decay_of_half_life,
    ewma_step,
    garman_klass,
    half_life_of_decay,
    jump_share,
    jump_z,
    mean_garman_klass,
    mean_parkinson,
    mean_rogers_satchell,
    parkinson,
    realised_variance,
    rogers_satchell,
    sizing_volatility,
    tripower_quarticity,
    yang_zhang,
    yang_zhang_weight,
)

DAY, HOUR, FIVE_MINUTES = 86_400.0, 3_600.0, 300.0
PREVIOUS_CLOSE = 100.0
BARS = [Bar(100.0, 103.0, 99.0, 102.0), Bar(102.0, 104.0, 100.0, 101.0), Bar(101.0, 102.0, 97.0, 98.0)]
CLOSES = [PREVIOUS_CLOSE, *(bar.close_usd for bar in BARS)]
RETURNS = [log(after / before) for before, after in itertools.pairwise(CLOSES)]
JUMPY = [0.001, -0.002, 0.0015, -0.03, 0.002, -0.001]

prices = st.floats(1.0, 1e6)
steps = st.floats(0.0, 0.3)


@pytest.mark.parametrize(
    ("name", "variance", "annual"),
    [
        ("close to close", 4.6614e-4, 0.41248),
        ("Parkinson", 6.7727e-4, 0.49720),
        ("Garman-Klass", 7.5883e-4, 0.52628),
        ("Rogers-Satchell", 7.2081e-4, 0.51293),
        ("Yang-Zhang", 7.1169e-4, 0.50967),
    ],
)
def test_the_five_estimators_of_three_bars(name: str, variance: float, annual: float) -> None:
    found = {
        "close to close": close_to_close(RETURNS),
        "Parkinson": mean_parkinson(BARS),
        "Garman-Klass": mean_garman_klass(BARS),
        "Rogers-Satchell": mean_rogers_satchell(BARS),
        "Yang-Zhang": yang_zhang(PREVIOUS_CLOSE, BARS),
    }[name]
    assert found is not None
    assert found == pytest.approx(variance, abs=5e-9)
    assert annualise(found, DAY) == pytest.approx(annual, abs=5e-6)


def test_three_bars_weigh_open_to_close_with_0_101796() -> None:
    assert yang_zhang_weight(3) == pytest.approx(0.101796, abs=5e-7)


def test_a_market_that_never_closes_has_no_overnight_variance() -> None:
    gapless = yang_zhang(PREVIOUS_CLOSE, BARS)
    gapped = yang_zhang(90.0, BARS)
    assert gapless is not None
    assert gapped is not None
    assert gapped > gapless


def test_without_bars_there_is_no_variance() -> None:
    assert close_to_close([]) is None
    assert mean_parkinson([]) is None
    assert mean_garman_klass([]) is None
    assert mean_rogers_satchell([]) is None
    assert yang_zhang(100.0, BARS[:1]) is None
    assert yang_zhang(100.0, []) is None


@pytest.mark.parametrize(("seconds", "factor"), [(FIVE_MINUTES, 324.22), (HOUR, 93.595), (DAY, 19.105)])
def test_the_square_root_of_the_bars_in_a_year(seconds: float, factor: float) -> None:
    assert annualise(1.0, seconds) == pytest.approx(factor, rel=2e-5)


def test_a_stock_market_year_would_understate_by_16_9_percent() -> None:
    assert 1.0 - sqrt(252.0 / 365.0) == pytest.approx(0.169, abs=5e-4)
    assert annualise(1.0, DAY) * sqrt(252.0 / 365.0) == pytest.approx(sqrt(252.0))


def test_a_half_life_of_three_days_of_hours_keeps_0_990419() -> None:
    assert decay_of_half_life(72.0) == pytest.approx(0.990419, abs=5e-7)
    assert half_life_of_decay(decay_of_half_life(72.0)) == pytest.approx(72.0)


def test_the_usual_daily_decay_halves_in_11_2_days() -> None:
    assert half_life_of_decay(0.94) == pytest.approx(11.2, abs=0.05)


def test_one_step_of_the_weighted_mean() -> None:
    assert ewma_step(0.0009, 0.0036, 0.94) == pytest.approx(0.001062, abs=1e-12)


def test_one_jump_carries_77_percent_of_the_variance() -> None:
    assert realised_variance(JUMPY) == pytest.approx(9.1225e-4, abs=5e-9)
    assert bipower_variation(JUMPY) == pytest.approx(2.1112e-4, abs=5e-9)
    assert jump_share(JUMPY) == pytest.approx(0.76858, abs=5e-6)
    assert jump_z(JUMPY) == pytest.approx(2.412, abs=5e-4)


def test_a_halted_market_has_no_jump_share() -> None:
    assert jump_share([0.0] * 10) is None
    assert jump_z([0.0] * 10) is None
    assert jump_share([0.01]) is None
    assert jump_z([0.01, 0.02]) is None
    assert tripower_quarticity([0.01, 0.02]) is None


def test_a_single_print_in_a_dead_market_is_all_jump_and_has_no_z() -> None:
    assert jump_share([0.0, 0.02, 0.0, 0.0]) == 1.0
    assert jump_z([0.0, 0.02, 0.0, 0.0]) is None


def test_sizing_takes_the_largest_of_fast_slow_and_implied() -> None:
    assert sizing_volatility(0.40, 0.45, 0.48, 0.8, 0.8) == 0.40
    assert sizing_volatility(0.30, 0.50, 0.48, 0.8, 0.8) == pytest.approx(0.40)
    assert sizing_volatility(0.30, 0.30, 0.60, 0.8, 0.8) == pytest.approx(0.48)
    assert sizing_volatility(0.30, None, None, 0.8, 0.8) == 0.30


def test_sixty_vol_is_a_daily_move_of_3_14_percent() -> None:
    assert daily_move(0.60) == pytest.approx(0.031405, abs=5e-7)


@given(prices, steps, steps, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_no_bar_has_a_negative_range_variance(
    low: float, up: float, body: float, start: float, end: float
) -> None:
    high = low * exp(up + body)
    opened, closed = low * exp((up + body) * start), low * exp((up + body) * end)
    opened, closed = min(max(opened, low), high), min(max(closed, low), high)
    assert rogers_satchell(opened, high, low, closed) >= 0.0
    assert parkinson(high, low) >= 0.0
    assert garman_klass(opened, high, low, closed) >= -1e-15


@given(prices, st.floats(0.001, 0.3))
def test_a_straight_line_has_no_drift_free_variance(start: float, move: float) -> None:
    end = start * exp(move)
    assert rogers_satchell(start, end, start, end) == 0.0
    assert rogers_satchell(end, end, start, start) == 0.0


@given(st.lists(st.floats(-0.1, 0.1), min_size=3, max_size=40))
def test_a_jump_share_lies_between_zero_and_one(returns: list[float]) -> None:
    share = jump_share(returns)
    assert share is None or 0.0 <= share <= 1.0


@given(st.lists(st.integers(1, 1000), min_size=3, max_size=40), st.sampled_from([0.5, 2.0]))
def test_jumps_do_not_know_the_scale(values: list[int], scale: float) -> None:
    returns = [value * 1e-4 for value in values]
    assert jump_z([value * scale for value in returns]) == pytest.approx(jump_z(returns), rel=1e-9)


@given(st.floats(0, 5), st.none() | st.floats(0, 5), st.none() | st.floats(0, 5))
def test_sizing_volatility_is_never_below_the_fast_one(
    ewma: float, slow: float | None, implied: float | None
) -> None:
    assert sizing_volatility(ewma, slow, implied, 0.8, 0.8) >= ewma
