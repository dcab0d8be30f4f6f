"""/positions: how each stated position stands, and what could not be seen of it."""

from dataclasses import replace
from typing import Any

import pytest

from commands.protocol.dispatch import outcome
from commands.wording.columns import COLUMNS
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Side
from market.plans import Gap, Happened, Plan, Watch
from market.sizing import MarginMode
from store.persons import Person
from tests.bot.delivery.plans import PLAN
from tests.commands.markets import NOW_MS, calm, market, reading, unwinding
from tests.commands.talking import Talk, monospaced, talk, text_of

ME = "telegram:4711"
HELD = replace(
    PLAN, entry_usd=66_000.0, liquidation_usd=53_000.0, made_ms=NOW_MS - DAY_MS, drawdown_usd=5_000.0
)
SOLD = replace(
    HELD, id="p111", asset="ETH", side=Side.SHORT, entry_usd=64_000.0, liquidation_usd=76_000.0, coins=1.25
)


def seen(plan: Plan = HELD, **watch: object) -> Plan:
    """The plan with what the watch has seen of it."""
    return replace(plan, watch=replace(Watch(), **watch))  # type: ignore[arg-type]


def holding(*plans: Plan, **changed: object) -> Talk:
    """Somebody who holds these in a calm market of BTC and ETH."""
    markets = (calm(), calm(asset="ETH"))
    return talk(*markets, people=[Person(ME, "telegram:4711", plans=plans)], **changed)


def rows(here: Talk) -> list[dict[str, Any]]:
    """The positions behind the last answer."""
    told: Any = here.reply.data["positions"]
    return list(told)


async def test_a_position_shows_price_age_profit_next_rung_and_the_way_to_being_closed() -> None:
    here = holding(HELD)
    told = await here("/positions")
    assert told.startswith("Positions · 1\nBTC 3.3x long p7f2\n")
    assert "Now 64,210 (4s)         P&L -895 USDT" in told
    assert "Next: Trim 63,360  -1.3%" in told
    assert "Liq ~53,000  -17.5%  3.8 s.d. of 48 h" in told
    assert here.reply.private


async def test_a_short_is_mirrored() -> None:
    told = await holding(SOLD)("/positions")
    assert "Next: Trim 66,560  +3.7%" in told
    assert "Liq ~76,000  +18.4%  3.3 s.d. of 48 h" in told
    assert "P&L -262.50 USDT" in told


async def test_the_last_rung_that_was_reached_stands_beside_the_name_and_the_next_one_below() -> None:
    told = await holding(seen(told_ms={"trim": NOW_MS, "hedge": NOW_MS}))("/positions")
    assert "BTC 3.3x long p7f2      Hedge reached" in told
    assert "Next: Out 61,380" in told


async def test_where_every_rung_was_reached_none_is_left() -> None:
    told = await holding(seen(told_ms=dict.fromkeys(("trim", "hedge", "exit"), NOW_MS)))("/positions")
    assert "Out reached" in told
    assert "No rung is left" in told


async def test_the_most_to_lose_is_the_next_step_where_it_is_nearer_than_a_rung() -> None:
    assert "Next: 1 Lose 63,8" in await holding(replace(HELD, drawdown_usd=1_100.0))("/positions")


async def test_when_no_more_may_be_lost_no_rung_is_next_but_to_be_out() -> None:
    told = await holding(seen(told_ms={"max_loss": NOW_MS - HOUR_MS}))("/positions")
    assert "BTC 3.3x long p7f2   max loss reached" in told
    assert "The plan says: be out" in told
    assert "Next:" not in told
    assert "BTC p7f2: its most to lose, 5,000 USDT, was used up at 11:04 UTC. The plan says: be out." in told
    untold = await holding(replace(HELD, drawdown_usd=100.0))("/positions")
    assert "max loss reached" in untold


async def test_a_line_or_a_time_of_ones_own_that_is_over_stays_in_sight() -> None:
    lined = replace(HELD, line_usd=65_000.0, until_ms=NOW_MS - HOUR_MS)
    crossed = seen(lined, told_ms={"thesis_price": NOW_MS - HOUR_MS, "thesis_time": NOW_MS})
    told = await holding(crossed)("/positions")
    assert "BTC p7f2: your own line 65,000 was crossed at 11:04 UTC." in told
    assert "BTC p7f2: your own time was over at 12:04 UTC." in told
    assert "your own" not in await holding(lined)("/positions")


async def test_rungs_that_are_pulled_in_are_shown_so_with_since_when() -> None:
    told = await holding(seen(tight_since_ms=NOW_MS - HOUR_MS))("/positions")
    assert "Next: Trim 64,020" in told
    assert "Funding paid: not known yet      x.75" in told
    assert "BTC p7f2: rungs pulled in x.75 since 11:04 UTC." in told


@pytest.mark.parametrize(
    ("paid", "said"), [(139.504, "Funding paid ~139.50 USDT"), (-12.0, "Funding got ~12 USDT")]
)
async def test_funding_is_said_as_what_was_paid_or_got(paid: float, said: str) -> None:
    assert said in await holding(seen(funding_paid_usd=paid))("/positions")


async def test_a_time_that_was_not_watched_is_told_with_its_day_where_that_was_another() -> None:
    today = Gap(NOW_MS - 2 * HOUR_MS, NOW_MS - 2 * HOUR_MS + 15 * MINUTE_MS)
    before = Gap(NOW_MS - DAY_MS, NOW_MS - DAY_MS + 15 * MINUTE_MS)
    told = await holding(seen(gaps=(before, today)))("/positions")
    assert "BTC p7f2: Not watched 2026-11-21 12:04 to 2026-11-21 12:19 UTC." in told
    assert "BTC p7f2: Not watched 10:04 to 10:19 UTC." in told


async def test_one_that_was_closed_by_force_says_so() -> None:
    told = await holding(seen(told_ms={"liquidated": NOW_MS}))("/positions")
    assert "closed by force" in told


async def test_one_that_was_closed_by_force_wins_nothing_back() -> None:
    closed = seen(told_ms={"liquidated": NOW_MS})
    cross = replace(closed, id="p9c3", mode=MarginMode.CROSS)
    here = holding(replace(closed, entry_usd=60_000.0), cross)
    await here("/positions")
    alone, together = rows(here)
    assert alone["profit"] == -closed.margin_usd
    assert together["profit"] == pytest.approx(closed.coins * (53_000.0 - closed.entry_usd))


async def test_a_price_beyond_liquidation_has_no_way_left() -> None:
    told = await holding(replace(HELD, liquidation_usd=65_000.0))("/positions")
    assert "Beyond liquidation ~65,000" in told


async def test_one_without_a_liquidation_price_says_so() -> None:
    told = await holding(replace(HELD, liquidation_usd=None))("/positions")
    assert "No liquidation price" in told


async def test_all_profit_and_loss_is_added_up() -> None:
    here = holding(HELD, SOLD)
    assert "All together -1,158 USDT, before fees and funding." in await here("/positions")
    assert here.reply.data["profit"] == pytest.approx(-895.0 - 262.5)


async def test_where_no_price_can_be_used_the_reason_is_said_and_nothing_is_added_up() -> None:
    here = talk(market(lacking=("price",)), people=[Person(ME, plans=(HELD,))])
    told = await here("/positions")
    assert "No price: price not seen" in told
    assert "Liquidation ~53,000" in told
    assert "None of them has a price" in told
    assert here.reply.data["profit"] is None


async def test_one_of_two_without_a_price_is_left_out_of_the_sum_and_that_is_said() -> None:
    here = talk(calm(), people=[Person(ME, plans=(HELD, SOLD))])
    told = await here("/positions")
    assert "1 of 2 together -895 USDT" in told
    assert here.reply.data["profit"] is None


async def test_an_asset_that_is_not_watched_any_more_is_named_with_its_plans() -> None:
    told = await holding(HELD, SOLD, watched=("BTC",))("/positions")
    assert "ETH is not watched here any more: nothing is told of p111. /watch ETH" in told


async def test_a_simulated_market_says_so_once() -> None:
    here = talk(calm(source="simulated"), people=[Person(ME, plans=(HELD, replace(HELD, id="p222")))])
    assert (await here("/positions")).count("SIMULATED") == 1


async def test_each_has_a_button_that_shows_it() -> None:
    here = holding(HELD, SOLD)
    await here("/positions")
    assert [action.command for action in here.reply.actions] == [
        "/positions", "/plan show p7f2", "/plan show p111",
    ]  # fmt: skip


async def test_twenty_positions_fit_on_a_phone_line_by_line() -> None:
    reached = {one.value: NOW_MS for one in (Happened.TRIM, Happened.HEDGE)}
    plan = seen(
        replace(HELD, asset="1000PEPE", entry_usd=0.00001234, coins=1e13, margin_usd=1e7, liquidation_usd=0.00001),
        told_ms=reached,
        funding_paid_usd=123_456_789.12,
        tight_since_ms=NOW_MS,
    )  # fmt: skip
    plans = tuple(replace(plan, id=f"p{place:03d}") for place in range(20))
    pepe = calm(asset="1000PEPE", price=reading("price", price_usd=0.00001111))
    here = talk(pepe, people=[Person(ME, plans=plans)])
    await here("/positions")
    assert outcome(here.reply) == "answered"
    assert all(len(line) <= COLUMNS for line in monospaced(here.reply))


async def test_nobody_without_a_plan_is_told_how_to_state_one() -> None:
    assert "/plan BTC 5x long 10k keeps one and watches it." in await talk(calm())("/positions")


async def test_an_answer_in_a_group_is_for_its_reader_alone() -> None:
    here = holding(HELD, is_private=False, chat="-100")
    await here("/positions")
    assert here.reply.private


async def test_a_group_that_speaks_itself_has_no_positions() -> None:
    assert "cannot be told from here" in await holding(HELD, user="")("/positions")


async def test_where_nobody_is_kept_there_are_no_positions() -> None:
    here = talk(calm(source="history"), people=None)
    assert "This market is recorded" in await here("/positions")


async def test_numbers_behind_it_have_plain_keys() -> None:
    here = holding(seen(funding_paid_usd=12.0))
    await here("/positions")
    (one,) = rows(here)
    assert one["rung"] is None
    assert one["liquidation_distance"] == pytest.approx(1 - 53_000 / 64_210)
    assert (one["id"], one["funding_paid"], one["tightened"]) == ("p7f2", 12.0, False)
    assert one["rest_hours"] == pytest.approx(48.0)


async def test_in_an_unwinding_the_distance_in_sigmas_is_that_of_now_not_of_when_it_was_made() -> None:
    here = talk(
        unwinding(volatility=reading("volatility", NOW_MS, "vol_hi", sigma=1.36)),
        people=[Person(ME, plans=(HELD,))],
    )
    twice = talk(calm(), people=[Person(ME, plans=(HELD,))])
    await here("/positions")
    await twice("/positions")
    (now,), (then,) = rows(here), rows(twice)
    assert now["distance_sigma"] == pytest.approx(then["distance_sigma"] / 2)
    assert "s.d." in text_of(here.reply)
