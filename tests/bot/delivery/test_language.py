"""In which language warnings come: the chosen one, else that of whoever is alone with the bot, else English."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer
from commands.protocol.phrases import phrases_in
from commands.protocol.request import Context, Role
from market.plans import Happened
from store.connection import Connection
from store.people import StoredPeople
from store.plan_news import StoredPlanNews
from tests.bot.delivery.plans import PLAN, news
from tests.bot.delivery.post import Way
from tests.commands.markets import crowding
from tests.commands.talking import context
from tests.doubles.chats import ChatsInMemory
from tests.store.samples import FIRED, NOW_MS

ME = "telegram:1"


@pytest.fixture
async def way(valkey: Connection) -> Way:
    made = Way(valkey, ChatsInMemory())
    made.now_ms = NOW_MS + 1_000
    await made.box.open()
    return made


def asking(way: Way, language: str, *, is_private: bool = True) -> Context:
    """Somebody who manages the chat, with a program in that language."""
    here = context(crowding(asset=FIRED.asset), role=Role.MANAGER, chat="1", user="1", is_private=is_private)
    return replace(here, services=replace(here.services, chats=way.chats), language=language)


async def told(way: Way, said: Context, *lines: str) -> str:
    """What a warning says to a chat in which these lines were said."""
    for line in lines:
        await answer(line, said)
    await way.bring(FIRED)
    (message,) = way.platform.shown(ME)
    return message.text


async def test_who_is_alone_with_the_bot_is_warned_in_the_language_of_their_program(way: Way) -> None:
    text = await told(way, asking(way, "es"), f"/subscribe {FIRED.asset} cascade watch")
    assert phrases_in("es").word("alert_reason", FIRED.reason.value) in text
    assert "Price" not in text


async def test_a_group_that_chose_none_is_warned_in_english_whoever_subscribed_it(way: Way) -> None:
    text = await told(way, asking(way, "es", is_private=False), f"/subscribe {FIRED.asset} cascade watch")
    assert "Price" in text


async def test_what_was_chosen_holds_over_what_is_spoken(way: Way) -> None:
    lines = f"/subscribe {FIRED.asset} cascade watch", "/settings language=en"
    assert "Price" in await told(way, asking(way, "es"), *lines)


async def test_numbers_of_a_warning_are_written_as_its_language_does(way: Way) -> None:
    assert "-3,1%" in await told(way, asking(way, "es"), f"/subscribe {FIRED.asset} cascade watch")


async def test_news_of_a_plan_come_in_the_language_it_was_stated_in(way: Way) -> None:
    people = StoredPeople(way.valkey)
    before = await people.kept("somebody")
    stated = replace(before.person, reach=ME, plans=(PLAN,), made_ms=NOW_MS, spoken="es")
    await people.keep(before, stated)
    before = await people.kept("somebody")
    after = replace(before.person, funding_8h=0.001)
    assert await StoredPlanNews(way.valkey).tell(before, after, [news(Happened.TRIM)])
    await way.deliver()
    (message,) = way.platform.shown(ME)
    assert "96.000" in message.text
    assert "rung" not in message.text
