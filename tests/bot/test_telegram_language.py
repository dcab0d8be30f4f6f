"""Telegram in two languages: the reader's program, the choice of a chat, numbers typed and buttons pressed in either."""

from collections.abc import AsyncIterator

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.service import Service
from tests.bot.desks import desk_on, telegram_serving
from tests.doubles.telegram import ALICE, BOB, CARMEN, GROUP, BotApi, Shown

CARMENS = {"id": CARMEN["id"], "type": "private"}


@pytest.fixture
async def warning(api: BotApi) -> AsyncIterator[Service]:
    """The service where chats can choose."""
    async with telegram_serving(desk_on(telegram_url=api.url, is_warning=True)) as running:
        yield running


async def said(api: BotApi, text: str, count: int, **more: object) -> Shown:
    """The answer that makes it `count` messages."""
    await api.say(text, **more)  # type: ignore[arg-type]
    return (await api.messages(count))[count - 1]


async def test_who_speaks_spanish_is_answered_in_it_with_its_marks(api: BotApi, service: Service) -> None:
    answer = await said(api, "/size btc 5x equity=12.500,50", 1, chat=CARMENS, sender=CARMEN)
    assert "5x largo" in answer.text
    assert "dijiste 12.500" in answer.text
    assert "SATURACIÓN" in (await said(api, "/regime", 2, chat=CARMENS, sender=CARMEN)).text


async def test_a_number_that_could_be_two_is_asked_back_and_either_button_answers(
    api: BotApi, service: Service
) -> None:
    asked = await said(api, "/size btc 5x 64.210", 1, chat=CARMENS, sender=CARMEN)
    assert {"64210", "64,21"} <= set(asked.buttons)
    await api.press(asked, "64210", chat=CARMENS, sender=CARMEN)
    answer = (await api.messages(2))[1]
    assert "5x largo" in answer.text


async def test_what_stands_around_an_answer_is_in_the_language_the_chat_has_chosen(
    api: BotApi, warning: Service
) -> None:
    await said(api, "/settings language=es", 1, sender=ALICE)
    asked = await said(api, "/size BTC", 2, sender=ALICE)
    assert Sentence.TYPE_IT.in_words("es") in asked.buttons
    assert Sentence.TYPE_IT.in_words("en") not in asked.buttons


@pytest.mark.parametrize("line", ["/size BTC 5x", "/plan"])
async def test_a_group_is_told_in_its_own_language_that_an_answer_is_private(
    api: BotApi, warning: Service, line: str
) -> None:
    api.managers.add((GROUP["id"], ALICE["id"]))
    await said(api, "/settings language=es", 1, chat=GROUP, sender=ALICE)
    await api.say(line, chat=GROUP, sender=BOB)
    await api.wait_for(lambda: len([one for one in api.shown if one.chat_id == GROUP["id"]]) == 2)
    told = [one for one in api.shown if one.chat_id == GROUP["id"]][1]
    assert "chat privado" in told.text
    assert list(told.buttons) == ["Abrir el chat privado"]


async def test_what_is_shared_is_marked_in_the_language_of_the_group(api: BotApi, warning: Service) -> None:
    api.managers.add((GROUP["id"], ALICE["id"]))
    await said(api, "/settings language=es", 1, chat=GROUP, sender=ALICE)
    await api.say("/size BTC 5x 10k", chat=GROUP, sender=ALICE)
    answer = next(one for one in await api.messages(3) if one.chat_id == ALICE["id"])
    await api.press(answer, Sentence.SHARE.in_words("es"), sender=ALICE)
    shared = (await api.messages(4))[3]
    assert shared.text.startswith(Sentence.SHARED_BY.in_words("es", name="Alice"))


async def test_a_button_pressed_by_who_reads_in_english_says_the_same(api: BotApi, warning: Service) -> None:
    spanish = await said(api, "/size btc 12,5x 0,5k", 1, chat=CARMENS, sender=CARMEN)
    fitting = next(label for label in spanish.buttons if label.endswith("x"))
    english = await said(api, f"/size btc {fitting.replace(',', '.')} long equity=500", 2, sender=ALICE)
    await api.press(spanish, fitting, chat=CARMENS, sender=CARMEN)
    pressed = (await api.messages(3))[2]
    asset, leverage = english.text.split()[:2]
    assert pressed.text.split()[:2] == [asset, leverage.replace(".", ",")]
