"""What the other positions of a cross wallet add to a new one, or take: the venue's TMM and UPNL."""

from dataclasses import dataclass, replace

import pytest

from market.margin import Tier, Tiers
from market.observations import Side, Venue
from market.sizing import MarginMode, Others, Position, check_size, others_of
from tests.market.markets import HALF_PERCENT, SIZING, conditions

LONG, SHORT = Side.LONG, Side.SHORT
TIERS = {"BTC": HALF_PERCENT, "ETH": HALF_PERCENT}
PRICES = {"BTC": 100_000.0, "ETH": 3_000.0}


@dataclass(frozen=True, slots=True)
class Kept:
    asset: str
    side: Side
    coins: float
    entry_usd: float
    is_inverse: bool = False


LOSING_LONG = Kept("ETH", LONG, 10.0, 3_200.0)  # 30,000 USD now, 2,000 lost
WINNING_SHORT = Kept("BTC", SHORT, 0.5, 104_000.0)  # 50,000 USD now, 2,000 won


def test_a_loss_and_the_maintenance_are_taken_and_a_profit_is_added() -> None:
    losing = others_of([LOSING_LONG], PRICES, TIERS)
    assert losing == Others(150.0, -2_000.0, 1)
    assert losing.total_usd == -2_150.0
    both = others_of([LOSING_LONG, WINNING_SHORT], PRICES, TIERS)
    assert both == Others(400.0, 0.0, 2)
    assert both.total_usd == -400.0


def test_without_other_positions_nothing_is_added() -> None:
    assert others_of([], PRICES, TIERS).total_usd == 0.0


def test_a_position_without_a_price_or_brackets_makes_the_sum_unknown_and_is_named() -> None:
    doge = Kept("DOGE", LONG, 1_000.0, 0.1)
    found = others_of([LOSING_LONG, doge, doge], PRICES, TIERS)
    assert (found.unknown, found.total_usd) == (("DOGE",), None)
    assert found.known_usd == -2_150.0
    assert others_of([LOSING_LONG], PRICES, {}).unknown == ("ETH",)


def test_a_coin_margined_position_shares_nothing_with_a_wallet_in_dollars() -> None:
    inverse = replace(WINNING_SHORT, is_inverse=True)
    assert others_of([inverse, LOSING_LONG], PRICES, TIERS) == others_of([LOSING_LONG], PRICES, TIERS)
    in_coins = others_of([inverse, LOSING_LONG], PRICES, TIERS, settled_in="BTC")
    # 52,000 USD of contracts sold at 104,000: .52 coins at 100,000 against .5, and half a percent of 52,000
    assert in_coins == Others(pytest.approx(260.0), pytest.approx(2_000.0), 1)  # type: ignore[arg-type]


def test_the_bracket_is_that_of_the_notional_at_the_present_price() -> None:
    steps = (Tier(0.0, 31_000.0, 50.0, 0.01, 0.0), Tier(31_000.0, 1e6, 20.0, 0.02, 0.0))
    whole = Tiers("ETH", Venue.OKX, "2026-11-22", steps, is_whole_rate=True)
    assert others_of([LOSING_LONG], PRICES, {"ETH": whole}).maintenance_usd == 300.0
    assert others_of([LOSING_LONG], {"ETH": 3_200.0}, {"ETH": whole}).maintenance_usd == 640.0
    # in contracts that were 31,000 USD at 3,100, 10 coins: the first bracket at every price
    counted = replace(whole, priced_at_usd=3_100.0)
    assert others_of([LOSING_LONG], {"ETH": 3_200.0}, {"ETH": counted}).maintenance_usd == 320.0


def test_binances_cross_example_comes_out_of_stated_positions() -> None:
    # ETH cross of the documentation: the other one keeps 71,200.81144 and has lost 56,354.57
    rate = 71_200.81144 / (100.0 * 30_000.0)
    tiers = {"BTC": Tiers("BTC", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e9, 50.0, rate, 0.0),))}
    other = Kept("BTC", LONG, 100.0, 30_000.0 + 563.5457)
    total = others_of([other], {"BTC": 30_000.0}, tiers).total_usd
    assert total == pytest.approx(-71_200.81144 - 56_354.57)
    eth = Tiers("ETH", Venue.BINANCE, "2026-09-29", (Tier(0.0, 1e9, 50.0, 0.10, 135_365.0),))
    wallet = 1_535_443.01
    position = Position(
        "ETH",
        LONG,
        3_683.979 * 1_456.84 / wallet,
        wallet,
        entry_usd=1_456.84,
        mode=MarginMode.CROSS,
        others_usd=total or 0.0,
    )
    asked = check_size(position, conditions(price_usd=1_456.84), eth, replace(SIZING, fee_rate=0.0)).asked
    assert asked.liquidation_price_usd == pytest.approx(1_153.26, abs=0.005)
