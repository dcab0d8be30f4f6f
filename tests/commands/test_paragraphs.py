"""Moments in sentences, and what answers fold away."""

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Evidence, Moment, Reply, Shown, Text, Told
from commands.wording.alert import describe_alert
from commands.wording.paragraphs import age, date, evidence_of, minute, paragraph_of, recent, second
from market.observations import HOUR_MS, MINUTE_MS
from market.rules import AlertRules
from tests.commands.markets import NOW_MS, crowding
from tests.commands.talking import talk, text_of
from tests.commands.test_alert_wording import fired

ENGLISH = phrases_in("en")
ANSWERS = (
    "/regime",
    "/why",
    "/check",
    "/size 5x 10k",
    "/status",
    "/funding",
    "/oi",
    "/liq",
    "/skew",
    "/scan",
)


def moments(reply: Reply) -> list[Moment]:
    told = (block for block in reply.blocks if isinstance(block, Told))
    return [part for block in told for part in block.parts if isinstance(part, Moment)]


def folded(reply: Reply) -> str:
    return "\n".join(line for block in reply.blocks if isinstance(block, Evidence) for line in block.lines)


def test_a_sentence_without_a_moment_is_plain_words() -> None:
    assert paragraph_of("Falling.\nStill.") == Text("Falling.\nStill.")


def test_each_marked_moment_of_a_sentence_stands_in_its_place() -> None:
    told = paragraph_of(
        f"{second(NOW_MS)} read, until {minute(NOW_MS)}; since {date(NOW_MS)}, {recent(NOW_MS)}, {age(NOW_MS)}."
    )
    assert told == Told(
        (
            Moment(NOW_MS, Shown.SECOND, "12:04:10 UTC"),
            " read, until ",
            Moment(NOW_MS, Shown.MINUTE, "12:04 UTC"),
            "; since ",
            Moment(NOW_MS, Shown.DAY, "2026-11-22 12:04 UTC"),
            ", ",
            Moment(NOW_MS, Shown.DAY, "22 Nov 12:04 UTC"),
            ", ",
            Moment(NOW_MS, Shown.AGE, "2026-11-22 12:04 UTC"),
            ".",
        )
    )


def test_nothing_is_folded_away_where_there_is_nothing() -> None:
    assert evidence_of(()) == ()
    assert evidence_of(["So often."]) == (Evidence(("So often.",)),)


@pytest.mark.parametrize("line", ANSWERS)
async def test_no_mark_of_a_moment_is_left_in_an_answer(line: str) -> None:
    ask = talk(crowding())
    await ask(line)
    assert "\0" not in text_of(ask.reply)


@pytest.mark.parametrize("line", ["/regime", "/why", "/check", "/funding", "/oi", "/liq", "/skew"])
async def test_the_time_of_a_live_market_is_one_its_reader_can_have_by_their_own_clock(line: str) -> None:
    ask = talk(crowding())
    assert "12:04:10 UTC" in await ask(line)
    assert Moment(NOW_MS, Shown.SECOND, "12:04:10 UTC") in moments(ask.reply)


@pytest.mark.parametrize("source", ["simulated", "history"])
async def test_the_time_of_another_market_is_not(source: str) -> None:
    ask = talk(crowding(source=source))
    await ask("/regime")
    assert NOW_MS not in {moment.at_ms for moment in moments(ask.reply)}


async def test_what_a_state_rests_on_is_folded_and_what_to_do_is_not() -> None:
    ask = talk(crowding())
    said = await ask("/regime")
    assert "Hours like this" in folded(ask.reply)
    for seen in ("Reduce: half", "Steps seen", "Eases:", "Stress", "5 of 5 read"):
        assert seen in said
        assert seen not in folded(ask.reply)


async def test_what_a_size_assumes_is_folded_and_its_verdict_and_ages_are_not() -> None:
    ask = talk(crowding())
    said = await ask("/size BTC 5x 10k")
    assert folded(ask.reply)
    for seen in ("TOO MUCH NOW", "Liq ~", "Price 4s"):
        assert seen in said
        assert seen not in folded(ask.reply)


def test_a_warning_folds_its_odds_and_not_what_clears_it() -> None:
    reply = describe_alert(fired(), ENGLISH, AlertRules())
    assert "A warning of tail risk, not of direction: " in folded(reply)
    assert "Clears when" not in folded(reply)
    assert "Clears when" in text_of(reply)


@pytest.mark.parametrize("line", ["/regime", "/why"])
async def test_an_early_warning_says_since_when_by_the_clock_of_its_reader(line: str) -> None:
    ask = talk(crowding())
    assert "since 22 Nov 05:44 UTC." in await ask(line)
    assert Moment(NOW_MS - 6 * HOUR_MS - 20 * MINUTE_MS, Shown.DAY, "22 Nov 05:44 UTC") in moments(ask.reply)
