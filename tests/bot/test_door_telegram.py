"""The door's keeper before Telegram: whom the owner lets in, how often, and what those are told who are not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.chat_platform import Desk
from commands.protocol.limits import Gate
from tests.bot.desks import desk_on, silence, telegram_serving
from tests.doubles.telegram import ALICE, BOB, GROUP, SMALL_GROUP, BotApi
from tests.doubles.telegram_ground import Json

TOO_OFTEN = "You ask faster than I answer one person."
STRANGER = "This bot answers only those whom its owner lets in."
EVE: Json = {"id": 666, "is_bot": False, "first_name": "Eve", "language_code": "es"}


@asynccontextmanager
async def guarded(api: BotApi, **chosen: object) -> AsyncIterator[Desk]:
    """The service behind a keeper, with these settings."""
    plain = desk_on(telegram_url=api.url)
    desk = replace(plain, settings=plain.settings.model_copy(update=chosen), gate=Gate())
    async with telegram_serving(desk):
        yield desk


def alone(person: Json) -> Json:
    return {"chat": {"id": person["id"], "type": "private"}, "sender": person}


async def settled(api: BotApi, count: int) -> list[str]:
    """What is shown once there are so many messages."""
    return [shown.text for shown in await api.messages(count)]


async def test_who_asks_too_often_is_told_once_and_then_left_unanswered(api: BotApi) -> None:
    async with guarded(api, limit_person=3):
        for _ in range(6):
            await api.say("/status", **alone(ALICE))
        await api.say("/status", **alone(BOB))
        shown = await api.messages(5)
    assert sum(TOO_OFTEN in one.text for one in shown) == 1
    assert sorted(one.chat_id for one in shown) == sorted([ALICE["id"]] * 4 + [BOB["id"]])


async def test_a_group_is_answered_so_often_whoever_asks(api: BotApi) -> None:
    async with guarded(api, limit_chat=2):
        for who in range(70, 75):
            await api.say("/status", chat=GROUP, sender={**BOB, "id": who})
        await api.say("/status", **alone(ALICE))
        shown = await api.messages(4)
    assert sum("This chat asks faster" in one.text for one in shown) == 1
    assert sum(one.chat_id == GROUP["id"] for one in shown) == 3


async def test_presses_count_as_questions_do_and_a_refused_one_is_told_in_its_little_window(
    api: BotApi,
) -> None:
    async with guarded(api, limit_person=2):
        await api.say("/regime BTC", **alone(ALICE))
        (shown,) = await api.messages(1)
        for _ in range(4):
            await api.press(shown, next(iter(shown.buttons)), **alone(ALICE))
        await api.wait_for(lambda: len(api.called("answerCallbackQuery")) == 2)
        await api.say("/status", **alone(BOB))
        await api.wait_for(lambda: any(one.chat_id == BOB["id"] for one in api.shown))
    told = [str(call.get("text")) for call in api.called("answerCallbackQuery")]
    assert len(told) == 2, "one press is answered, one is told why not, and the others find silence"
    assert sum(TOO_OFTEN in text for text in told) == 1


async def test_an_owner_is_never_held_up(api: BotApi) -> None:
    async with guarded(api, limit_person=1, operators=(f"telegram:{ALICE['id']}",), allowed=("discord:1",)):
        for _ in range(5):
            await api.say("/status", **alone(ALICE))
        assert not any(TOO_OFTEN in text for text in await settled(api, 5))


async def test_a_stranger_is_told_once_in_their_language_and_nothing_is_done_for_them(api: BotApi) -> None:
    async with guarded(api, allowed=(f"telegram:{ALICE['id']}",)):
        for line in ("/regime", "/size", "hello"):
            await api.say(line, **alone(EVE))
        await api.say("/status", **alone(ALICE))
        shown = await api.messages(2)
    texts = {one.chat_id: one.text for one in shown}
    assert texts[666].startswith("Este bot solo")
    assert "añada telegram:666 (eres tú) a SEAWALL_ALLOWED" in texts[666]
    assert "BTC" in texts[ALICE["id"]]


async def test_in_a_group_that_is_not_let_in_nothing_is_said(api: BotApi) -> None:
    async with guarded(api, allowed=(f"telegram:{ALICE['id']}",)):
        await api.say("/regime", chat=GROUP, sender=EVE)
        await api.say("/regime", chat=GROUP, sender=ALICE)
        await api.say("/regime", **alone(EVE))
        shown = await api.messages(2)
    texts = {one.chat_id: one.text for one in shown}
    assert "BTC" in texts[GROUP["id"]], "who is let in is so everywhere"
    assert "Este bot solo" in texts[666], "what was not said in the group is said here"


async def test_everybody_in_a_group_that_is_let_in_is_answered(api: BotApi) -> None:
    async with guarded(api, allowed=(f"telegram:{GROUP['id']}",)):
        await api.say("/regime", chat=GROUP, sender=EVE)
        assert "BTC" in (await settled(api, 1))[0]


@pytest.mark.parametrize("chosen", [{"limit_person": 1}, {"allowed": ("telegram:1",)}])
async def test_inline_queries_of_who_is_refused_are_left_unanswered(
    api: BotApi, chosen: dict[str, object]
) -> None:
    async with guarded(api, **chosen, operators=(f"telegram:{ALICE['id']}",)):
        for _ in range(9):
            await api.ask_inline("BTC", sender=EVE)
        mine = await api.ask_inline("BTC", sender=ALICE)
        await api.wait_for(lambda: mine in api.inline_answers)
        await silence(api)
        answered = len(api.inline_answers) - 1
    assert answered == (5 if "limit_person" in chosen else 0), "five letters cost as much as one question"


async def test_that_a_group_on_the_list_is_a_supergroup_by_now_is_said_to_the_operator(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async with guarded(api, allowed=("telegram:-5", "telegram:12")):
        await api.migrate(SMALL_GROUP, GROUP)
        await silence_of(api, BOB)
    (said,) = [line for line in caplog.messages if "SEAWALL_ALLOWED" in line]
    assert "/id" in said


async def silence_of(api: BotApi, person: Json) -> None:
    """All that happened before was taken."""
    before = len(api.shown)
    await api.say("/status", **alone(person))
    await api.messages(before + 1)
