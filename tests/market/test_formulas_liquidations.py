"""Forced closing (quant.md section 3)."""

import random
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.liquidations import (
    exponential_integral,
    intensity_bps,
    is_down_day_on_modest_spot,
    is_fading,
    liquidations_to_volume,
    long_share,
    range_relative_intensity,
    relative_to_usual,
    scaled_from_full_feed,
    throttle_correction,
)

MILLION, BILLION = 1e6, 1e9
MANY_SECONDS = 1_000_000


def test_120_million_on_15_billion_is_80_bps_and_on_20_billion_of_volume_60() -> None:
    assert intensity_bps(120 * MILLION, 15 * BILLION) == pytest.approx(80.0)
    assert intensity_bps(120 * MILLION, 20 * BILLION) == pytest.approx(60.0)


def test_without_open_interest_there_is_no_intensity() -> None:
    assert intensity_bps(120 * MILLION, None) is None
    assert intensity_bps(120 * MILLION, 0.0) is None


def test_ninety_to_ten_is_0_896_of_longs_and_dust_says_nothing() -> None:
    assert long_share(90.0, 10.0, 1.0) == pytest.approx(0.896, abs=5e-4)
    assert long_share(0.02, 0.0, 1.0) == pytest.approx(0.510, abs=5e-4)
    assert long_share(0.0, 0.0, 1.0) == 0.5
    assert long_share(0.0, 0.0, 0.0) is None


def test_five_times_the_liquidations_on_usual_volume_is_4_55() -> None:
    liquidations, volume = relative_to_usual(50.0, 10.0), relative_to_usual(110.0, 100.0)
    assert liquidations_to_volume(liquidations, volume) == pytest.approx(4.55, abs=0.005)


def test_six_times_the_liquidations_on_twice_the_range_is_3() -> None:
    assert range_relative_intensity(
        relative_to_usual(6.0, 1.0), relative_to_usual(0.06, 0.03)
    ) == pytest.approx(3.0)


def test_without_a_usual_there_is_no_ratio() -> None:
    assert relative_to_usual(1.0, None) is None
    assert relative_to_usual(1.0, 0.0) is None
    assert liquidations_to_volume(None, 1.0) is None
    assert liquidations_to_volume(5.0, 0.0) is None
    assert range_relative_intensity(5.0, None) is None


@pytest.mark.parametrize(
    ("fallen", "percentile", "spot", "holds"),
    [
        (True, 0.90, 1.25, True),
        (False, 0.95, 1.0, False),
        (True, 0.89, 1.0, False),
        (True, 0.95, 1.26, False),
        (True, 0.95, None, None),
        (None, 0.89, None, False),
    ],
)
def test_a_down_day_of_forced_sales_on_modest_spot_volume(
    fallen: bool | None, percentile: float, spot: float | None, holds: bool | None
) -> None:
    found = is_down_day_on_modest_spot(
        has_fallen=fallen, percentile=percentile, rare=0.90, spot=spot, modest=1.25
    )
    assert found is holds


def test_less_than_half_of_the_worst_day_and_no_longer_rare_is_fading() -> None:
    assert is_fading(40.0, 100.0, 0.70, 0.5, 0.75) is True
    assert is_fading(50.0, 100.0, 0.70, 0.5, 0.75) is False
    assert is_fading(40.0, 100.0, 0.80, 0.5, 0.75) is False
    assert is_fading(40.0, 100.0, None, 0.5, 0.75) is None
    assert is_fading(60.0, 100.0, None, 0.5, 0.75) is False


@pytest.mark.parametrize(
    ("share", "rate", "latest", "largest"),
    [
        (0.01, 0.01005, 1.005, 1.0025),
        (0.10, 0.1054, 1.054, 1.026),
        (0.50, 0.6931, 1.386, 1.176),
        (0.90, 2.303, 2.558, 1.595),
        (0.99, 4.605, 4.652, 2.186),
    ],
)
def test_what_a_throttled_feed_misses(share: float, rate: float, latest: float, largest: float) -> None:
    found = throttle_correction(round(share * MANY_SECONDS), MANY_SECONDS, 0.95)
    assert found is not None
    assert found.events_per_second == pytest.approx(rate, rel=5e-4)
    assert found.factor_if_latest == pytest.approx(latest, rel=5e-4)
    assert found.factor_if_largest == pytest.approx(largest, rel=5e-4)
    assert found.is_saturated is (share >= 0.95)


def test_a_full_minute_is_clipped_and_marked_saturated() -> None:
    found = throttle_correction(60, 60, 0.95)
    clipped = throttle_correction(119, 120, 0.95)
    assert found is not None
    assert clipped is not None
    assert found.is_saturated
    assert found.events_per_second == pytest.approx(clipped.events_per_second)


def test_57_busy_seconds_of_a_minute_are_saturated_and_56_are_not() -> None:
    assert [throttle_correction(n, 60, 0.95).is_saturated for n in (56, 57)] == [False, True]  # type: ignore[union-attr]


def test_a_quiet_feed_misses_nothing_and_an_unseen_one_says_nothing() -> None:
    quiet = throttle_correction(0, 60, 0.95)
    assert quiet is not None
    assert (quiet.events_per_second, quiet.factor_if_latest, quiet.factor_if_largest) == (0.0, 1.0, 1.0)
    assert throttle_correction(0, 0, 0.95) is None
    assert throttle_correction(61, 60, 0.95) is None
    assert throttle_correction(-1, 60, 0.95) is None


def test_a_full_feed_elsewhere_is_scaled_by_open_interest() -> None:
    assert scaled_from_full_feed(10 * MILLION, 5 * BILLION, 8 * BILLION) == pytest.approx(16 * MILLION)
    assert scaled_from_full_feed(10 * MILLION, 0.0, 8 * BILLION) is None


def test_the_series_is_the_integral() -> None:
    x, pieces = 4.605, 20_000
    width = x / pieces
    integral = sum((1.0 - exp(-(k + 0.5) * width)) / ((k + 0.5) * width) for k in range(pieces)) * width
    assert exponential_integral(x) == pytest.approx(integral, rel=1e-8)
    assert exponential_integral(0.0) == 0.0


@pytest.mark.parametrize("rate", [0.1, 0.69, 2.30])
def test_exponential_sizes_miss_what_the_formula_says(rate: float) -> None:
    dice, true, shown = random.Random(7), 0.0, 0.0
    for _ in range(20_000):
        sizes, at = list[float](), dice.expovariate(rate)
        while at < 1.0:
            sizes.append(dice.expovariate(1.0))
            at += dice.expovariate(rate)
        true, shown = true + sum(sizes), shown + max(sizes, default=0.0)
    assert true / shown == pytest.approx(rate / exponential_integral(rate), rel=0.03)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(1e-3, 1e9))
def test_a_shrunk_share_lies_between_one_half_and_the_raw_share(
    longs: float, shorts: float, usual: float
) -> None:
    share = long_share(longs, shorts, usual)
    assert share is not None
    if longs + shorts > 0.0:
        raw = longs / (longs + shorts)
        assert min(raw, 0.5) - 1e-9 <= share <= max(raw, 0.5) + 1e-9
    else:
        assert share == 0.5


@given(st.integers(1, 3_600), st.data())
def test_the_largest_shown_always_misses_less_than_the_latest_shown(
    seconds: int, data: st.DataObject
) -> None:
    found = throttle_correction(data.draw(st.integers(0, seconds)), seconds, 0.95)
    assert found is not None
    assert 1.0 <= found.factor_if_largest <= found.factor_if_latest + 1e-12
