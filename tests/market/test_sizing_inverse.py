"""Coin-margined positions: everything is counted in coins, and both sides are hurt otherwise than in dollars."""

from dataclasses import replace

import pytest

from market.margin import Impossible, ImpossiblePosition, Tier, Tiers, liquidation
from market.observations import Side, Venue
from market.sizing import Assumption, Cap, MarginMode, Position, SizeCheck, check_size, numbers_of
from tests.market.markets import HALF_PERCENT, SIZING, conditions

LONG, SHORT = Side.LONG, Side.SHORT
FREE = replace(SIZING, fee_rate=0.0)


def inverse(side: Side, leverage: float = 5.0, **market: float) -> SizeCheck:
    position = Position("BTC", side, leverage, 10_000.0, is_inverse=True)
    return check_size(position, conditions(**market), HALF_PERCENT, SIZING)  # type: ignore[arg-type]


@pytest.mark.parametrize(("side", "printed"), [(LONG, 45_681.82), (SHORT, 55_277.78)])
def test_bybits_inverse_page_comes_out_of_a_whole_check(side: Side, printed: float) -> None:
    position = Position("BTC", side, 10.0, 6_000.0, is_inverse=True)
    asked = check_size(position, conditions(price_usd=50_000.0), HALF_PERCENT, FREE).asked
    assert asked.liquidation_price_usd == pytest.approx(printed, abs=0.005)


def test_ten_percent_in_coins_is_harder_on_a_long_and_easier_on_a_short() -> None:
    long, short = inverse(LONG, funding=0.0), inverse(SHORT, funding=0.0)
    assert long.caps[Cap.TEN_PERCENT] == pytest.approx(1 / (0.1 / 0.9 + 0.0055 / 0.9))
    assert short.caps[Cap.TEN_PERCENT] == pytest.approx(1 / (0.1 / 1.1 + 0.0055 / 1.1))


def test_no_coins_are_enough_for_a_fall_to_nothing() -> None:
    wild = inverse(LONG, sigma=12.0)
    assert 2 * wild.trade.sigma_horizon > 1.0
    assert (wild.margin_total_usd, wild.margin_to_deposit_usd, wild.margin_total_share) == (None, None, None)
    assert inverse(SHORT, sigma=12.0).margin_total_usd is not None


def test_two_sigma_in_coins_counts_the_funding_of_the_side_that_pays() -> None:
    two_sigma = 2 * 0.40 * (72 / 8_760) ** 0.5
    long = inverse(LONG, funding=0.0001)
    lost = two_sigma / (1 - two_sigma) + 0.0055 / (1 - two_sigma) + 0.0009
    assert long.caps[Cap.TWO_SIGMA] == pytest.approx(1 / lost)
    short = inverse(SHORT, funding=0.0001)
    assert short.caps[Cap.TWO_SIGMA] == pytest.approx((1 + two_sigma) / (two_sigma + 0.0055))
    assert long.asked.funding_of_margin == pytest.approx(0.0045)
    assert short.asked.funding_of_margin == 0.0


def test_a_short_covered_by_its_own_coins_has_no_liquidation_price() -> None:
    asked = inverse(SHORT, 1.0).asked
    assert (asked.liquidation_price_usd, asked.liquidation_distance) == (None, None)
    assert inverse(LONG, 1.0).asked.liquidation_price_usd == pytest.approx(100_000 * 1.0055 / 2)


def test_the_size_by_drawdown_counts_the_coins_lost_on_the_way_to_the_exit() -> None:
    check = inverse(LONG, funding=0.0)
    away = check.asked.ladder.exit_distance
    assert check.budget.leverage == pytest.approx(0.05 / (away / (1 - away) + 0.001))
    assert check.budget.notional_usd == pytest.approx(10_000 * check.budget.leverage)


def test_in_dollars_the_contracts_stay_in_their_bracket_at_every_price() -> None:
    steps = (Tier(0.0, 40_000.0, 50.0, 0.004, 0.0), Tier(40_000.0, 1e6, 20.0, 0.01, 240.0))
    tiers = Tiers("BTC", Venue.BYBIT, "2026-11-22", steps)
    closed = liquidation(LONG, 0.5, 100_000.0, 10_000.0, tiers, 0.0, is_inverse=True)
    assert closed is not None
    assert closed.tier.maintenance_rate == 0.01
    # 50,000 USD keep 1 % less 240 USD: 260 USD, .52 %; .1 coin stands behind .5 coin
    assert closed.price_usd == pytest.approx(50_000 * 1.0052 / 0.6)


def test_a_fall_to_nothing_leaves_a_coin_margined_long_nothing() -> None:
    wild = conditions(sigma=6.0, price_usd=10.0, funding=0.0)
    position = Position("BTC", LONG, 1.0, 100.0, is_inverse=True)
    check = check_size(position, wild, HALF_PERCENT, SIZING)
    assert check.trade.sigma_horizon > 0.5
    assert 0.0 < check.max_leverage < 1e-6
    assert check.binding_cap is Cap.TWO_SIGMA


def test_the_wallet_of_a_coin_backs_a_cross_position_in_it() -> None:
    cross = Position("BTC", LONG, 5.0, 10_000.0, mode=MarginMode.CROSS, is_inverse=True, others_usd=5_000.0)
    asked = check_size(cross, conditions(), HALF_PERCENT, SIZING).asked
    # .15 coin behind .5 coin
    assert asked.liquidation_price_usd == pytest.approx(50_000 * 1.0055 / 0.65)


def test_a_margin_below_maintenance_is_refused_in_coins_too() -> None:
    dear = Tiers("BTC", Venue.BYBIT, "2026-11-22", (Tier(0.0, 1e9, 50.0, 0.05, 0.0),))
    position = Position("BTC", LONG, 20.0, 1_000.0, is_inverse=True)
    with pytest.raises(ImpossiblePosition) as refused:
        check_size(position, conditions(), dear, SIZING)
    assert refused.value.why is Impossible.MARGIN_BELOW_MAINTENANCE


def test_whose_brackets_are_used_is_said() -> None:
    assert Assumption.TIERS_OF_LINEAR in inverse(LONG).assumptions
    assert numbers_of(inverse(LONG))["inverse"] is True
    at = Position("BTC", LONG, 5.0, 10_000.0, venue=Venue.BYBIT)
    check = check_size(at, conditions(), HALF_PERCENT, SIZING)
    assert Assumption.TIERS_OF_ANOTHER_VENUE in check.assumptions
    here = check_size(replace(at, venue=Venue.BINANCE), conditions(), HALF_PERCENT, SIZING)
    assert {Assumption.TIERS_OF_ANOTHER_VENUE, Assumption.TIERS_OF_LINEAR}.isdisjoint(here.assumptions)
