"""/stress: plans and stated positions after a move, in the order in which they are closed; answered to one person alone."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer, outcome
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.wording.columns import COLUMNS
from market.levels import NoMap
from market.observations import HOUR_MS, Asset, Side, Venue
from market.plans import Ladder, Plan, Watch
from market.sizing import MarginMode
from store.persons import Person
from tests.commands.levelled import PRICE, depth, desk, opened, priced, talk_at
from tests.commands.markets import market
from tests.commands.talking import Talk, monospaced

HOURS = {"BTC": opened()}
BTC = priced("BTC", PRICE, depth())
ETH = priced("ETH", 3_000.0)
CROSS = MarginMode.CROSS


def plan(
    name: str = "p7f2",
    asset: Asset = "BTC",
    side: Side = Side.LONG,
    *,
    coins: float = 50_000.0 / PRICE,
    entry: float = PRICE,
    margin: float = 10_000.0,
    liquidation: float | None = 51_652.0,
    mode: MarginMode = MarginMode.ISOLATED,
    made_ms: int = 1,
) -> Plan:
    return Plan(
        id=name, asset=asset, side=side, mode=mode, venue=Venue.BINANCE, is_inverse=False, coins=coins, entry_usd=entry,
        margin_usd=margin, made_ms=made_ms, hold_hours=72.0, sigma=0.6, liquidation_usd=liquidation, maintenance_rate=0.005,
        tiers_on="2026-09-29", drawdown_usd=500.0, max_leverage=5.0, ladder=Ladder(0.03, 0.05, 0.07),
    )  # fmt: skip


def outcome_row(said: str, name: str) -> str:
    """The row of that name in an answer."""
    return next(line for line in said.splitlines() if line.startswith(f" {name}"))


LONG = plan()
SHORT = plan("p8a1", "ETH", Side.SHORT, coins=10.0, entry=3_000.0, margin=6_000.0, liquidation=3_570.0)
CROSSED = (
    plan("pc01", mode=CROSS, made_ms=5),
    plan("pc02", "ETH", mode=CROSS, coins=12.0, entry=3_100.0, margin=12_000.0, liquidation=None, made_ms=9),
)


def with_plans(*plans: Plan) -> Talk:
    return talk_at(desk(BTC, ETH, hours=HOURS, people=(Person("telegram:4711", plans=plans),)))


async def test_a_plan_is_laid_out_move_by_move() -> None:
    ask = with_plans(LONG)
    said = (await ask("/stress")).splitlines()
    assert said[:12] == [
        "1 plan · first closed at -19.6%",
        "Fall          -5%      -10%      -20%",
        "p7f2 BTC 5x long, isolated",
        " price     61,000    57,789    51,368",
        " P&L       -2,500    -5,000   -10,000",
        " left       7,500     5,000    closed",
        "Closed by force in a fall, in order:",
        "-19.6% p7f2 BTC at 51,652",
        "Model: a fall of BTC, by book left",
        "first         x1       x.3       x.1",
        "-5%       -6.8%    -15.0%     <-30%*",
        "-10%     -13.0%    -23.3%*    <-30%*",
    ]
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert ask.reply.private


async def test_a_stated_position_is_stressed_without_any_plan() -> None:
    ask = with_plans(LONG)
    said = await ask("/stress btc 5x 10k")
    assert said.startswith("BTC 5x long · first closed at -19.6%")
    assert "-19.6% BTC at 51,600" in said
    assert "p7f2" not in said
    assert "Binance tiers of" in said
    assert ask.reply.private


async def test_a_short_is_stressed_upwards_and_it_is_said() -> None:
    said = await with_plans()("/stress btc 20x short")
    assert said.startswith("BTC 20x short · first closed at +4.5%")
    assert "Rise          +5%      +10%      +20%" in said
    assert " left      closed    closed    closed" in said
    assert "Model: a rise of BTC, by book left" in said
    assert "It is short: a rise hurts it." in said
    assert "No equity stated: per 1,000 USDT of margin, first tier." in said


async def test_long_and_short_are_hurt_in_different_ways() -> None:
    ask = with_plans(LONG, SHORT)
    said = await ask("/stress")
    assert "A fall hurts the longs, a rise the shorts." in said
    assert said.startswith("2 plans · first closed at +19.0%")
    fall, rise = said.split("Closed by force in a rise, in order:\n")
    assert "-19.6% p7f2 BTC at 51,652" in fall
    assert rise.startswith("+19.0% p8a1 ETH at 3,570")
    # the short's 6,000 are won, the long's 10,000 lost
    assert "All        15,000    14,000    12,000" in said


@pytest.mark.parametrize(
    ("line", "prices"),
    [("/stress PEPE 2x 1k", "0.000012"), ("/stress -7% PEPE 2x 1k", "1.2e-5")],
)
async def test_the_prices_of_a_cheap_coin_are_none_of_zero(line: str, prices: str) -> None:
    cheap = priced("1000PEPE", 0.0000123456)
    said = await talk_at(desk(cheap))(line)
    assert outcome_row(said, "price").split()[1] == prices
    assert len(outcome_row(said, "price")) <= COLUMNS


async def test_the_move_that_is_asked_stands_among_the_others() -> None:
    said = await with_plans(LONG)("/stress -7.5%")
    assert "Fall       -5%  -7.5%   -10%   -20%" in said
    assert "\n left    7,500  6,250  5,000 closed" in said
    assert "Rise" not in said
    assert "Rise                              +8%" in await with_plans(LONG)("/stress +8%")
    assert "Fall       -5%   -8%   -10%" not in await with_plans(LONG)("/stress 10%")


async def test_other_coins_move_alike_unless_it_is_said() -> None:
    long_eth = plan("p9", "ETH", coins=10.0, entry=3_000.0, margin=6_000.0, liquidation=2_550.0)
    said = await with_plans(LONG, long_eth)("/stress")
    assert "-15.0% p9 ETH at 2,550" in said
    assert "Every other coin moves as BTC does (beta 1): say beta=1.5 where you know better." in said
    faster = await with_plans(LONG, long_eth)("/stress beta=1.5")
    assert "-10.0% p9 ETH at 2,550" in faster
    assert "For each percent of BTC the others move 1.5, as you say." in faster


async def test_cross_plans_stand_and_fall_on_one_wallet() -> None:
    ask = with_plans(*CROSSED)
    said = await ask("/stress")
    assert "Cross wallet Binance: 12,000 USDT, as pc02 says, which was made last." in said
    # 2,500 and 3,000 of it are lost at -5 %
    assert "Cross wallet, Binance\n left       6,500     2,200    closed" in said
    assert "Binance wallet: pc01 pc02" in said
    falls = ask.reply.data["falls"]
    assert isinstance(falls, list)
    assert falls[0]["wallets"] == [{"venue": "binance", "left": pytest.approx(6_500.0), "closed": False}]


async def test_a_stated_cross_position_stands_beside_the_plans_of_its_wallet() -> None:
    said = await with_plans(LONG, *CROSSED)("/stress BTC 4x 20k cross")
    assert "Cross wallet Binance: 20,000 USDT, as you say; plans in it are counted." in said
    assert "Binance wallet: BTC pc01 pc02" in said
    assert "p7f2" not in said


async def test_many_plans_are_told_in_a_line_each() -> None:
    many = tuple(replace(LONG, id=f"p{number:03x}") for number in range(20))
    ask = with_plans(*many)
    said = await ask("/stress -7%")
    assert "\np000 BTC   7,500  6,500  5,000 closed" in said
    assert "and 12 more" in said
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert len(said) < 4_000


async def test_of_many_plans_a_cross_one_is_told_by_its_profit() -> None:
    said = await with_plans(LONG, replace(LONG, id="p2"), *CROSSED)("/stress")
    assert "\npc01 BTC    -2,500   -5,000  -10,000" in said
    large = tuple(
        replace(one, coins=one.coins * 1e3, margin_usd=one.margin_usd * 1e3) for one in (*CROSSED, LONG)
    )
    shortened = await with_plans(*large, replace(LONG, id="p2"))("/stress -7%")
    assert "\npc01 BTC  -2.50M -3.50M -5.00M -10.0M" in shortened
    assert "\np7f2 BTC   7.50M  6.50M  5.00M closed" in shortened


async def test_a_wallet_in_coins_is_named_by_its_coin() -> None:
    said = await with_plans(replace(CROSSED[0], is_inverse=True), CROSSED[1])("/stress")
    assert "Cross wallet, Binance BTC\n" in said
    assert "Cross wallet Binance BTC: 10,000 USDT, as pc01 says" in said
    assert "Cross wallet Binance: 12,000 USDT, as pc02 says" in said


async def test_a_cross_plan_without_brackets_is_named() -> None:
    asset = "ZZZ"
    odd = plan("p77", asset, coins=1.0, entry=100.0, margin=50.0, mode=CROSS, liquidation=None)
    here = desk(
        BTC,
        priced(asset, 100.0),
        people=(Person("telegram:4711", plans=(replace(odd, maintenance_rate=None),)),),
    )
    assert "When ZZZ would be closed is not known: no margin tiers." in await talk_at(here)("/stress")


async def test_the_assets_that_are_not_modelled_are_named() -> None:
    sol = plan("p0de", "SOL", coins=1.0, entry=150.0, margin=50.0, liquidation=100.0)
    kept = (Person("telegram:4711", plans=(LONG, SHORT, sol)),)
    said = await talk_at(desk(BTC, ETH, priced("SOL", 150.0), hours=HOURS, people=kept))("/stress move=5")
    assert "Not modelled here: SOL. /levels SOL" in said
    assert "No cascade for ETH: no closed hours are kept." in said


async def test_only_the_plans_of_an_asset_are_stressed_where_it_is_said() -> None:
    said = await with_plans(LONG, SHORT)("/stress ETH")
    assert "p8a1" in said
    assert "p7f2" not in said


async def test_what_was_closed_by_force_is_stressed_no_more() -> None:
    closed = replace(LONG, watch=Watch(told_ms={"liquidated": 1}))
    ask = with_plans(closed, SHORT)
    assert "p7f2" not in await ask("/stress")
    assert "You have no plans in BTC." in await ask("/stress BTC")
    crossed = replace(CROSSED[0], watch=Watch(told_ms={"liquidated": 1}))
    assert "pc01" not in await with_plans(crossed)("/stress ETH 5x 10k cross")


async def test_a_plan_whose_price_cannot_be_used_is_named() -> None:
    sol = plan("p0de", "SOL", coins=10.0, entry=150.0, margin=500.0, liquidation=100.0)
    said = await with_plans(LONG, sol)("/stress")
    assert "Left out, without a price that can be used: SOL." in said
    only = await with_plans(sol)("/stress")
    assert only.startswith("1 plan · NO ANSWER")


async def test_why_there_is_no_cascade_is_said() -> None:
    kept = (Person("telegram:4711", plans=(LONG,)),)
    no_hours = await talk_at(desk(BTC, people=kept))("/stress")
    assert "No cascade for BTC: no closed hours are kept." in no_hours
    no_book = await talk_at(desk(priced(), hours=HOURS, people=kept))("/stress")
    assert "No cascade for BTC: its book is not seen." in no_book
    young = await talk_at(desk(BTC, hours={"BTC": opened(hours=20)}, people=kept))("/stress")
    assert "No cascade for BTC: less than a week of open interest is known." in young
    assert all(phrases_in("en").knows("no_model", why) for why in (*NoMap, "no_book"))


async def test_what_lies_behind_the_price_is_closed_by_now() -> None:
    said = await with_plans(replace(LONG, liquidation_usd=65_000.0))("/stress")
    assert said.startswith("1 plan · closed by now")
    assert "by now p7f2 BTC at 65,000" in said


async def test_a_position_that_nothing_closes_is_said_to_be_safe_from_it() -> None:
    said = await with_plans(replace(LONG, margin_usd=50_000.0, liquidation_usd=None))("/stress")
    assert said.startswith("1 plan · none is closed")
    assert "Closed by force" not in said


WRONG = {
    "/stress": "You have no plans here to stress.",
    "/stress SOL": "You have no plans in SOL.",
    "/stress BTC 10k": "A word is missing: leverage.",
    "/stress BTC 5x -500%": "is no move",
    "/stress BTC 5x +201%": "is no move",
    "/stress BTC 5x 0%": "is no move",
    "/stress beta=9": "is no beta",
    "/stress move=banana": "is no move",
    "/stress BTC 160x 10k": "is more than the venue allows",
    "/stress BTC 5x entry=90,000": "would be closed already",
    "/stress BTC 5x 10k banana": '"banana" is no',
}


@pytest.mark.parametrize("line", WRONG)
async def test_a_wrong_line_is_answered_with_a_reason_and_a_line_that_works(line: str) -> None:
    ask = with_plans()
    said = await ask(line)
    assert WRONG[line] in said
    assert outcome(ask.reply) == "refused"
    assert ask.reply.private
    example = said.rpartition("Example: ")[2]
    assert outcome(await answer(example, desk(BTC, ETH, priced("SOL", 150.0)))) == "answered"


async def test_the_buttons_ask_the_same_again_and_for_the_size_of_what_was_stated() -> None:
    ask = with_plans(LONG, SHORT)
    before = await ask("/stress eth -7.5% beta=1.5")
    again = ask.reply.actions[-1].command
    assert again == "/stress ETH -7.5% beta=1.5"
    assert await ask(again) == before
    await ask("/stress btc 5x 10k short cross entry=64,000")
    assert ask.reply.actions[-1].command == "/size BTC 5x short equity=10000 cross entry=64000"


async def test_who_has_no_plans_is_offered_a_position_to_state() -> None:
    ask = with_plans()
    await ask("/stress ETH")
    assert [action.command for action in ask.reply.actions][:2] == ["/stress ETH 1x", "/stress ETH 2x"]
    assert "ETH 2x long" in await ask(ask.reply.actions[1].command)


async def test_without_a_usable_price_nothing_is_stated() -> None:
    absent: Reply = await answer("/stress BTC 5x 10k", desk(market(lacking=("price",))))
    assert outcome(absent) == "refused"
    unread = await answer("/stress BTC 5x 10k", desk())
    assert unread.private
    old = talk_at(desk(BTC, hours=HOURS)).later(HOUR_MS)
    assert "No price of BTC is known that can be used." in await old("/stress BTC 5x 10k")


async def test_where_a_group_itself_speaks_nobodys_plans_are_stressed() -> None:
    here = desk(BTC, people=(Person("telegram:", plans=(LONG,)), Person("telegram:4711", plans=(LONG,))))
    nobody = replace(here, user="", is_private=False)
    assert "You have no plans here to stress." in await Talk(nobody)("/stress")
