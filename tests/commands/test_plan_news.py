"""What a plan's owner is told, in words: what happened, at which price, and what it means for the plan."""

from dataclasses import replace
from typing import Any

import pytest

from bot.layout import DISCORD_MARKDOWN, lay_out
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Heading, Reply, Tone
from commands.wording.columns import COLUMNS
from commands.wording.plan_news import GRAVEST_FIRST, NewsMarks, describe_news
from market.observations import HOUR_MS, MINUTE_MS, Side
from market.plans import Gap, Happened, PlanNews
from market.plans.standing import CALLED
from market.table import State
from tests.bot.delivery.plans import PLAN, news
from tests.commands.markets import RULES
from tests.commands.talking import monospaced, text_of
from tests.store.samples import NOW_MS

WORDS = phrases_in("en")
LINED = replace(PLAN, line_usd=90_000.0, until_ms=NOW_MS)
TIGHT = replace(PLAN, watch=replace(PLAN.watch, tight_since_ms=NOW_MS))


def told(*facts: PlanNews, marks: NewsMarks | None = None) -> Reply:
    """The message of these news, a second later."""
    return describe_news(facts, WORDS, RULES, NOW_MS + 1_000, marks or NewsMarks())


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (Happened.TRIM, "Price 95,500 has reached your trim rung 96,000"),
        (Happened.HEDGE, "Price 95,500 has reached your hedge rung 95,000"),
        (Happened.EXIT, "Price 95,500 has reached your exit rung 93,000"),
        (
            Happened.MAX_LOSS,
            "Out at 95,500 loses 2,300 USDT with fees and funding: your plan's most to lose, 500",
        ),
        (Happened.NEAR_LIQUIDATION, "Liquidation ~80,442 is 4.1 s.d. of the next 72 h away."),
        (Happened.LIQUIDATED, "Price 95,500 has reached ~80,442, where the venue closes it by force"),
        (Happened.FUNDING_BEYOND, "You pay .030%/8h, beyond the limit: rungs pulled in x.75."),
        (Happened.RISK_INVALIDATED, "The market has turned against it (CROWDING), before your own line"),
        (Happened.THESIS_PRICE, "Price 95,500 has crossed your own line 90,000"),
        (Happened.THESIS_TIME, "Your own time 2023-11-14 22:13 UTC is over"),
    ],
)
def test_each_thing_that_happens_has_a_sentence_of_its_own(happened: Happened, said: str) -> None:
    reply = told(news(happened, plan=LINED))
    assert said in text_of(reply)
    assert reply.private


def test_all_that_can_happen_is_told() -> None:
    assert set(GRAVEST_FIRST) == set(Happened)


@pytest.mark.parametrize("happened", Happened)
def test_every_laid_out_line_fits_on_a_phone(happened: Happened) -> None:
    long = replace(LINED, asset="1000PEPE", margin_usd=1_700.0, side=Side.SHORT)
    reply = told(news(happened, plan=long), news(happened, plan=replace(long, id="p222")), news(happened))
    assert all(len(line) <= COLUMNS for line in monospaced(reply))


def test_the_gravest_thing_is_the_heading_and_the_first_sentence() -> None:
    reply = told(news(Happened.TRIM, Happened.HEDGE, Happened.EXIT, Happened.RISK_INVALIDATED, plan=TIGHT))
    assert reply.blocks[0] == Heading("BTC 5x long p7f2 · OUT", Tone.STRESS)
    text = text_of(reply)
    assert text.index("exit rung") < text.index("hedge rung") < text.index("trim rung")


@pytest.mark.parametrize(("most_usd", "first"), [(500.0, "MAX LOSS"), (9_000.0, "OUT")])
def test_of_two_reasons_to_be_out_in_one_look_the_one_that_price_came_to_first_is_told_first(
    most_usd: float, first: str
) -> None:
    plan = replace(PLAN, drawdown_usd=most_usd)
    reply = told(news(Happened.EXIT, Happened.MAX_LOSS, plan=plan))
    assert reply.blocks[0] == Heading(f"BTC 5x long p7f2 · {first}", Tone.STRESS)
    text = text_of(reply)
    assert (text.index("most to lose") < text.index("exit rung")) is (first == "MAX LOSS")


def test_a_rung_that_is_reached_when_no_more_may_be_lost_says_to_be_out() -> None:
    reached = news(Happened.TRIM)
    spent = replace(reached.plan.watch, told_ms={**reached.plan.watch.told_ms, "max_loss": NOW_MS - HOUR_MS})
    text = text_of(told(replace(reached, plan=replace(reached.plan, watch=spent))))
    assert "Your plan's most to lose, 500 USDT, was used up before. The plan says: be out." in text
    assert "was used up before" not in text_of(told(reached))


def test_rungs_pulled_in_are_told_where_they_are_now() -> None:
    assert "your trim rung 97,000" in text_of(told(news(Happened.TRIM, plan=TIGHT)))


def test_the_ladder_shows_what_was_reached_and_how_far_the_rest_is() -> None:
    text = text_of(told(news(Happened.TRIM)))
    assert "Trim       96,000   +0.5% reached" in text
    assert "Out        93,000   -2.6%" in text
    assert "Now 95,500 (5s)       P&L -2,250 USDT" in text


def test_what_could_not_be_watched_is_told_with_the_next_news() -> None:
    gap = Gap(NOW_MS - HOUR_MS, NOW_MS - HOUR_MS + 15 * MINUTE_MS)
    assert "Not watched " in text_of(told(news(Happened.TRIM, gaps=(gap,))))


def test_a_short_is_told_mirrored() -> None:
    short = replace(PLAN, side=Side.SHORT, liquidation_usd=119_000.0)
    text = text_of(told(news(Happened.TRIM, plan=short, price_usd=104_500.0)))
    assert "your trim rung 104,000" in text
    assert "P&L -2,250 USDT" in text


def test_marks_say_that_it_is_late_old_or_a_repeat() -> None:
    late = text_of(told(news(Happened.TRIM), marks=NewsMarks(is_late=True, is_repeat=True)))
    assert "Late: this is 1 s old." in late
    assert "(repeat)" in late
    old = text_of(told(news(Happened.TRIM), marks=NewsMarks(is_late=True, is_old=True)))
    assert "look at /positions before you act on it" in old
    assert "Late:" not in old


def test_a_market_that_is_simulated_says_so() -> None:
    assert "SIMULATED" in text_of(told(news(Happened.TRIM, source="simulated")))


def test_many_plans_of_one_look_are_told_in_full_twice_and_then_in_a_line_each() -> None:
    many = [news(Happened.TRIM, plan=replace(PLAN, id=f"p{place:03d}")) for place in range(20)]
    reply = told(*many)
    text = text_of(reply)
    assert text.count("has reached your trim rung") == 2
    assert all(f"p{place:03d}" in text for place in range(20))
    assert len(lay_out(reply, DISCORD_MARKDOWN)) == 1
    data: Any = reply.data["plans"]
    assert len(data) == 20


def test_buttons_show_the_positions_and_close_the_plan() -> None:
    commands = [action.command for action in told(news(Happened.EXIT)).actions]
    assert commands == ["/positions", "/plan show p7f2", "/plan close p7f2"]


def test_a_long_that_is_to_be_hedged_is_offered_what_that_costs_and_a_short_is_not() -> None:
    commands = [action.command for action in told(news(Happened.HEDGE)).actions]
    assert commands[-1] == f"/hedge {PLAN.asset}"
    short = replace(PLAN, side=Side.SHORT)
    assert f"/hedge {PLAN.asset}" not in [
        action.command for action in told(news(Happened.HEDGE, plan=short)).actions
    ]


def test_every_rung_has_its_word() -> None:
    assert all(WORDS.knows("rung", rung.value) for rung in CALLED)
    assert all(WORDS.knows("plan_happened", one.value) for one in Happened)
    assert all(WORDS.knows("plan_told", one.value) for one in Happened)
    assert WORDS.word("state", State.CROWDING.value)


def test_what_has_turned_is_named_where_the_state_does_not_say_it() -> None:
    fact = news(Happened.RISK_INVALIDATED, state=State.HEALTHY, turned="protip")
    assert "has turned against it (crowded, falling), before your own line" in text_of(told(fact))
