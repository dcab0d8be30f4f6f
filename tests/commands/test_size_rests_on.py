"""/size and what it rests on: a venue's own tiers, the rest of the wallet, what half a year did, and the market of this moment."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from commands.desk.own import as_theirs
from commands.desk.wallet import usable_price
from commands.protocol.dispatch import outcome
from market.hourly import KEPT_HOURS, Hourly
from market.margin import Tier, Tiers, tiers_of
from market.observations import HOUR_MS, Asset, Side, Venue
from market.plans import Ladder, Plan, Watch
from market.sizing import MarginMode, Others, Position, conditions_of
from market.snapshot import Snapshot
from store.persons import Person
from tests.commands.markets import NOW_MS, calm, crowding, reading
from tests.commands.talking import Talk, talk

ME = "telegram:4711"
BYBIT = Tiers(
    "BTC", Venue.BYBIT, "2026-11-22", (Tier(0.0, 2e6, 50.0, 0.02, 0.0), Tier(2e6, 1e8, 10.0, 0.05, 6e4))
)
OKX = Tiers(
    "BTC",
    Venue.OKX,
    "2026-11-21",
    (Tier(0.0, 5e4, 20.0, 0.01, 0.0), Tier(5e4, 1e8, 10.0, 0.04, 0.0)),
    is_whole_rate=True,
)
HYPERLIQUID = Tiers("BTC", Venue.HYPERLIQUID, "2026-11-20", (Tier(0.0, 1e9, 40.0, 0.0125, 0.0),))
PLAN = Plan(
    id="p7f2",
    asset="ETH",
    side=Side.LONG,
    mode=MarginMode.CROSS,
    venue=Venue.BINANCE,
    is_inverse=False,
    coins=10.0,
    entry_usd=64_310.0,
    margin_usd=100_000.0,
    made_ms=NOW_MS,
    hold_hours=72.0,
    sigma=0.6,
    liquidation_usd=None,
    maintenance_rate=None,
    tiers_on="2026-09-29",
    drawdown_usd=500.0,
    max_leverage=3.0,
    ladder=Ladder(0.04, 0.06, 0.08),
)
"""Ten coins bought 100 dollars above the price at which all small markets of these tests stand."""


def with_plans(*plans: Plan, **changed: object) -> Talk:
    return talk(calm(), calm(asset="ETH"), people=(Person(ME, plans=plans),), **changed)


def falls_of(worst: float, every: int = 100) -> Mapping[Asset, Hourly]:
    """Half a year at 100 with a fall of so much within one hour of so many, made up in the next."""
    hours = Hourly()
    for number in range(1, KEPT_HOURS + 1):
        low = 100.0 * (1.0 - worst) if number % every == 0 else 99.0
        hours.close_hour(number * HOUR_MS, 101.0, low, 100.0, None)
    return {"BTC": hours}


# ---------------------------------------------------------------------------------------------- tiers


async def test_the_tiers_of_the_venue_that_was_named_are_used_and_dated() -> None:
    ask = talk(calm(), tiers=(BYBIT, OKX))
    said = await ask("/size BTC 3x 10k venue=bybit")
    assert said.endswith("Bybit tiers of 2026-11-22")
    # long of 3x: 1 - (1/3) over 1 - .02 - .0005
    assert ask.reply.data["liquidation_price"] == pytest.approx(64_210.0 * (2.0 / 3.0) / 0.9795)
    assert ask.reply.data["tiers"] == {"venue": "bybit", "published_on": "2026-11-22"}
    assert (await ask("/size BTC 3x 10k okx")).endswith("OKX tiers of 2026-11-21")


async def test_without_a_venue_the_bundled_tiers_of_binance_come_first() -> None:
    said = await talk(calm(), tiers=(BYBIT,))("/size BTC 3x 10k")
    assert said.endswith(f"Binance tiers of {tiers_of('BTC').published_on}")


async def test_an_asset_that_only_another_venue_lists_is_checked_with_its_tiers() -> None:
    there = replace(BYBIT, asset="NOWHERE")
    ask = talk(calm(asset="NOWHERE"), watched=("NOWHERE",), tiers=(there,))
    assert (await ask("/size nowhere 2x 10k")).endswith("Bybit tiers of 2026-11-22")


async def test_a_venue_whose_tiers_are_not_known_is_refused_with_those_that_are() -> None:
    ask = talk(calm(), tiers=(OKX,))
    said = await ask("/size BTC 3x 10k bybit")
    assert outcome(ask.reply) == "refused"
    assert "No margin tiers of Bybit are known for BTC" in said
    assert "Known: Binance, OKX." in said
    assert "Liquidation" not in said


async def test_a_refusal_names_the_tiers_it_is_made_with() -> None:
    ask = talk(calm(), tiers=(BYBIT,))
    assert "50x at most on that margin (Bybit tiers of 2026-11-22)" in await ask("/size BTC 60x 10k bybit")
    assert "lets anybody hold: 100,000,000 USDT (Bybit tiers of" in await ask("/size BTC 10x 90m bybit")


async def test_a_coin_margined_position_is_counted_in_coins_and_says_whose_tiers_it_has() -> None:
    ask = talk(calm())
    linear = await ask("/size BTC 3x 10k")
    plain = ask.reply.data["liquidation_price"]
    inverse = await ask("/size BTC 3x 10k inverse")
    # 3x of contracts in dollars over a margin in coins: closed at entry x (1 + .004 + .0005) / (1 + 1/3)
    assert ask.reply.data["liquidation_price"] == pytest.approx(64_210.0 * 1.0045 / (1.0 + 1.0 / 3.0))
    assert ask.reply.data["liquidation_price"] > plain  # type: ignore[operator]
    assert "Coin-margined: counted in coins" in inverse
    assert "Coin-margined" not in linear
    assert ask.reply.data["inverse"] is True


async def test_a_venue_without_coin_margined_contracts_says_so() -> None:
    ask = talk(calm(), tiers=(HYPERLIQUID,))
    for command in ("size", "plan", "stress"):
        said = await ask(f"/{command} BTC 3x 10k inverse hyperliquid")
        assert "Hyperliquid has no coin-margined contracts." in said
        assert outcome(ask.reply) == "refused"


async def test_a_venue_that_is_none_is_refused_with_those_there_are() -> None:
    said = await talk(calm())("/size BTC 3x 10k venue=kraken")
    assert '"kraken" is no venue whose margin tiers are read here: binance, bybit, okx, hyperliquid.' in said
    assert "Example: /size BTC 5x 10k" in said


async def test_the_button_keeps_venue_and_contract() -> None:
    ask = talk(crowding(), tiers=(BYBIT,))
    await ask("/size BTC 5x 10k bybit inverse")
    assert ask.reply.actions[0].command.endswith("long equity=10000 bybit inverse")


# ---------------------------------------------------------------------------------------------- the wallet


async def test_other_plans_of_a_cross_wallet_bring_liquidation_nearer() -> None:
    alone, ask = with_plans(), with_plans(PLAN)
    await alone("/size BTC 2x 10k cross")
    said = await ask("/size BTC 2x 10k cross")
    # 10 coins, 100 dollars a coin under water: 1,000; kept by the tiers of ETH for 642,100 dollars
    kept = tiers_of("ETH").maintenance_usd(642_100.0)
    assert ask.reply.data["others"] == {
        "count": 1,
        "maintenance": kept,
        "unrealised": -1_000.0,
        "unknown": [],
    }
    assert f"Your other plans there: 1; they keep {kept:,.0f} USDT of it, open profit -1,000." in said
    assert ask.reply.data["liquidation_price"] > alone.reply.data["liquidation_price"]  # type: ignore[operator]
    assert "Keep spare collateral elsewhere." in said


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, mode=MarginMode.ISOLATED),
        replace(PLAN, venue=Venue.BYBIT),
        replace(PLAN, is_inverse=True),
        replace(PLAN, watch=Watch(told_ms={"liquidated": NOW_MS})),
    ],
)
async def test_what_is_isolated_elsewhere_settled_in_coins_or_closed_by_force_is_not_in_the_wallet(
    other: Plan,
) -> None:
    ask = with_plans(other)
    said = await ask("/size BTC 2x 10k cross")
    assert "only this position is counted" in said


async def test_an_isolated_position_has_nothing_to_do_with_other_plans() -> None:
    ask = with_plans(PLAN)
    assert "Your other plans" not in await ask("/size BTC 2x 10k")
    assert ask.reply.data["others"] is None


async def test_a_plan_whose_price_is_not_known_is_named_as_not_counted() -> None:
    ask = with_plans(replace(PLAN, asset="SOL"))
    said = await ask("/size BTC 2x 10k cross")
    assert "Not counted, as price or tiers are not known: SOL. It is closed sooner than said." in said


@pytest.mark.parametrize(
    "snapshot",
    [
        calm(),
        calm(silent=("price",)),
        calm(lacking=("price",)),
        calm(price=replace(reading("price"), quality=0.0)),
        calm(price=reading("price", price_usd=None)),
        calm(price=reading("price", price_usd=float("nan"))),
    ],
)
def test_the_price_of_a_wallet_is_the_one_a_size_is_checked_at(snapshot: Snapshot) -> None:
    assert usable_price(snapshot) == conditions_of(snapshot).price_usd


async def test_a_wallet_that_others_have_used_up_holds_nothing_more() -> None:
    ask = with_plans(replace(PLAN, coins=2_000.0))
    said = await ask("/size BTC 2x 10k cross")
    assert outcome(ask.reply) == "refused"
    assert "nothing is left behind this one" in said


async def test_the_plans_of_somebody_else_are_never_counted() -> None:
    ask = talk(calm(), calm(asset="ETH"), people=(Person("telegram:1", plans=(PLAN,)),))
    assert "only this position is counted" in await ask("/size BTC 2x 10k cross")


# ---------------------------------------------------------------------------------------------- half a year


async def test_below_one_percent_the_worst_move_stands_in_place_of_the_odds() -> None:
    ask = talk(calm(), hours=falls_of(0.08))
    said = await ask("/size BTC 3x 10k")
    assert "Worst 72 h of 180 d -8.0%" in said
    assert "One in 40 goes beyond -8.0%" in said  # 72 of every 100 holding times met a fall
    assert "Touched" not in said
    assert ask.reply.data["adverse"] == {
        "horizon_hours": 72,
        "days": 180.0,
        "worst": pytest.approx(0.08),
        "quantile_975": pytest.approx(0.08),
    }


async def test_above_one_percent_both_are_told_and_that_it_would_have_been_closed() -> None:
    said = (await talk(calm(), hours=falls_of(0.12))("/size BTC 10x 10k")).splitlines()
    at = said.index("Worst 72 h of 180 d -12.0%: closes")
    assert said[at - 1].startswith("Touched in 72 h: ")


async def test_a_short_is_told_of_rises() -> None:
    said = await talk(calm(), hours=falls_of(0.08))("/size BTC 3x short 10k")
    assert "Worst 72 h of 180 d +1.0%" in said


async def test_too_few_hours_are_said_with_how_many_days_there_are() -> None:
    hours = Hourly()
    for number in range(1, 12 * 24 + 1):
        hours.close_hour(number * HOUR_MS, 101.0, 99.0, 100.0, None)
    said = await talk(calm(), hours={"BTC": hours})("/size BTC 3x 10k")
    assert "Worst 72 h: needs 180 d, seen 12" in said
    assert "Touched in 72 h: above 0% (a floor)" in said


async def test_where_no_hours_are_kept_that_is_said() -> None:
    assert "Worst 72 h of 180 d not known" in await talk(calm(), hours={})("/size BTC 3x 10k")


def test_who_has_no_limits_and_no_wallet_asks_for_the_position_as_it_was_said() -> None:
    stated = Position("BTC", Side.LONG, 5.0, 10_000.0)
    assert as_theirs(stated, Person(ME), None) is stated
    theirs = as_theirs(stated, Person(ME, base_leverage=8.0), None)
    assert (theirs.base_leverage, theirs.drawdown_budget, theirs.others_usd) == (8.0, None, 0.0)
    spent = as_theirs(stated, Person(ME), Others(maintenance_usd=300.0, unrealised_usd=-200.0, count=1))
    assert spent.others_usd == -500.0
