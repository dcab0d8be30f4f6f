"""Funding and basis (quant.md section 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.funding import (
    RateSpan,
    apr,
    apy,
    blended,
    dated_basis,
    dispersion,
    from_premium,
    is_at_cap,
    is_flipped,
    perpetual_premium,
    rate_8h,
    time_weighted_mean,
    weighted_by_open_interest,
)

PERCENT = 0.01
rates = st.floats(-0.02, 0.02)


def test_one_basis_point_each_eight_hours_is_10_95_percent_a_year_and_11_57_compounded() -> None:
    assert apr(0.01 * PERCENT, 8.0) == pytest.approx(0.1095, abs=5e-6)
    assert apy(0.01 * PERCENT, 8.0) == pytest.approx(0.1157, abs=5e-5)


def test_the_same_rate_each_four_hours_is_twice_as_much() -> None:
    assert rate_8h(0.01 * PERCENT, 4.0) == pytest.approx(0.02 * PERCENT)
    assert apr(0.01 * PERCENT, 4.0) == pytest.approx(0.219, abs=5e-6)


def test_an_hourly_venue_pays_an_eighth_each_hour() -> None:
    assert rate_8h(0.00125 * PERCENT, 1.0) == pytest.approx(0.01 * PERCENT)
    assert apr(0.00125 * PERCENT, 1.0) == pytest.approx(0.1095, abs=5e-6)
    assert apy(0.00125 * PERCENT, 1.0) == pytest.approx(0.116, abs=5e-4)


def test_three_basis_points_are_32_85_percent_either_way() -> None:
    assert apr(0.03 * PERCENT, 8.0) == pytest.approx(0.3285)
    assert apr(-0.03 * PERCENT, 8.0) == pytest.approx(-0.3285)


@pytest.mark.parametrize(
    ("premium", "rate"),
    [(0.02, 0.01), (0.12, 0.07), (-0.08, -0.03), (-0.04, 0.01), (0.06, 0.01), (0.01, 0.01)],
)
def test_the_premium_index_prints_a_rate_with_a_dead_band(premium: float, rate: float) -> None:
    assert from_premium(premium * PERCENT) == pytest.approx(rate * PERCENT, abs=1e-12)


def test_the_predicted_rate_weighs_by_how_much_of_it_has_passed() -> None:
    assert blended(0.01 * PERCENT, 0.05 * PERCENT, 2.0, 8.0) == pytest.approx(0.02 * PERCENT)
    assert blended(0.01 * PERCENT, 0.05 * PERCENT, -1.0, 8.0) == pytest.approx(0.01 * PERCENT)
    assert blended(0.01 * PERCENT, 0.05 * PERCENT, 9.0, 8.0) == pytest.approx(0.05 * PERCENT)


def test_a_day_of_three_rates_is_their_mean_over_time() -> None:
    spans = [RateSpan(0.0001, 8.0), RateSpan(0.0004, 8.0), RateSpan(0.0001, 8.0)]
    assert time_weighted_mean(spans) == pytest.approx(0.0002)
    assert time_weighted_mean([RateSpan(0.0001, 18.0), RateSpan(0.0005, 6.0)]) == pytest.approx(0.0002)
    assert time_weighted_mean([]) is None


def test_venues_weigh_by_open_interest() -> None:
    venues = [(6e9, 0.01 * PERCENT), (3e9, 0.03 * PERCENT), (1e9, -0.02 * PERCENT)]
    assert weighted_by_open_interest(venues) == pytest.approx(0.013 * PERCENT)
    assert dispersion([rate for _, rate in venues]) == pytest.approx(0.05 * PERCENT)
    assert weighted_by_open_interest([]) is None
    assert dispersion([]) is None


def test_1_500_over_spot_in_45_days_is_12_17_percent_a_year() -> None:
    basis = dated_basis(101_500.0, 100_000.0, 45.0)
    assert basis is not None
    assert basis.simple == pytest.approx(0.1217, abs=5e-5)
    assert basis.compounded == pytest.approx(0.1284, abs=5e-5)
    assert dated_basis(101_500.0, 0.0, 45.0) is None
    assert dated_basis(101_500.0, 100_000.0, 0.0) is None


def test_a_perpetuals_premium_is_over_its_index() -> None:
    assert perpetual_premium(100_050.0, 100_000.0) == pytest.approx(0.0005)
    assert perpetual_premium(100_050.0, 0.0) is None


def test_a_rate_at_the_cap_hides_the_true_one() -> None:
    assert is_at_cap(-0.03, 0.03)
    assert not is_at_cap(0.0299, 0.03)
    assert not is_at_cap(0.0, 0.0)


def test_two_negative_settlements_are_a_flip() -> None:
    assert is_flipped([0.0001, -0.0001, -0.0002]) is True
    assert is_flipped([-0.0001, 0.0001]) is False
    assert is_flipped([-0.0001]) is None


@given(rates, st.sampled_from([1.0, 2.0, 4.0, 8.0]))
def test_a_year_costs_the_same_however_the_rate_is_quoted(rate: float, interval: float) -> None:
    assert apr(rate, interval) == pytest.approx(apr(rate_8h(rate, interval), 8.0), abs=1e-12)


@given(rates)
def test_a_printed_rate_stays_within_the_clamp_of_its_premium(premium: float) -> None:
    assert abs(from_premium(premium) - premium) <= 0.0005 + 1e-12


@given(rates, rates)
def test_a_higher_premium_never_prints_a_lower_rate(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert from_premium(low) <= from_premium(high) + 1e-12


@given(st.lists(st.tuples(st.floats(1.0, 1e10), rates), min_size=1))
def test_a_weighted_rate_lies_among_the_rates(venues: list[tuple[float, float]]) -> None:
    mean = weighted_by_open_interest(venues)
    assert mean is not None
    assert min(rate for _, rate in venues) - 1e-12 <= mean <= max(rate for _, rate in venues) + 1e-12
