"""/plan: the most to lose, what the way out loses, and an entry that cannot be meant."""

import re

import pytest

from commands.protocol.reply import Heading, Note, Tone
from market.plans import Happened
from market.report import market_time
from tests.commands.markets import NOW_MS, RULES, calm, crowding, unwinding
from tests.commands.stated import BTC, closed, plans_of, stated
from tests.commands.talking import talk, text_of


async def test_the_exit_of_a_coin_margined_plan_loses_what_its_coins_were_worth_at_entry() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} inverse")
    exit_usd = plan.entry_usd * (1.0 - plan.ladder.exit)
    lost_coins = plan.notional_usd / exit_usd - plan.coins
    lost = lost_coins * plan.entry_usd + 2.0 * RULES.sizing.fee_rate * plan.notional_usd
    assert f"would lose {lost:,.0f} USDT with fees" in text_of(here.reply)


async def test_that_the_exit_loses_more_than_is_to_be_lost_is_said_with_the_size_that_does_not() -> None:
    here = talk(calm())
    plan = await stated(here)
    lost = plan.notional_usd * (plan.ladder.exit + 2.0 * RULES.sizing.fee_rate)
    told = f"would lose {lost:,.0f} USDT with fees, before funding. To lose at most 500: a size of"
    assert f"{told} {round(plan.notional_usd * 500.0 / lost):,} USDT." in text_of(here.reply)


async def test_rungs_that_are_pulled_in_do_not_make_the_size_by_risk_larger() -> None:
    sizes = []
    for snapshot in (calm(), crowding(), unwinding()):
        here = talk(snapshot)
        plan = await stated(here, "/plan BTC 25x long 10k")
        found = re.search(r"To lose at most 500: a size of ([0-9,]+) USDT", text_of(here.reply))
        assert found
        sizes.append(float(found[1].replace(",", "")))
        assert sizes[-1] <= plan.max_leverage * plan.margin_usd
    assert sizes == sorted(sizes, reverse=True)


async def test_a_mistyped_entry_is_refused_and_what_may_have_been_meant_is_a_button() -> None:
    here = talk(calm())
    said = await here("/plan BTC 5x 10k entry=64.200")
    assert "Entry 64.200 is more than 8 times away from the price now, 64,210" in said
    assert [one.command for one in here.reply.actions] == ["/plan BTC 5x 10k entry=64200"]
    assert await plans_of(here) == ()
    plan = await stated(here, here.reply.actions[0].command)
    assert plan.entry_usd == 64_200.0
    assert "more than 8 times" in await here(f"/plan add {plan.id} 500 entry=64.2")
    assert [one.command for one in here.reply.actions] == [f"/plan add {plan.id} 500 entry=64200"]
    assert (await plans_of(here))[0].margin_usd == 10_000.0


@pytest.mark.parametrize("command", ["size", "stress"])
async def test_a_mistyped_entry_is_a_slip_to_every_command_that_takes_a_position(command: str) -> None:
    here = talk(calm())
    assert "more than 8 times away" in await here(f"/{command} BTC 5x 10k entry=64.200")
    assert [one.command for one in here.reply.actions] == [f"/{command} BTC 5x 10k entry=64200"]
    assert "more than 8 times away" in await here(f"/{command} BTC 5x 10k entry=2500")
    assert here.reply.actions == ()


async def test_that_the_most_to_lose_is_lost_before_a_rung_is_said_and_where() -> None:
    here = talk(calm())
    await stated(here, f"{BTC} lose=1%")
    told = text_of(here.reply)
    assert "Your 1.0% (100 USDT with fees) is reached at 64,146, before Trim: be out there." in told
    assert told.index("1 Lose     64,146   -0.1%") < told.index("Trim       60,252   -6.2%")


async def test_a_plan_whose_most_to_lose_is_lost_already_says_so_first_and_the_watch_not_again() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} lose=1% entry=64,800")
    heading, first, *_ = here.reply.blocks
    assert isinstance(heading, Heading)
    assert heading.tone is Tone.CAUTION
    assert isinstance(first, Note)
    assert (
        "Out at 64,210 loses 505 USDT with fees and funding: your plan's most to lose, 100 USDT" in first.text
    )
    assert plan.watch.told_ms == {Happened.MAX_LOSS: market_time(calm(), NOW_MS)}
    assert "its most to lose, 100 USDT, was used up at" in await here(f"/plan show {plan.id}")
    assert f"/plan BTC 5x equity=10000 entry=64800 hold=72h lose=1% venue={plan.venue}" in [
        one.command for one in (await closed(here, plan)).actions
    ]


async def test_an_add_keeps_the_share_to_lose_unless_another_one_is_said() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} lose=2%")
    await here(f"/plan add {plan.id} 1000")
    assert (await plans_of(here))[0].drawdown_usd == pytest.approx(220.0)
    await here(f"/plan add {plan.id} 1000 lose=1%")
    assert (await plans_of(here))[0].drawdown_usd == pytest.approx(120.0)


async def test_nothing_is_added_to_a_plan_whose_most_to_lose_is_lost() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} lose=1% entry=64,800")
    await here(f"/plan add {plan.id} 1000")
    assert await plans_of(here) == (plan,)
