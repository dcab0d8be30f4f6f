"""/plan: positions stated by hand, kept for good and for their owner alone, with the article's three numbers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer, outcome
from commands.wording.columns import COLUMNS
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Side, Venue
from market.plans import MOST_PLANS, Gap, Happened, watch
from market.report import market_time
from market.sizing import MarginMode
from market.snapshot import Snapshot
from store.connection import Connection, StoreUnavailable
from store.people import StoredPeople
from store.persons import Person
from tests.commands.markets import NOW_MS, RULES, calm, crowding, market, unwinding
from tests.commands.stated import BTC, ME, plans_of, stated
from tests.commands.talking import Talk, monospaced, talk, text_of


async def test_a_position_is_kept_with_its_three_numbers_and_its_ladder() -> None:
    here = talk(calm())
    plan = await stated(here)
    told = text_of(here.reply)
    assert (plan.asset, plan.side, plan.leverage, plan.margin_usd) == ("BTC", Side.LONG, 5.0, 10_000.0)
    assert f"BTC 5x long {plan.id} · KEPT" in told
    assert "1 Lose at most        500 USDT (5.0%)" in told
    assert f"2 Leverage at most {int(plan.max_leverage * 10) / 10:>17.1f}x" in told
    assert "3 Reduce at                    60,252" in told
    assert "Trim       60,252   -6.2%" in told
    assert here.reply.private


async def test_numbers_of_a_plan_are_those_of_the_size_that_was_checked() -> None:
    here = talk(calm())
    await here("/size BTC 5x long 10k")
    size = here.reply.data
    plan = await stated(here)
    assert plan.liquidation_usd == size["liquidation_price"]
    assert plan.max_leverage == size["max_leverage"]
    assert here.reply.data["verdict"] == size["verdict"]


@pytest.mark.parametrize(
    "line",
    [
        BTC,
        "/plan BTC 25x short 10k cross venue=binance line=65,500 until=2026-11-30T18:00 hold=7d entry=64,300",
        "/plan list",
    ],
)
async def test_every_laid_out_line_fits_on_a_phone(line: str) -> None:
    here = talk(unwinding())
    await here("/plan BTC 12.5x short 123,456,789 line=66,000 entry=64,500")
    await here(line)
    assert outcome(here.reply) == "answered"
    assert all(len(one) <= COLUMNS for one in monospaced(here.reply))


async def test_own_limits_are_used_where_none_are_said() -> None:
    person = Person(ME, base_leverage=2.0, drawdown_budget=0.02)
    here = talk(calm(), people=[person])
    plan = await stated(here)
    assert plan.drawdown_usd == 200.0
    assert plan.max_leverage == pytest.approx(2.0 * 0.5 / 0.68)  # the continuous cap of that base
    kept = await here.context.services.people.get(ME)  # type: ignore[union-attr]
    assert kept is not None
    assert (kept.base_leverage, kept.drawdown_budget) == (2.0, 0.02)


async def test_what_is_said_goes_before_ones_own_limits() -> None:
    here = talk(calm(), people=[Person(ME, base_leverage=2.0, drawdown_budget=0.02)])
    plan = await stated(here, f"{BTC} lose=3% base=4x")
    assert plan.drawdown_usd == 300.0
    assert plan.max_leverage == pytest.approx(4.0 * 0.5 / 0.68)


async def test_the_button_of_a_size_states_the_same_position() -> None:
    here = talk(calm())
    await here("/size BTC 2x short 10k cross lose=3% base=4x entry=64,300 hold=48h")
    (line,) = [action.command for action in here.reply.actions if action.command.startswith("/plan")]
    plan = await stated(here, line)
    assert (plan.side, plan.mode, plan.entry_usd) == (Side.SHORT, MarginMode.CROSS, 64_300.0)
    assert (plan.drawdown_usd, plan.hold_hours, plan.leverage) == (300.0, 48.0, 2.0)


async def test_who_is_told_and_where_is_kept_with_the_plan() -> None:
    here = talk(calm())
    await stated(here)
    person = await here.context.services.people.get(ME)  # type: ignore[union-attr]
    assert person is not None
    assert (person.reach, person.made_ms) == ("telegram:4711", NOW_MS)
    assert "You are told here, alone" in text_of(here.reply)


async def test_a_terminal_says_that_nothing_can_be_sent_to_it() -> None:
    here = talk(calm(), platform="terminal", user="")
    await stated(here)
    assert "nothing can be sent to you here" in text_of(here.reply)


async def test_a_button_pressed_twice_is_one_plan() -> None:
    here = talk(calm())
    first = await stated(here)
    again = await stated(here)
    assert (await plans_of(here), again) == ((first,), first)
    assert "KEPT ONCE" in text_of(here.reply)


@pytest.mark.parametrize("words", ["entry=60,000", "until=3d", "lose=3%", "line=58,000"])
async def test_what_is_said_differently_within_a_minute_is_another_plan_and_not_the_first_once_more(
    words: str,
) -> None:
    here = talk(calm())
    first = await stated(here)
    second = await stated(here, f"{BTC} {words}")
    assert await plans_of(here) == (first, second)
    assert "KEPT ONCE" not in text_of(here.reply)
    again = await stated(here, f"{BTC} {words}")
    assert again == second
    assert "You stated the same within a minute: it is kept once." in text_of(here.reply)


async def test_the_same_position_two_minutes_later_is_another_one() -> None:
    here = talk(calm())
    first = await stated(here)
    later = here.later(2 * MINUTE_MS)
    second = await stated(later)
    assert first.id != second.id
    assert len(await plans_of(later)) == 2


async def test_no_more_than_so_many_are_kept() -> None:
    here = talk(calm())
    plan = await stated(here)
    people = here.context.services.people
    assert people is not None
    many = tuple(replace(plan, id=f"p{place:03d}") for place in range(MOST_PLANS))
    await people.change(ME, lambda person: replace(person, plans=many))
    assert "20 plans are kept at most" in await here("/plan BTC 2x short 5k")
    assert outcome(here.reply) == "refused"
    assert len(await plans_of(here)) == MOST_PLANS


async def test_what_is_true_already_is_said_at_once_and_not_told_again_by_the_watch() -> None:
    market_now = unwinding()
    here = talk(market_now)
    plan = await stated(here)
    assert "The market has turned against it (UNWINDING)" in text_of(here.reply)
    assert Happened.RISK_INVALIDATED in plan.watch.told_ms
    later = replace(market_now, at_ms=market_now.at_ms + MINUTE_MS)
    _, happened = watch(plan, later, RULES, NOW_MS, later.at_ms)
    assert happened == ()


async def test_a_line_right_at_the_price_is_noise_and_offers_no_horizon_or_size_of_zero() -> None:
    here = talk(calm())
    await stated(here, f"{BTC} line=64,209")
    said = text_of(here.reply)
    assert "That line is noise" in said
    assert "0.0 h" not in said
    assert " 0% of the size" not in said


async def test_rungs_are_shown_pulled_in_where_the_market_has_turned() -> None:
    here = talk(unwinding())
    plan = await stated(here)
    trim = plan.entry_usd * (1.0 - 0.75 * plan.ladder.trim)
    assert f"3 Reduce at {trim:>25,.0f}" in text_of(here.reply)


async def test_paying_too_much_pulls_the_rungs_in_and_does_not_forbid_adding() -> None:
    here = talk(calm(), people=[Person(ME, funding_8h=0.00001)])
    plan = await stated(here)
    shown = await here(f"/plan show {plan.id}")
    assert "Rungs are pulled in x.75: what it pays in funding is beyond the limit." in shown
    assert "No adds" not in shown
    assert "LARGER" in await here(f"/plan add {plan.id} 500")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/plan BTC 25x long 10k", "25x does not survive a move of 10% against it; no new position now."),
        ("/plan BTC 5x long 10k", "The checks say wait: no new position now."),
    ],
)
async def test_a_position_that_does_not_fit_is_kept_and_said_not_to_fit(line: str, said: str) -> None:
    here = talk(unwinding())
    await stated(here, line)
    assert said in text_of(here.reply)


async def test_half_a_size_is_said_where_two_checks_flash() -> None:
    here = talk(crowding())
    await stated(here, "/plan BTC 1x long 10k")
    assert "New size: half" in text_of(here.reply)


async def test_a_line_that_is_noise_is_said_with_what_would_make_it_one() -> None:
    here = talk(calm())
    await stated(here, f"{BTC} line=62,000")
    told = text_of(here.reply)
    assert "Your own line: 62,000." in told
    assert "That line is noise: 0.6 of the usual move in 72 h." in told
    assert "It is a line for 22 h." in told
    assert "Or take 60,252 with 56% of the size: the loss stays the same." in told


async def test_a_line_beyond_the_usual_move_is_no_noise() -> None:
    here = talk(calm())
    await stated(here, f"{BTC} line=59,000")
    assert "noise" not in text_of(here.reply)


async def test_a_time_of_ones_own_is_a_day_or_a_time_from_now() -> None:
    here = talk(calm())
    assert (await stated(here, f"{BTC} until=3d")).until_ms == NOW_MS + 3 * DAY_MS
    plan = await stated(here, "/plan BTC 2x short 5k until=2026-11-25T18:00")
    assert plan.until_ms == 1_795_629_600_000
    assert "Your own time: 2026-11-25 18:00 UTC." in text_of(here.reply)


async def test_a_cross_position_counts_the_other_plans_of_its_wallet() -> None:
    here = talk(calm())
    alone = await stated(here, "/plan BTC 4x long 10k cross")
    second = await stated(here, "/plan BTC 4x long 12k cross")
    assert alone.mode is second.mode is MarginMode.CROSS
    assert "Counted with it: 1 other plans of that cross wallet" in text_of(here.reply)
    assert "the whole wallet stands behind it" in text_of(here.reply)


async def test_a_venue_is_kept_with_the_day_of_its_tiers() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} venue=binance")
    assert (plan.venue, plan.tiers_on) == (Venue.BINANCE, "2026-09-29")
    assert "10,000 USDT isolated, Binance tiers of 2026-09-29" in text_of(here.reply)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/plan BTC 5x", "How much margin stands behind it?"),
        ("/plan BTC 10k", "A word is missing: leverage."),
        (f"{BTC} line=70k", "Your own line 70,000 is touched already: the price is 64,210."),
        (f"{BTC} line=40k", "Your own line 40,000 lies beyond the liquidation at ~51,600"),
        (f"{BTC} until=2020-01-01", "That time is over, or more than a year away."),
        (f"{BTC} until=2026-13-45", '"2026-13-45" is no day.'),
        (f"{BTC} until=soon", '"soon" is no time of your own.'),
        ("/plan BTC 199x long 10k", "199x is more than the venue allows"),
        (f"{BTC} entry=80k", "would be closed already"),
        ("/plan show pfff", "No plans yet."),
        ("/plan show", "No plans yet."),
        ("/plan PEPPE 5x 10k", "PEPPE"),
    ],
)
async def test_a_wrong_plan_is_refused_with_a_sentence_and_an_example_and_nothing_is_kept(
    line: str, said: str
) -> None:
    here = talk(calm())
    told = await here(line)
    assert said in told
    assert "Example: /" in told
    assert outcome(here.reply) == "refused"
    assert await plans_of(here) == ()


async def test_a_form_asks_for_what_a_plan_needs_one_field_after_another() -> None:
    here = talk(calm())
    line = "/plan"
    for field, said in {
        "asset": "btc",
        "leverage": "5x",
        "side": "long",
        "equity": "10k",
        "line": "-",
    }.items():
        await here(line)
        assert here.reply.prompt is not None
        assert here.reply.prompt.field == field
        line = here.reply.prompt.filled(said)
    plan = await stated(here, line)
    assert (plan.leverage, plan.line_usd) == (5.0, None)


async def test_a_line_that_is_refused_is_asked_for_again_with_the_reason() -> None:
    here = talk(calm())
    assert "is touched already" in await here(f"{BTC} line=70k")
    assert here.reply.prompt is not None
    plan = await stated(here, here.reply.prompt.filled("60k"))
    assert plan.line_usd == 60_000.0


async def test_a_line_whose_mark_was_mistyped_is_refused_as_it_would_never_warn() -> None:
    """Of 1x nothing else refuses it: no liquidation comes before it."""
    here = talk(calm())
    assert "Your own line 60.000 is more than 8 times away" in await here("/plan BTC 1x 10k line=60.000")
    assert [action.command for action in here.reply.actions] == ["/plan BTC 1x 10k line=60000"]
    assert await plans_of(here) == ()
    assert (await stated(here, "/plan BTC 1x 10k line=60000")).line_usd == 60_000.0


async def test_nothing_of_a_plan_is_said_where_others_read_along() -> None:
    here = talk(calm())
    plan = await stated(here)
    group = Talk(replace(here.context, is_private=False, chat="-100"))
    for line in (
        BTC,
        "/plan list",
        f"/plan show {plan.id}",
        f"/plan add {plan.id} 500",
        f"/plan close {plan.id}",
    ):
        told = await group(line)
        assert "A plan is yours alone" in told
        assert plan.id not in told
        assert group.reply.private
    assert await plans_of(here) == (plan,)


async def test_a_group_that_speaks_itself_has_no_plans() -> None:
    here = talk(calm(), user="")
    assert "Whose plan that would be cannot be told" in await here(BTC)


@pytest.mark.parametrize(("source", "said"), [("history", "recorded"), ("simulated", "simulated")])
async def test_where_nobody_is_kept_no_plan_is_and_it_is_said(source: str, said: str) -> None:
    here = talk(calm(source=source), people=None)
    assert f"This market is {said}: no plan is kept in it." in await here(BTC)


async def test_an_asset_nothing_was_read_of_is_said_so() -> None:
    here = talk(calm())
    assert "Nothing has been read for ETH yet." in await here("/plan ETH 5x 10k")
    assert await plans_of(here) == ()


async def test_a_plan_is_listed_shown_and_found_by_its_name_alone() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} line=60k")
    assert f"{plan.id} BTC 5x long\n  at 64,210, 10,000 USDT, line 60,000" in await here("/plan list")
    shown = await here(f"/plan show {plan.id}")
    assert f"BTC 5x long {plan.id} · PLAN" in shown
    assert await here(f"/plan {plan.id}") == shown
    assert await here(f"/plan show #{plan.id.upper()}") == shown
    assert here.reply.data["id"] == plan.id


async def test_without_a_name_the_plans_there_are_are_offered() -> None:
    here = talk(calm())
    plan = await stated(here)
    await here("/plan close")
    assert [action.command for action in here.reply.actions] == [f"/plan close {plan.id}"]
    assert await plans_of(here) == (plan,)


async def test_a_plan_shown_without_a_price_says_so_and_keeps_its_numbers() -> None:
    here = talk(calm())
    plan = await stated(here)
    blind = talk(market(lacking=("price",)), people=[Person(ME, plans=(plan,))])
    told = await blind(f"/plan show {plan.id}")
    assert "BTC: no price that can be used" in told
    assert "Liquidation ~51,600" in told


async def test_an_asset_that_is_not_watched_any_more_is_said_with_the_plan() -> None:
    here = talk(calm())
    plan = await stated(here)
    dropped = talk(calm(), people=[Person(ME, plans=(plan,))], watched=("ETH",))
    assert "BTC is not watched here any more" in await dropped(f"/plan show {plan.id}")


async def test_a_gap_is_told_with_its_times() -> None:
    here = talk(calm())
    plan = await stated(here)
    gap = Gap(NOW_MS - 10 * HOUR_MS, NOW_MS - 10 * HOUR_MS + 15 * MINUTE_MS)
    gone = replace(plan, watch=replace(plan.watch, gaps=(gap,)))
    other = talk(calm(), people=[Person(ME, plans=(gone,))])
    assert "Not watched 02:04 to 02:19 UTC." in await other(f"/plan show {plan.id}")


async def test_a_closed_plan_is_gone_for_good_and_can_be_stated_again() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} line=60k until=2026-11-25T18:00")
    told = await here(f"/plan close {plan.id}")
    assert f"BTC 5x long {plan.id} · CLOSED" in told
    assert await plans_of(here) == ()
    undo = here.reply.actions[-1].command
    again = await stated(here, undo)
    assert (again.line_usd, again.until_ms) == (60_000.0, plan.until_ms)
    assert again.coins == pytest.approx(plan.coins)


async def test_closing_says_what_was_won_at_the_present_price() -> None:
    here = talk(calm())
    plan = await stated(here, f"{BTC} entry=60,000")
    won = plan.coins * (64_210.0 - 60_000.0)
    assert f"At 64,210 now: +{won:,.0f} USDT" in await here(f"/plan close {plan.id}")


async def test_adding_makes_a_plan_larger_at_its_own_leverage() -> None:
    here = talk(calm())
    plan = await stated(here)
    told = await here(f"/plan add {plan.id} 500 entry=63,000")
    (larger,) = await plans_of(here)
    assert f"{plan.id} · LARGER" in told
    assert larger.margin_usd == 10_500.0
    assert larger.coins == pytest.approx(plan.coins + 2_500.0 / 63_000.0)
    assert larger.entry_usd < plan.entry_usd


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (market("pd", "down", "oe", "fn"), "Open interest is elevated and funding has not reset: no adds."),
        (unwinding(), "The market has turned against this side"),
        (market(silent=("open_interest",)), "silence is no calm: no adds."),
    ],
)
async def test_adds_are_refused_with_every_reason_and_change_nothing(there: Snapshot, said: str) -> None:
    here = talk(calm())
    plan = await stated(here)
    other = talk(there, people=[Person(ME, plans=(plan,))])
    told = await other(f"/plan add {plan.id} 500")
    assert f"{plan.id} · NO ADD" in told
    assert said in told
    assert other.reply.data["changed"] is False
    assert await plans_of(other) == (plan,)


async def test_an_add_that_would_be_closed_by_force_before_the_own_line_is_refused_with_both_prices() -> None:
    here = talk(calm())
    plan = await stated(here, "/plan BTC 5x long 10k line=60,000")
    told = await here(f"/plan add {plan.id} 10k entry=90,000")
    assert "the liquidation would be at ~60,2" in told
    assert "before your own line 60,000 is reached: nothing is added." in told
    assert f"Example: /plan show {plan.id}" in told
    assert await plans_of(here) == (plan,)


async def test_an_add_without_an_amount_is_refused_with_one_that_would_do() -> None:
    here = talk(calm())
    plan = await stated(here)
    assert f"Example: /plan add {plan.id} 500" in await here(f"/plan add {plan.id}")


async def test_plans_are_no_subscription_and_it_is_said() -> None:
    here = talk(calm(), alerts=(), role=2)
    told = await here("/subscribe BTC plan")
    assert "Plans are watched by themselves" in told


async def test_a_watched_coin_with_the_name_of_a_plan_is_the_coin() -> None:
    here = talk(calm(asset="PFED"), watched=("PFED",))
    await here("/plan PFED 2x long 10k")
    assert "No margin tiers are known for PFED" in text_of(here.reply)


async def test_a_market_of_the_past_keeps_its_own_time() -> None:
    then = calm(source="simulated", at_ms=NOW_MS - DAY_MS)
    here = talk(then)
    plan = await stated(here)
    assert plan.made_ms == market_time(then, NOW_MS) == NOW_MS - DAY_MS
    assert "SIMULATED" in text_of(here.reply)


class Failing(StoredPeople):
    """A store that goes away in the middle of a write."""

    async def change(self, name: str, make: Callable[[Person], Person]) -> Person:
        raise StoreUnavailable("gone")


async def test_a_plan_is_confirmed_only_once_it_is_kept_for_good(valkey: Connection) -> None:
    here = talk(calm())
    services = replace(here.context.services, people=StoredPeople(valkey))
    told = text_of(await answer(BTC, replace(here.context, services=services)))
    person = await StoredPeople(valkey).get(ME)
    assert person is not None
    assert f"{person.plans[0].id} · KEPT" in told
    failing = replace(here.context.services, people=Failing(valkey))
    reply = await answer("/plan BTC 2x short 5k", replace(here.context, services=failing))
    assert outcome(reply) == "failed"
    assert "look before you try again" in text_of(reply)


async def test_two_plans_stated_at_once_are_both_kept_under_names_of_their_own(valkey: Connection) -> None:
    here = talk(calm())
    services = replace(here.context.services, people=StoredPeople(valkey))
    context = replace(here.context, services=services)
    lines = [f"/plan BTC {leverage}x long 10k" for leverage in (1, 2, 3, 4)]
    await asyncio.gather(*(answer(line, context) for line in lines))
    person = await StoredPeople(valkey).get(ME)
    assert person is not None
    assert sorted(plan.leverage for plan in person.plans) == [1.0, 2.0, 3.0, 4.0]
    assert len({plan.id for plan in person.plans}) == 4


async def test_without_a_price_a_plan_needs_a_stated_entry() -> None:
    here = talk(market(lacking=("price",)))
    assert outcome((await here(BTC), here.reply)[1]) == "refused"
    plan = await stated(here, f"{BTC} entry=64,000")
    assert plan.entry_usd == 64_000.0


async def test_that_rungs_are_pulled_in_is_said_once_and_inverse_is_named_wherever_a_plan_is() -> None:
    here = talk(unwinding())
    plan = await stated(here, f"{BTC} inverse")
    assert text_of(here.reply).count("The market has turned against it") == 1
    assert "10,000 USDT isolated inverse" in text_of(here.reply)
    assert "long inverse" in await here("/positions")
    assert "long inverse" in await here("/plan list")
    assert (await here(f"/plan show {plan.id}")).count("Rungs are pulled in x.75") == 1
