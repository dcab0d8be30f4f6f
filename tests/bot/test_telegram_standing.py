"""Telegram: the bot's own standing in a chat, over real HTTP and on the real store: greeted, removed, silenced, moved."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from telegram import ChatMemberUpdated

from bot.chat_platform import Desk, Sentence
from bot.platforms.telegram.service import Service
from bot.platforms.telegram.standing import BLOCKED, REMOVED, SILENCED, Standing, why_unreachable
from market.alerts import Kind
from store.chats import StoredChats
from store.connection import Connection, open_connection
from store.memos import StoredMemos
from store.wishes import Chat, Subscription, suspend
from tests.bot.desks import desk_on, first, silence, telegram_serving
from tests.commands.markets import NOW_MS
from tests.doubles.telegram import ALICE, BOT, CARMEN, GROUP, PRIVATE, RIGHTS, BotApi, Fault
from tests.doubles.telegram_people import PERMISSIONS
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

Json = dict[str, Any]

CHANNEL = {"id": -1_002, "type": "channel", "title": "News"}
OLD_GROUP = {"id": -5, "type": "group", "title": "Desk"}
CASCADE = (Subscription("BTC", Kind.CASCADE),)
MEMBER: Json = {"status": "member", "user": BOT}
LEFT: Json = {"status": "left", "user": BOT}
KICKED: Json = {"status": "kicked", "user": BOT, "until_date": 0}
ADMINISTRATOR: Json = {
    "status": "administrator",
    "user": BOT,
    **dict.fromkeys(RIGHTS, True),
    "is_anonymous": False,
}
SILENT: Json = {
    "status": "restricted",
    "user": BOT,
    "is_member": True,
    "until_date": 0,
    **dict.fromkeys(PERMISSIONS, False),
}
RESTRICTED: Json = {**SILENT, "can_send_messages": True}
POSTING: Json = {**ADMINISTRATOR, "can_post_messages": True}
NOT_POSTING: Json = {**ADMINISTRATOR, "can_post_messages": False}


@pytest.fixture
def chats(valkey: Connection) -> StoredChats:
    return StoredChats(valkey)


@pytest.fixture
def desk(api: BotApi, valkey: Connection, chats: StoredChats) -> Desk:
    desk = desk_on(telegram_url=api.url, is_warning=True)
    services = replace(desk.services, chats=chats, memos=StoredMemos(valkey))
    return replace(desk, services=services)


@pytest_asyncio.fixture
async def service(desk: Desk) -> AsyncIterator[Service]:
    async with telegram_serving(desk) as running:
        yield running


async def known(chats: StoredChats, *addresses: str, suspended: str | None = None) -> None:
    """Chats with a subscription each."""
    for address in addresses:
        chat = Chat(address, CASCADE)
        kept = chat if suspended is None else suspend(chat, suspended, NOW_MS - 60_000)
        await chats.change(address, lambda _, kept=kept: kept)  # type: ignore[misc]


async def becomes(api: BotApi, chat: Json, before: Json, after: Json, sender: Json = ALICE) -> None:
    """Telegram tells that the bot stands otherwise in a chat, and the bot has taken it in."""
    change = {
        "chat": chat,
        "from": sender,
        "date": int(api.clock()),
        "old_chat_member": before,
        "new_chat_member": after,
    }
    await api.happen({"my_chat_member": change})


async def reason_at(chats: StoredChats, address: str) -> str | None:
    chat = await chats.get(address)
    assert chat is not None
    assert chat.subscriptions == CASCADE
    return chat.suspended


async def test_a_group_that_takes_the_bot_in_is_greeted_once(api: BotApi, service: Service) -> None:
    await becomes(api, GROUP, LEFT, MEMBER)
    shown = await first(api)
    assert shown.chat_id == GROUP["id"]
    assert shown.text == Sentence.HELLO.in_words("en")
    assert "/regime" in shown.text
    assert "administrators" in shown.text
    await becomes(api, GROUP, MEMBER, KICKED)
    await becomes(api, GROUP, KICKED, ADMINISTRATOR)
    await silence(api)


async def test_a_group_that_takes_the_bot_in_by_its_link_is_greeted_once(
    api: BotApi, service: Service
) -> None:
    await becomes(api, GROUP, LEFT, MEMBER)
    await api.start_with("true", chat=GROUP)
    assert (await first(api)).text == Sentence.HELLO.in_words("en")
    await silence(api)


async def test_a_group_is_greeted_in_the_language_of_who_took_the_bot_in(
    api: BotApi, service: Service
) -> None:
    await becomes(api, GROUP, LEFT, MEMBER, sender=CARMEN)
    shown = await first(api)
    assert shown.text == Sentence.HELLO.in_words("es")
    assert shown.text != Sentence.HELLO.in_words("en")


async def test_what_the_greeting_names_is_a_press_away(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    api.managers.add((GROUP["id"], 11))
    await becomes(api, GROUP, LEFT, MEMBER)
    hello = await first(api)
    await api.press(hello, "Regime", chat=GROUP)
    assert "CROWDING" in (await first(api, 2)).text
    await api.press(hello, "Warn me", chat=GROUP)
    assert "BTC" in (await first(api, 3)).buttons


async def test_a_group_that_became_another_right_of_the_bot_is_not_greeted(
    api: BotApi, service: Service
) -> None:
    await becomes(api, GROUP, MEMBER, ADMINISTRATOR)
    await becomes(api, GROUP, LEFT, SILENT)
    await silence(api)


async def test_neither_a_channel_nor_a_person_is_greeted(api: BotApi, service: Service) -> None:
    await becomes(api, CHANNEL, LEFT, POSTING)
    await becomes(api, PRIVATE, KICKED, MEMBER)
    await silence(api)


@pytest.mark.parametrize(
    ("chat", "before", "after", "why"),
    [
        (GROUP, MEMBER, KICKED, REMOVED),
        (GROUP, ADMINISTRATOR, LEFT, REMOVED),
        (GROUP, MEMBER, {**SILENT, "is_member": False}, REMOVED),
        (GROUP, MEMBER, SILENT, SILENCED),
        (CHANNEL, POSTING, KICKED, REMOVED),
        (CHANNEL, POSTING, NOT_POSTING, SILENCED),
        (PRIVATE, MEMBER, KICKED, BLOCKED),
    ],
    ids=["kicked", "left", "restricted away", "silenced", "out of a channel", "may not post", "blocked"],
)
async def test_a_chat_that_cannot_be_written_to_is_suspended_at_once_with_its_reason(
    chat: Json, before: Json, after: Json, why: str, api: BotApi, service: Service, chats: StoredChats
) -> None:
    address = f"telegram:{chat['id']}"
    await known(chats, address, "telegram:77")
    await becomes(api, chat, before, after)
    await silence(api)
    await service.settled()
    assert await reason_at(chats, address) == why
    suspended = await chats.get(address)
    assert suspended is not None
    assert suspended.suspended_ms == NOW_MS
    assert await reason_at(chats, "telegram:77") is None


@pytest.mark.parametrize(
    ("chat", "before", "after"),
    [
        (GROUP, SILENT, RESTRICTED),
        (GROUP, KICKED, MEMBER),
        (CHANNEL, NOT_POSTING, POSTING),
        (PRIVATE, KICKED, MEMBER),
    ],
    ids=["speaks again", "taken back", "posts again", "unblocked"],
)
async def test_a_chat_that_can_be_written_to_again_is_warned_again(
    chat: Json, before: Json, after: Json, api: BotApi, service: Service, chats: StoredChats
) -> None:
    address = f"telegram:{chat['id']}"
    await known(chats, address, suspended=REMOVED)
    await becomes(api, chat, before, after)
    await taken_in(api, service)
    assert await reason_at(chats, address) is None


async def taken_in(api: BotApi, service: Service) -> None:
    """What was told before was taken in: a later question is answered."""
    await api.say("/status", chat={"id": 99, "type": "private"}, sender={**ALICE, "id": 99})
    await api.wait_for(lambda: any(shown.chat_id == 99 for shown in api.shown))
    await service.settled()


async def test_all_topics_of_a_group_go_and_come_with_it(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    there = ("telegram:-1001", "telegram:-1001:7", "telegram:-1001:9")
    await known(chats, *there, "telegram:-10012:7")
    await becomes(api, GROUP, MEMBER, KICKED)
    await taken_in(api, service)
    assert [await reason_at(chats, address) for address in there] == [REMOVED] * 3
    assert await reason_at(chats, "telegram:-10012:7") is None
    await becomes(api, GROUP, KICKED, MEMBER)
    await taken_in(api, service)
    await api.wait_for(lambda: any(shown.chat_id == -1_001 for shown in api.shown))
    assert [await reason_at(chats, address) for address in there] == [None] * 3


async def test_nothing_is_kept_of_a_chat_that_never_subscribed(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    await becomes(api, GROUP, MEMBER, KICKED)
    await taken_in(api, service)
    assert await chats.get("telegram:-1001") is None


async def test_what_a_group_was_told_last_counts_however_fast_it_changes_its_mind(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    await known(chats, "telegram:-1001")
    for _ in range(5):
        await becomes(api, GROUP, MEMBER, KICKED)
        await becomes(api, GROUP, KICKED, MEMBER)
    await becomes(api, GROUP, MEMBER, KICKED)
    await taken_in(api, service)
    assert await reason_at(chats, "telegram:-1001") == REMOVED


# ---- a group that becomes a supergroup


async def migrates(api: BotApi) -> None:
    """What Telegram tells of it: the bot has left the old group, and a message in each of the two."""
    await becomes(api, OLD_GROUP, MEMBER, LEFT)
    told = {"date": int(api.clock()), "from": ALICE}
    old = {**told, "message_id": 8, "chat": OLD_GROUP, "migrate_to_chat_id": GROUP["id"]}
    new = {**told, "message_id": 1, "chat": GROUP, "migrate_from_chat_id": OLD_GROUP["id"]}
    await api.happen({"message": old})
    await api.happen({"message": new})
    await becomes(api, GROUP, LEFT, MEMBER)


async def test_a_group_that_becomes_a_supergroup_keeps_all_it_has(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    await chats.change("telegram:-5", lambda _: Chat("telegram:-5", CASCADE, language="es", daily_cap=3))
    await migrates(api)
    await silence(api)
    await service.settled()
    there = await chats.get("telegram:-1001")
    assert there == Chat("telegram:-1001", CASCADE, language="es", daily_cap=3)
    assert await chats.get("telegram:-5") is None
    assert await chats.moved("telegram:-5") == "telegram:-1001"


async def test_a_move_that_only_an_error_tells_of_is_followed_too(
    api: BotApi, service: Service, chats: StoredChats
) -> None:
    await known(chats, "telegram:-5")
    told = Fault(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1_001}, chat_id=-5)
    api.fail("sendMessage", told)
    await api.say("/regime", chat=OLD_GROUP)
    assert (await first(api)).chat_id == -1_001
    await service.settled()
    assert await reason_at(chats, "telegram:-1001") is None
    assert await chats.get("telegram:-5") is None


# ---- a store that is away


def telling(chat: Json, before: Json, after: Json) -> ChatMemberUpdated:
    told = {"chat": chat, "from": ALICE, "date": 0, "old_chat_member": before, "new_chat_member": after}
    return ChatMemberUpdated.de_json(told, None)


async def test_while_the_store_is_away_a_group_is_greeted_and_nothing_is_raised(tmp_path: Path) -> None:
    away = open_connection(tmp_path / "nobody.sock")
    standing = Standing(StoredChats(away), StoredMemos(away), BOT["id"], lambda: NOW_MS)
    assert await standing.changed(telling(GROUP, LEFT, MEMBER))
    assert not await standing.changed(telling(GROUP, MEMBER, KICKED))
    await standing.moved(-5, -1_001)
    await away.close()


async def test_without_a_store_there_is_nothing_to_keep() -> None:
    standing = Standing(None, None, BOT["id"], lambda: NOW_MS)
    assert await standing.changed(telling(GROUP, LEFT, MEMBER))
    assert not await standing.changed(telling(PRIVATE, MEMBER, KICKED))
    await standing.moved(-5, -1_001)


@pytest.mark.parametrize(
    ("chat", "member", "why"),
    [
        (GROUP, MEMBER, None),
        (GROUP, ADMINISTRATOR, None),
        (GROUP, RESTRICTED, None),
        (OLD_GROUP, NOT_POSTING, None),
        (CHANNEL, POSTING, None),
        (CHANNEL, MEMBER, SILENCED),
        (PRIVATE, MEMBER, None),
    ],
)
def test_whether_the_bot_may_write(chat: Json, member: Json, why: str | None) -> None:
    change = telling(chat, LEFT, member)
    assert why_unreachable(change.new_chat_member, change.chat) == why
