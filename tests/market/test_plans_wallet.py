"""A plan in a cross wallet: its forced close moves with the rest of the wallet, and never on what is unknown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.observations import Side
from market.plans import Happened, Plan, in_wallet, make_plan, sharing, watch
from market.sizing import MarginMode, Position, check_size
from tests.market.markets import HALF_PERCENT, RULES, SIZING, conditions
from tests.market.stated import MADE_MS, at, checked, planned, seen

FEE = SIZING.fee_rate
TIERS = {"BTC": HALF_PERCENT, "ETH": replace(HALF_PERCENT, asset="ETH")}


def crossed(side: Side = Side.LONG, leverage: float = 5.0) -> Plan:
    """Case A with cross margin: half a bitcoin at 100,000 on a wallet of 10,000."""
    return make_plan(checked(side, leverage, mode=MarginMode.CROSS), "p1", MADE_MS, SIZING)


def inverse(side: Side) -> Plan:
    """The same in coins."""
    position = Position("BTC", side, 3.0, equity_usd=10_000.0, mode=MarginMode.CROSS, is_inverse=True)
    return make_plan(check_size(position, conditions(), HALF_PERCENT, SIZING), "p3", MADE_MS, SIZING)


ETHER = replace(crossed(), id="p2", asset="ETH", coins=10.0, entry_usd=2_000.0)
"""Ten ether at 2,000 in the same wallet."""


@given(
    st.sampled_from([crossed(), crossed(Side.SHORT), inverse(Side.LONG), inverse(Side.SHORT)]),
    st.floats(0.9, 1.1),
)
def test_a_wallet_of_one_position_has_its_forced_close_where_it_was_at_every_price(
    plan: Plan, moved: float
) -> None:
    after = in_wallet(replace(plan, liquidation_usd=1.0), (), {"BTC": 100_000.0 * moved}, TIERS, FEE)
    assert after.liquidation_usd == pytest.approx(plan.liquidation_usd, rel=1e-9)
    assert in_wallet(plan, (), {"BTC": 100_000.0 * moved}, TIERS, FEE) == plan


def test_what_another_position_lost_and_must_keep_brings_the_forced_close_nearer() -> None:
    after = in_wallet(crossed(), (ETHER,), {"BTC": 98_000.0, "ETH": 1_800.0}, TIERS, FEE)
    behind = 10_000.0 - 2_000.0 - 0.005 * 18_000.0
    assert after.liquidation_usd == pytest.approx((behind - 50_000.0) / (0.5 * (0.005 + FEE - 1.0)))
    assert (after.liquidation_usd or 0.0) > (crossed().liquidation_usd or 0.0)


def test_what_another_position_won_takes_it_farther() -> None:
    after = in_wallet(crossed(), (ETHER,), {"BTC": 98_000.0, "ETH": 2_500.0}, TIERS, FEE)
    assert (after.liquidation_usd or 0.0) < (crossed().liquidation_usd or 0.0)


@pytest.mark.parametrize(
    ("prices", "tiers"),
    [
        ({"BTC": 98_000.0}, TIERS),
        ({"ETH": 1_500.0}, TIERS),
        ({"BTC": 98_000.0, "ETH": 1_500.0}, {"BTC": HALF_PERCENT}),
        ({"BTC": 98_000.0, "ETH": 1_500.0}, {"ETH": TIERS["ETH"]}),
    ],
)
def test_nothing_moves_on_what_is_unknown(prices: dict[str, float], tiers: dict) -> None:  # type: ignore[type-arg]
    assert in_wallet(crossed(), (ETHER,), prices, tiers, FEE) == crossed()


def test_a_wallet_with_less_than_it_must_keep_is_closed_at_the_present_price() -> None:
    after = in_wallet(crossed(), (ETHER,), {"BTC": 98_000.0, "ETH": 1_050.0}, TIERS, FEE)
    assert after.liquidation_usd == 98_000.0
    _, happened = watch(after, seen(98_000, 1), RULES, at(0), at(1))
    assert happened == (Happened.MAX_LOSS, Happened.LIQUIDATED)


def test_a_wallet_that_nothing_can_close_has_no_forced_close() -> None:
    rich = replace(crossed(), margin_usd=60_000.0)
    after = in_wallet(rich, (), {"BTC": 98_000.0}, TIERS, FEE)
    assert (after.liquidation_usd, after.maintenance_rate) == (None, None)
    assert in_wallet(after, (), {"BTC": 98_000.0}, TIERS, FEE) == after


def test_a_small_move_is_none() -> None:
    prices = {"BTC": 98_000.0, "ETH": 2_000.0}
    known = in_wallet(crossed(), (ETHER,), prices, TIERS, FEE)
    assert known != crossed()
    assert in_wallet(known, (ETHER,), {**prices, "ETH": 2_001.0}, TIERS, FEE) == known


def test_an_isolated_plan_shares_nothing_and_never_moves() -> None:
    assert sharing(planned(), (planned(), ETHER)) == ()
    assert in_wallet(planned(), (ETHER,), {"BTC": 98_000.0, "ETH": 1_000.0}, TIERS, FEE) == planned()


def test_a_wallet_is_what_is_held_with_cross_margin_at_one_venue_and_still_open() -> None:
    plan, gone = crossed(), replace(ETHER, id="p9", watch=replace(ETHER.watch, told_ms={"liquidated": at(1)}))
    elsewhere = replace(
        ETHER, id="p8", venue=next(one for one in type(ETHER.venue) if one is not ETHER.venue)
    )
    assert sharing(plan, (plan, ETHER, gone, elsewhere, planned())) == (ETHER,)
