"""Telegram: an update that comes once more, in this process or after a kill, has one effect."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import Desk, Sentence
from bot.platforms.telegram.once import Once, Stand
from store.chats import StoredChats
from store.connection import Connection, open_connection
from store.memos import StoredMemos
from store.people import StoredPeople
from tests.bot.desks import desk_on, first, silence, telegram_serving
from tests.doubles.telegram import BOT, GROUP, PRIVATE, BotApi
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

PLAN = "/plan BTC 5x 10k long"


@pytest.fixture
def desk(api: BotApi, valkey: Connection) -> Desk:
    desk = desk_on(telegram_url=api.url, is_warning=True)
    services = replace(
        desk.services,
        chats=StoredChats(valkey),
        memos=StoredMemos(valkey),
        people=StoredPeople(valkey),
    )
    return replace(desk, services=services)


async def answered_once(api: BotApi, desk: Desk, text: str) -> dict[str, Any]:
    """A line is sent and answered; then the bot ends."""
    async with telegram_serving(desk):
        update = await api.say(text)
        await first(api)
        await api.idle()
    return update


async def test_what_changes_something_is_not_done_again_after_a_restart(api: BotApi, desk: Desk) -> None:
    update = await answered_once(api, desk, PLAN)
    people = desk.services.people
    assert people is not None
    before = await people.get("telegram:11")
    async with telegram_serving(replace(desk, now_ms=lambda: desk.now_ms() + 90_000)):
        await api.happen(update)
        await silence(api)
    assert await people.get("telegram:11") == before


async def test_a_press_is_not_done_again_after_a_restart(api: BotApi, desk: Desk) -> None:
    async with telegram_serving(desk):
        await api.say("/regime BTC")
        update = await api.press(await first(api), "Warn me")
        assert "you will be warned here" in (await first(api, 2)).text
        await api.say("/unsubscribe all")
        await first(api, 3)
        await api.idle()
    async with telegram_serving(desk):
        await api.happen(update)
        await silence(api)
    assert desk.services.chats is not None
    chat = await desk.services.chats.get("telegram:11")
    assert chat is not None
    assert chat.subscriptions == ()


async def test_what_only_reads_is_answered_again_and_leaves_no_mark(
    api: BotApi, desk: Desk, valkey: Connection
) -> None:
    update = await answered_once(api, desk, "/scan")
    async with valkey.reading() as redis:
        assert await redis.keys("*telegram-update*") == []
    async with telegram_serving(desk):
        await api.happen(update)
        await first(api, 2)


async def test_who_was_cut_short_is_told_to_look_before_sending_it_again(api: BotApi, desk: Desk) -> None:
    """A kill between the beginning and the answer: whether it was done is not known."""
    assert desk.services.memos is not None
    await Once(desk.services.memos, BOT["id"]).begin(1_000)
    async with telegram_serving(desk):
        await api.say("/subscribe BTC")
        assert (await first(api)).text == Sentence.BEGUN_BEFORE.in_words("en")
        await api.idle()
    assert desk.services.chats is not None
    assert await desk.services.chats.get("telegram:11") is None


async def test_who_was_cut_short_is_told_so_once(api: BotApi, desk: Desk) -> None:
    assert desk.services.memos is not None
    await Once(desk.services.memos, BOT["id"]).begin(1_000)
    update = await answered_once(api, desk, "/subscribe BTC")
    async with telegram_serving(desk):
        await api.happen(update)
        await silence(api)


async def test_two_bots_do_not_take_each_others_updates_for_their_own(valkey: Connection) -> None:
    memos = StoredMemos(valkey)
    assert await Once(memos, 1).begin(5) is Stand.NEW
    assert await Once(memos, 2).begin(5) is Stand.NEW
    assert await Once(memos, 1).begin(5) is Stand.BEGUN
    await Once(memos, 1).end(5)
    assert await Once(memos, 1).begin(5) is Stand.DONE


async def test_of_two_processes_that_are_brought_an_update_at_once_one_does_it(valkey: Connection) -> None:
    one, other = Once(StoredMemos(valkey), 1), Once(StoredMemos(valkey), 1)
    stands = await asyncio.gather(*(process.begin(5) for process in (one, other) * 8))
    assert stands.count(Stand.NEW) == 1


async def test_without_a_store_every_update_is_new() -> None:
    once = Once(None, 1)
    assert await once.begin(5) is Stand.NEW
    await once.end(5)


async def test_a_group_is_not_told_twice_either(api: BotApi, desk: Desk) -> None:
    api.managers.add((GROUP["id"], 11))
    async with telegram_serving(desk):
        update = await api.say("/mute 2h", chat=GROUP)
        await first(api)
        await api.idle()
    async with telegram_serving(desk):
        await api.happen(update)
        await silence(api)


async def test_a_store_that_is_away_makes_no_update_wait(tmp_path: Path) -> None:
    away = open_connection(tmp_path / "nobody.sock")
    once = Once(StoredMemos(away), 1)
    assert await once.begin(5) is Stand.NEW
    await once.end(5)
    await away.close()


async def test_a_shared_answer_is_not_posted_again_after_a_restart(api: BotApi, desk: Desk) -> None:
    async with telegram_serving(desk):
        await api.say("/size BTC 5x 10k", chat=GROUP)
        answer = (await api.messages(2))[0]
        update = await api.press(answer, "Share in the group", chat=PRIVATE)
        shared = await first(api, 3)
        assert shared.chat_id == GROUP["id"]
        await api.idle()
    async with telegram_serving(desk):
        await api.happen(update)
        await silence(api)
