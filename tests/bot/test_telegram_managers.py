"""Telegram: who may change what a group, a topic or a channel is warned of, and which of them an answer is about."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.chat_platform import Desk
from bot.platforms.telegram.buttons import Whose
from bot.platforms.telegram.managers import KNOWN_FOR_S, Managers
from bot.platforms.telegram.service import Service, buttons_on
from commands.protocol.reply import Action
from commands.protocol.request import Role
from store.wishes import Chat
from tests.bot.desks import desk_on, first, silence, telegram_serving
from tests.doubles.telegram import ALICE, BOB, GROUP, BotApi, Fault

FORUM = {**GROUP, "is_forum": True}
CHANNEL = {"id": -1_002, "type": "channel", "title": "News"}
ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
REFUSED = "Only a manager of this chat may do that"


@pytest.fixture
def desk(api: BotApi) -> Desk:
    return desk_on(telegram_url=api.url, is_warning=True)


@pytest_asyncio.fixture
async def service(desk: Desk) -> AsyncIterator[Service]:
    async with telegram_serving(desk) as running:
        yield running


async def chat_at(desk: Desk, address: str) -> Chat | None:
    assert desk.services.chats is not None
    return await desk.services.chats.get(address)


async def test_alone_with_the_bot_everybody_manages_their_own(
    api: BotApi, service: Service, desk: Desk
) -> None:
    await api.say("/subscribe BTC")
    assert "BTC · you will be warned here" in (await first(api)).text
    assert api.called("getChatMember") == []
    assert (await chat_at(desk, "telegram:11")) is not None


async def test_an_administrator_subscribes_a_group_and_others_do_not(
    api: BotApi, service: Service, desk: Desk
) -> None:
    await api.say("/subscribe BTC", chat=GROUP, sender=BOB)
    assert REFUSED in (await first(api)).text
    assert await chat_at(desk, "telegram:-1001") is None
    api.managers.add((-1_001, 11))
    await api.say("/subscribe BTC", chat=GROUP, sender=ALICE)
    assert "you will be warned here" in (await first(api, 2)).text
    assert await chat_at(desk, "telegram:-1001") is not None


async def test_everybody_may_read_and_nobody_is_asked_about(api: BotApi, service: Service) -> None:
    await api.say("/alerts", chat=GROUP, sender=BOB)
    assert "No warnings are told here yet" in (await first(api)).text
    assert api.called("getChatMember") == []


async def test_a_topic_has_subscriptions_of_its_own(api: BotApi, service: Service, desk: Desk) -> None:
    api.managers.add((-1_001, 11))
    await api.say("/subscribe ETH", chat=FORUM, message_thread_id=7, is_topic_message=True)
    await first(api)
    assert await chat_at(desk, "telegram:-1001:7") is not None
    assert await chat_at(desk, "telegram:-1001") is None


async def test_a_button_asks_for_the_same_right(api: BotApi, service: Service, desk: Desk) -> None:
    await api.say("/regime", chat=GROUP, sender=BOB)
    await api.press(await first(api), "Warn me", chat=GROUP, sender=BOB)
    assert REFUSED in (await first(api, 2)).text
    assert await chat_at(desk, "telegram:-1001") is None


async def test_an_anonymous_administrator_is_one(api: BotApi, service: Service, desk: Desk) -> None:
    await api.say("/subscribe BTC", chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP)
    assert "you will be warned here" in (await first(api)).text
    assert api.called("getChatMember") == []
    await api.say("/watch BTC", chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP)
    assert "Ask under your own name" in (await first(api, 2)).text


async def test_a_channel_is_managed_by_who_posts_in_it(api: BotApi, service: Service, desk: Desk) -> None:
    post = {"message_id": 5, "date": int(api.clock()), "chat": CHANNEL, "sender_chat": CHANNEL}
    await api.happen({"channel_post": {**post, "text": "/subscribe@seawall_bot BTC"}})
    shown = await first(api)
    assert "you will be warned here" in shown.text
    assert shown.chat_id == CHANNEL["id"]
    assert await chat_at(desk, "telegram:-1002") is not None
    await api.happen({"channel_post": {**post, "message_id": 6, "text": "What a day"}})
    await silence(api)


async def test_where_telegram_does_not_tell_nothing_is_changed(
    api: BotApi, service: Service, desk: Desk
) -> None:
    api.managers.add((-1_001, 11))
    api.fail("getChatMember", Fault(400, "Bad Request: member list is inaccessible"))
    await api.say("/subscribe BTC", chat=GROUP)
    assert "could not be asked just now" in (await first(api)).text
    assert await chat_at(desk, "telegram:-1001") is None
    await api.say("/subscribe BTC", chat=GROUP)
    assert "you will be warned here" in (await first(api, 2)).text


async def test_a_right_is_known_for_a_minute_and_asked_again_where_something_is_written(
    api: BotApi, service: Service
) -> None:
    now = 0.0
    managers = Managers(service.bot, lambda: now)
    api.managers.add((-1_001, 11))
    who = (-1_001, 11)
    assert await managers.role(*who, False) is Role.MANAGER
    api.managers.clear()
    now = KNOWN_FOR_S - 1
    assert await managers.role(*who, False) is Role.MANAGER
    assert await managers.role(*who, True) is Role.ANYONE
    assert await managers.role(*who, False) is Role.ANYONE
    assert len(api.called("getChatMember")) == 2


async def test_an_old_button_in_a_forum_says_that_it_is_too_old(
    api: BotApi, service: Service, desk: Desk
) -> None:
    actions, whose = (Action("Unsubscribe", "/unsubscribe all"),), Whose(FORUM["id"])
    keyboard = await buttons_on(desk).keyboard(actions, "", whose)
    assert keyboard is not None
    query = {
        "id": "1",
        "from": ALICE,
        "chat_instance": "1",
        "data": keyboard["inline_keyboard"][0][0]["callback_data"],
        "message": {"chat": FORUM, "message_id": 5, "date": 0},
    }
    await api.happen({"callback_query": query})
    await api.wait_for(lambda: bool(api.called("answerCallbackQuery")))
    assert "too old" in api.called("answerCallbackQuery")[0]["text"]


async def test_an_anonymous_administrator_presses_under_their_own_name_and_may(
    api: BotApi, service: Service, desk: Desk
) -> None:
    api.managers.add((-1_001, 12))
    await api.say("/regime", chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP)
    await api.press(await first(api), "Warn me", chat=GROUP, sender=BOB)
    assert "you will be warned here" in (await first(api, 2)).text
    assert await chat_at(desk, "telegram:-1001") is not None


async def test_what_an_anonymous_administrator_is_told_names_nobody(api: BotApi, service: Service) -> None:
    await api.say("/id", chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP)
    shown = await first(api)
    assert str(ANONYMOUS["id"]) not in shown.text
    assert "is not told to me" in shown.text
    assert "Role     manager" in shown.text


async def test_the_id_of_a_topic_can_be_copied(api: BotApi, service: Service) -> None:
    await api.say("/id", chat=FORUM, message_thread_id=7, is_topic_message=True)
    shown = await first(api)
    copied = {label: button["copy_text"]["text"] for label, button in shown.buttons.items()}
    assert copied == {"Chat": "-1001", "Topic": "7", "You": "11"}
    assert api.called("getChatMember")[0] == {"chat_id": "-1001", "user_id": "11"}
