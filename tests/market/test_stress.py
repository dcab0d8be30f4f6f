"""Positions under stress: margin left, who is closed in which order, one wallet for all cross positions of a venue."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.cascade import Cluster
from market.margin import Tier, Tiers, liquidation, tiers_of
from market.observations import Side, Venue
from market.plans import Ladder, Plan
from market.sizing import MarginMode
from market.stress import (
    FALLS,
    RISES,
    Closing,
    Held,
    Market,
    Scenario,
    cascade_of,
    held_of,
    stress,
    wallets_of,
)

FEE = 0.0005
BRACKETS = Tiers(
    "BTC",
    Venue.BINANCE,
    "2026-09-29",
    (Tier(0.0, 50_000.0, 125.0, 0.004, 0.0), Tier(50_000.0, 250_000.0, 100.0, 0.005, 50.0), Tier(250_000.0, 1e6, 50.0, 0.01, 1_300.0)),
)  # fmt: skip
WHOLE = replace(
    BRACKETS,
    venue=Venue.OKX,
    steps=tuple(replace(tier, maintenance_amount_usd=0.0) for tier in BRACKETS.steps),
    is_whole_rate=True,
)
LONG = Held(
    "p1",
    "BTC",
    Side.LONG,
    MarginMode.ISOLATED,
    Venue.BINANCE,
    is_inverse=False,
    coins=0.5,
    entry_usd=100_000.0,
    margin_usd=10_000.0,
    liquidation_usd=80_442.43,
    maintenance_rate=0.005,
    tiers=BRACKETS,
)
SHORT = replace(
    LONG, id="p2", asset="ETH", side=Side.SHORT, coins=10.0, entry_usd=4_000.0, liquidation_usd=4_800.0
)
HERE = Market({"BTC": 100_000.0, "ETH": 4_000.0}, {}, FEE)


def cross(one: Held, **changed: object) -> Held:
    return replace(one, mode=MarginMode.CROSS, liquidation_usd=None, **changed)  # type: ignore[arg-type]


def left(scenarios: tuple[Scenario, ...], identity: str) -> list[float | None]:
    return [one.left_usd for scenario in scenarios for one in scenario.outcomes if one.held.id == identity]


def test_an_isolated_long_keeps_what_it_has_not_lost_and_nothing_once_it_is_closed() -> None:
    found = stress([LONG], HERE, FALLS)
    assert [scenario.move for scenario in found.falls] == [-0.05, -0.10, -0.20]
    assert left(found.falls, "p1") == pytest.approx([7_500.0, 5_000.0, 0.0])
    assert [one.is_closed for scenario in found.falls for one in scenario.outcomes] == [False, False, True]
    assert found.falls[2].outcomes[0].profit_usd == -10_000.0
    assert [scenario.left_usd for scenario in found.falls] == pytest.approx([7_500.0, 5_000.0, 0.0])
    assert found.rises == ()


def test_a_short_is_hurt_by_a_rise_and_a_long_by_a_fall() -> None:
    found = stress([LONG, SHORT], HERE, (*FALLS, *RISES))
    assert left(found.falls, "p2") == pytest.approx([12_000.0, 14_000.0, 18_000.0])
    assert left(found.rises, "p2") == pytest.approx([8_000.0, 6_000.0, 0.0])
    assert [one.held[0].id for one in found.closed_by_fall] == ["p1"]
    assert [one.held[0].id for one in found.closed_by_rise] == ["p2"]
    assert found.closed_by_rise[0].move == pytest.approx(0.20)


def test_what_is_closed_first_is_told_first() -> None:
    near = replace(LONG, id="p3", liquidation_usd=95_000.0)
    far = replace(LONG, id="p4", asset="ETH", coins=10.0, entry_usd=4_000.0, liquidation_usd=3_500.0)
    found = stress([LONG, far, near], HERE, FALLS)
    assert [(one.held[0].id, round(one.move, 4)) for one in found.closed_by_fall] == [
        ("p3", -0.05),
        ("p4", -0.125),
        ("p1", -0.1956),
    ]
    assert [one.prices_usd for one in found.closed_by_fall] == [(95_000.0,), (3_500.0,), (80_442.43,)]


def test_another_asset_moves_by_its_stated_beta() -> None:
    long_eth = replace(LONG, id="p4", asset="ETH", coins=10.0, entry_usd=4_000.0, liquidation_usd=3_400.0)
    found = stress([long_eth], replace(HERE, betas={"ETH": 1.5}), (-0.05, -0.10))
    assert left(found.falls, "p4") == pytest.approx([10_000.0 - 3_000.0, 0.0])
    assert found.closed_by_fall[0].move == pytest.approx(-0.10)


def test_a_fall_beyond_all_of_a_price_leaves_a_price() -> None:
    found = stress([replace(LONG, liquidation_usd=None)], replace(HERE, betas={"BTC": 3.0}), (-0.5,))
    assert found.falls[0].outcomes[0].price_usd == pytest.approx(100.0)


def test_what_is_closed_by_now_is_closed_whichever_way_the_market_goes() -> None:
    lost = replace(LONG, liquidation_usd=101_000.0)
    found = stress([lost], HERE, (*FALLS, *RISES))
    assert found.closed_by_fall == found.closed_by_rise == (Closing(0.0, (lost,), (101_000.0,)),)
    assert left(found.rises, "p1") == [0.0, 0.0, 0.0]


def test_a_position_without_a_forced_close_is_never_closed() -> None:
    found = stress([replace(LONG, liquidation_usd=None, margin_usd=50_000.0)], HERE, (-0.5,))
    assert found.closed_by_fall == ()
    assert left(found.falls, "p1") == [25_000.0]


def test_coins_as_a_margin_lose_their_own_worth_as_well() -> None:
    inverse = replace(LONG, is_inverse=True, liquidation_usd=None)
    # half a coin long with a tenth of one as margin: 90,000 a coin leave 9,000 of margin less 5,000 lost
    assert left(stress([inverse], HERE, (-0.10,)).falls, "p1") == pytest.approx([4_000.0])


def test_without_a_price_a_position_is_named_and_left_out() -> None:
    sol = replace(LONG, id="p5", asset="SOL")
    found = stress([LONG, sol], HERE, FALLS)
    assert found.unpriced == (sol,)
    assert left(found.falls, "p5") == []


def test_cross_positions_of_a_venue_share_the_wallet_stated_last() -> None:
    first = cross(LONG, since_ms=1, margin_usd=99_000.0)
    second = cross(SHORT, since_ms=2)
    elsewhere = cross(LONG, id="p9", venue=Venue.BYBIT)
    wallets = wallets_of([first, second, elsewhere, LONG])
    assert [(one.venue, one.worth_usd(HERE, -0.1), one.said_by.id, len(one.held)) for one in wallets] == [
        (Venue.BINANCE, 10_000.0, "p2", 2),
        (Venue.BYBIT, 10_000.0, "p9", 1),
    ]


def test_the_short_of_a_cross_wallet_pays_for_its_long() -> None:
    found = stress([cross(LONG), cross(SHORT)], HERE, FALLS)
    # 50,000 long against 40,000 short: a fall of 20 % loses 10,000 and wins 8,000
    assert [scenario.wallets[0].left_usd for scenario in found.falls] == pytest.approx(
        [9_500.0, 9_000.0, 8_000.0]
    )
    assert left(found.falls, "p1") == [None, None, None]
    assert [one.profit_usd for one in found.falls[0].outcomes] == pytest.approx([-2_500.0, 2_000.0])
    assert found.falls[2].left_usd == pytest.approx(8_000.0)


def test_a_cross_wallet_is_closed_as_a_whole() -> None:
    found = stress(
        [cross(LONG), cross(LONG, id="p3", asset="ETH", coins=10.0, entry_usd=4_000.0)], HERE, FALLS
    )
    (closing,) = found.closed_by_fall
    assert closing.venue is Venue.BINANCE
    assert [one.id for one in closing.held] == ["p1", "p3"]
    # 90,000 long on 10,000: w + 90,000 m = (90,000 (1 + m)) x (.004 + .0005), in the first bracket each
    move = (90_000 * 0.0045 - 10_000) / (90_000 * (1 - 0.0045))
    assert closing.move == pytest.approx(move)
    assert closing.prices_usd == pytest.approx((100_000 * (1 + move), 4_000 * (1 + move)))
    assert [scenario.wallets[0].is_closed for scenario in found.falls] == [False, False, True]
    assert found.falls[2].left_usd == 0.0


def test_a_wallet_that_does_not_cover_its_maintenance_is_closed_by_now() -> None:
    found = stress([cross(LONG, entry_usd=120_000.0)], HERE, (*FALLS, *RISES))
    assert [one.move for one in (*found.closed_by_fall, *found.closed_by_rise)] == [0.0, 0.0]


def test_a_cross_position_whose_brackets_nobody_knows_is_named() -> None:
    unknown = cross(LONG, tiers=None, maintenance_rate=None)
    found = stress([unknown], HERE, (-0.9,))
    assert found.unbracketed == (unknown,)
    assert found.closed_by_fall == ()
    planned = stress([cross(LONG, tiers=None)], HERE, FALLS)
    assert planned.unbracketed == ()
    assert planned.closed_by_fall[0].prices_usd[0] == pytest.approx(80_442.43, abs=0.01)


ETH_TIER = Tiers("ETH", Venue.BINANCE, "2021-09-01", (Tier(0.0, 1e12, 5.0, 0.10, 135_365.0),))
BTC_TIER = Tiers("BTC", Venue.BINANCE, "2021-09-01", (Tier(0.0, 1e12, 20.0, 0.025, 16_300.0),))


@pytest.mark.parametrize(
    ("asset", "still", "documented"), [("ETH", "BTC", 1_153.26), ("BTC", "ETH", 26_316.89)]
)
def test_a_wallet_of_two_is_closed_where_the_example_of_the_venue_says(
    asset: str, still: str, documented: float
) -> None:
    """Binance's own example of cross margin (section 8): a wallet of 1,535,443.01 with ETH and BTC longs, one of them moving."""
    wallet = 1_535_443.01
    eth = cross(LONG, asset="ETH", coins=3_683.979, entry_usd=1_456.84, margin_usd=wallet, tiers=ETH_TIER)
    btc = cross(LONG, asset="BTC", coins=109.488, entry_usd=32_481.98, margin_usd=wallet, tiers=BTC_TIER)
    market = Market({"ETH": 1_335.18, "BTC": 31_967.27}, {still: 1e-12}, fee_rate=0.0)
    (closing,) = stress([eth, btc], market, ()).closed_by_fall
    price = dict(zip((one.asset for one in closing.held), closing.prices_usd, strict=True))[asset]
    assert price == pytest.approx(documented, abs=0.01)


sizes = st.floats(0.01, 9.0)
leverages = st.floats(1.2, 50.0)


@given(sizes, leverages, st.sampled_from(Side), st.sampled_from([BRACKETS, WHOLE, tiers_of("BTC")]))
def test_one_cross_position_is_closed_where_the_venue_closes_it(
    coins: float, leverage: float, side: Side, tiers: Tiers
) -> None:
    margin_usd = coins * 100_000.0 / leverage
    one = cross(LONG, side=side, coins=coins, margin_usd=margin_usd, tiers=tiers)
    closed = liquidation(side, coins, 100_000.0, margin_usd, tiers, FEE)
    found = stress([one], HERE, ())
    closings = found.closed_by_fall if side is Side.LONG else found.closed_by_rise
    if closed is None or not 5_000.0 <= closed.price_usd <= 300_000.0:
        assert closings == () or not 5_001.0 <= closings[0].prices_usd[0] <= 299_999.0
        return
    assert closings[0].prices_usd[0] == pytest.approx(closed.price_usd, rel=1e-9)


@given(sizes, leverages, st.sampled_from(Side), st.sampled_from([BRACKETS, WHOLE]))
def test_one_coin_margined_cross_position_is_closed_where_the_venue_closes_it(
    coins: float, leverage: float, side: Side, tiers: Tiers
) -> None:
    margin_usd = coins * 100_000.0 / leverage
    one = cross(LONG, side=side, coins=coins, margin_usd=margin_usd, tiers=tiers, is_inverse=True)
    closed = liquidation(side, coins, 100_000.0, margin_usd, tiers, FEE, is_inverse=True)
    found = stress([one], HERE, ())
    closings = found.closed_by_fall if side is Side.LONG else found.closed_by_rise
    if closed is None or closed.price_usd > 300_000.0:
        assert closings == ()
        return
    assert closings[0].prices_usd[0] == pytest.approx(closed.price_usd, rel=1e-9)


def test_wallets_in_coins_and_in_dollars_are_two() -> None:
    wallets = wallets_of([cross(LONG), cross(LONG, id="p3", is_inverse=True)])
    assert [one.said_by.id for one in wallets] == ["p1", "p3"]
    # a tenth of a coin, worth 9,000 at 90,000
    assert wallets[1].worth_usd(HERE, -0.1) == pytest.approx(9_000.0)
    found = stress([cross(LONG, is_inverse=True, margin_usd=20_000.0)], HERE, (-0.1,))
    assert found.falls[0].wallets[0].left_usd == pytest.approx(18_000.0 - 5_000.0)


def test_contracts_stay_in_the_bracket_they_were_bought_in() -> None:
    counted = replace(WHOLE, priced_at_usd=50_000.0)
    one = cross(LONG, coins=2.4, margin_usd=48_000.0, tiers=counted)
    closed = liquidation(Side.LONG, 2.4, 100_000.0, 48_000.0, counted, FEE)
    assert closed is not None
    assert stress([one], HERE, ()).closed_by_fall[0].prices_usd[0] == pytest.approx(closed.price_usd)


@given(sizes, sizes, leverages, st.sampled_from(Side), st.floats(0.01, 0.9))
def test_a_larger_move_never_leaves_more_of_what_it_hurts(
    bitcoins: float, ethers: float, leverage: float, side: Side, move: float
) -> None:
    wallet_usd = (bitcoins * 100_000.0 + ethers * 4_000.0) / leverage
    both = [
        cross(LONG, side=side, coins=bitcoins, margin_usd=wallet_usd),
        cross(SHORT, side=side, coins=ethers, margin_usd=wallet_usd),
    ]
    sign = -1.0 if side is Side.LONG else 1.0
    found = stress(both, HERE, (sign * move, sign * (move + 0.01)))
    less, more = found.falls or found.rises
    assert more.left_usd <= less.left_usd
    assert less.left_usd >= 0.0
    assert more.wallets[0].is_closed or not less.wallets[0].is_closed


CLUSTERS = (Cluster(0.03, 80e6), Cluster(0.05, 150e6), Cluster(0.09, 100e6))


def test_a_first_fall_that_spares_a_position_may_end_where_it_is_closed() -> None:
    found = stress([replace(LONG, liquidation_usd=93_000.0)], HERE, FALLS)
    fallen = cascade_of("BTC", Side.LONG, CLUSTERS, 50e6, (0.02, 0.03, 0.05), found.closed_by_fall, 1.0)
    # the vectors of section 9: 2 % stays 2 %, 3 % becomes 4.6 %, 5 % becomes 11.6 %
    assert [row[0].final_drop for row in fallen.ends] == pytest.approx([0.02, 0.046, 0.116])
    assert [row[0] for row in fallen.closes] == [(), (), ("p1",)]
    # with three tenths of the book, 3 % becomes 25 %
    assert fallen.ends[1][1].final_drop == pytest.approx(0.03 + 330 / 15 / 100)
    assert fallen.closes[1] == ((), ("p1",), ("p1",))


def test_a_cascade_of_one_asset_closes_no_position_in_another() -> None:
    eth = replace(LONG, id="p4", asset="ETH", coins=10.0, entry_usd=4_000.0, liquidation_usd=3_900.0)
    found = stress([eth], HERE, FALLS)
    fallen = cascade_of("BTC", Side.LONG, CLUSTERS, 50e6, (0.05,), found.closed_by_fall, 1.0)
    assert fallen.closes == (((), (), ()),)


def test_a_plan_is_stressed_as_it_was_made_with_the_brackets_of_now() -> None:
    plan = Plan(
        "p7f2", "BTC", Side.LONG, MarginMode.CROSS, Venue.BINANCE, is_inverse=False, coins=0.5, entry_usd=100_000.0,
        margin_usd=10_000.0, made_ms=7, hold_hours=72.0, sigma=0.6, liquidation_usd=80_442.43, maintenance_rate=0.005,
        tiers_on="2026-01-01", drawdown_usd=500.0, max_leverage=5.0, ladder=Ladder(0.03, 0.05, 0.07),
    )  # fmt: skip
    held = held_of(plan, BRACKETS)
    assert (held.id, held.tiers, held.since_ms, held.stands_alone) == ("p7f2", BRACKETS, 7, False)
    assert held.equity_usd(90_000.0) == pytest.approx(5_000.0)
