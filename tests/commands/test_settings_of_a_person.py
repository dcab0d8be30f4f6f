"""/settings of a person: their own base leverage, drawdown budget and limit on funding, kept for good and shown to them alone."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.request import Role
from commands.wording.columns import sides
from store.connection import Connection
from store.people import StoredPeople
from store.persons import Person
from tests.commands.markets import NOW_MS, calm, crowding
from tests.commands.talking import Talk, monospaced, talk

ME = "telegram:4711"


def somebody(**changed: object) -> Talk:
    """Alone with the bot, where everybody manages their own."""
    return talk(crowding(), **{"role": Role.MANAGER, "alerts": (), **changed})


async def kept(ask: Talk) -> Person | None:
    assert ask.context.services.people is not None
    return await ask.context.services.people.get(ME)


async def test_before_anything_is_set_the_defaults_are_shown_as_ours() -> None:
    ask = somebody()
    said = await ask("/settings")
    assert sides("Base leverage", "5x, others 3x (ours)") in said
    assert sides("Most to lose", "5% (ours)") in said
    assert sides("Funding too dear", ".030%/8h (ours)") in said
    assert ask.reply.data["limits"] == {"base": None, "drawdown": None, "funding_8h": None}
    assert await kept(ask) is None


async def test_ones_own_limits_are_kept_with_where_to_reach_them() -> None:
    ask = somebody()
    said = await ask("/settings base 8x drawdown 5% funding 0.02%")
    assert sides("Base leverage", "8x (yours)") in said
    assert sides("Most to lose", "5% (yours)") in said
    assert sides("Funding too dear", ".020%/8h (yours)") in said
    person = await kept(ask)
    assert person == Person(ME, ME, 8.0, 0.05, 0.0002, made_ms=NOW_MS, spoken="en")


async def test_off_goes_back_to_ours_and_leaves_the_others() -> None:
    ask = somebody()
    await ask("/settings base=8x drawdown=2.5% funding=0.02%")
    said = await ask("/settings base off funding off")
    assert sides("Base leverage", "5x, others 3x (ours)") in said
    assert sides("Most to lose", "2.5% (yours)") in said
    person = await kept(ask)
    assert person is not None
    assert (person.base_leverage, person.drawdown_budget, person.funding_8h) == (None, 0.025, None)


async def test_a_chats_settings_and_ones_own_can_be_said_in_one_line() -> None:
    ask = somebody()
    said = await ask("/settings least warning base 4x")
    assert sides("Lowest severity", "WARNING") in said
    assert sides("Base leverage", "4x (yours)") in said


async def test_in_a_group_ones_own_are_refused_with_a_sentence_and_never_shown() -> None:
    ask = somebody(people=(Person(ME, ME, 8.0),), is_private=False, chat="-100")
    said = await ask("/settings base 4x least warning")
    assert outcome(ask.reply) == "refused"
    assert "Your own limits are yours alone: set them in our private chat" in said
    assert "Example: /settings base 3x drawdown 3% funding 0.02%" in said
    assert ask.context.services.chats is not None
    assert await ask.context.services.chats.get(ask.context.address) is None  # nothing of the line was done
    shown = await ask("/settings")
    assert "Base leverage" not in shown
    assert "8x" not in shown.replace("/settings base 8x", "")
    assert ask.reply.data["limits"] is None
    assert await kept(ask) == Person(ME, ME, 8.0)


async def test_a_group_that_speaks_for_itself_has_no_limits() -> None:
    ask = somebody(user="")
    assert "set them in our private chat" in await ask("/settings base 4x")


async def test_where_nobody_is_kept_limits_are_said_with_the_question() -> None:
    ask = somebody(people=None)
    said = await ask("/settings base 4x")
    assert "limits are said with the question" in said
    assert "Example: /size BTC 5x 10k base=3x lose=3%" in said
    assert "Base leverage" not in await ask("/settings")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/settings base 0.5x", "it starts at 1x"),
        ("/settings base 300x", "nobody offers more than 200x"),
        ("/settings base banana", "is no base leverage, or off"),
        ("/settings drawdown 0%", "above 0% and at most 100%"),
        ("/settings drawdown 101%", "above 0% and at most 100%"),
        ("/settings funding 5%", "is no funding rate per 8 hours: above 0% and at most 3%"),
        ("/settings funding -0.01%", "above 0%"),
        ("/settings funding much", "is no rate per 8 h, or off"),
        ("/settings 8x", "is no"),
    ],
)
async def test_what_cannot_be_a_limit_is_refused_and_changes_nothing(line: str, says: str) -> None:
    ask = somebody()
    said = await ask(line)
    assert says in said
    assert outcome(ask.reply) == "refused"
    assert await kept(ask) is None


async def test_a_size_is_checked_with_ones_own_limits_until_others_are_said() -> None:
    ask = talk(calm(), people=(Person(ME, base_leverage=2.0, drawdown_budget=0.02),))
    said = await ask("/size BTC 5x 10k")
    assert "Base (yours)            2.0x" in said
    assert "To lose at most 2% (200 USDT):" in said
    assert "Our defaults" not in said
    assert ask.reply.actions[0].command == "/size BTC 1.4x long equity=10000"
    said = await ask("/size BTC 5x 10k base=8x lose=1%")
    assert "Base (yours)            8.0x" in said
    assert "To lose at most 1% (100 USDT):" in said


async def test_ones_limits_are_nobody_elses() -> None:
    ask = talk(
        calm(), people=(Person("telegram:1", base_leverage=2.0), Person("discord:4711", base_leverage=2.0))
    )
    said = await ask("/size BTC 3x 10k")
    assert "Base (ours)             5.0x" in said
    assert "Our defaults: base 5x, 5% to lose. Your own: /settings base 3x drawdown 3%." in said


async def test_funding_beyond_ones_own_limit_counts_as_high_and_pulls_the_rungs_in() -> None:
    market = calm()  # longs pay .004% per 8 h
    plain = talk(market)
    await plain("/size BTC 3x 10k")
    ask = talk(market, people=(Person(ME, funding_8h=0.00003),))
    said = await ask("/size BTC 3x 10k")
    assert " funding high      x3/4 3.7x" in said
    assert "Funding .004%/8h is beyond your own .003%/8h: counted as high, rungs pulled in." in said
    assert "(rungs pulled in x.75: funding)" in said
    assert "No adds while that holds." not in said
    assert ask.reply.data["advice"] == "PROCEED"  # their own limit is no word of the market
    entry = 64_210.0
    way, pulled = (entry - float(one.reply.data["trim"]) for one in (plain, ask))  # type: ignore[arg-type]
    assert pulled == pytest.approx(0.75 * way)
    assert "beyond your own" not in await ask("/size BTC 3x 10k short")  # a short is paid


async def test_a_limit_above_what_is_paid_changes_nothing() -> None:
    ask = talk(crowding(), people=(Person(ME, funding_8h=0.001),))
    said = await ask("/size BTC 3x 10k")
    assert "beyond your own" not in said
    assert " funding high      x3/4" in said  # what the market says is never made milder


async def test_everything_laid_out_fits_on_a_phone() -> None:
    ask = somebody()
    for line in ("/settings base 123.25x drawdown 12.5% funding 0.0125%", "/settings", "/settings base off"):
        await ask(line)
        assert [row for row in monospaced(ask.reply) if len(row) > 37 or "…" in row] == []


async def test_where_no_chat_has_settings_ones_own_limits_are_kept_all_the_same() -> None:
    ask = talk(crowding(), role=Role.MANAGER)  # as in the demo: people are kept, and nobody is warned
    assert (await ask("/settings base 8x")).startswith(
        "Your own limits, changed\n" + sides("Base leverage", "8x (yours)")
    )
    assert (await ask("/settings")).startswith("Your own limits\n")
    refused = await ask("/settings base 4x quiet 23-07")
    assert "Base leverage" not in refused
    person = await kept(ask)
    assert person is not None
    assert person.base_leverage == 8.0


async def test_limits_last_in_the_real_store_and_hold_for_the_next_size(valkey: Connection) -> None:
    ask = somebody(chat="4711")
    people = StoredPeople(valkey)
    ask.context = replace(ask.context, services=replace(ask.context.services, people=people))
    await ask("/settings base 2x funding 0.02%")
    assert await StoredPeople(valkey).get(ME) == Person(
        ME, ME, 2.0, None, 0.0002, made_ms=NOW_MS, spoken="en"
    )
    assert "Base (yours)            2.0x" in await ask("/size BTC 5x 10k")
