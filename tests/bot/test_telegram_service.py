"""The life of the Telegram service: start, stop, strangers at the door, and a token nobody sees."""

import asyncio
import logging

import pytest
from telegram import Update
from telegram.ext import TypeHandler

from bot.chat_platform import ChatPlatform, PlatformStopped, Sentence, platforms
from bot.platforms.telegram.service import Service
from tests import canary
from tests.bot.desks import HeldUp, bot_api, desk_on, first, silence, telegram_serving
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.telegram import ALICE, GROUP, BotApi, Fault


def test_telegram_is_found_as_a_platform_with_its_token() -> None:
    (telegram,) = (platform for platform in platforms() if platform.name == "telegram")
    assert isinstance(telegram, ChatPlatform)
    assert telegram.token(desk_on().settings) is not None


async def test_commands_from_before_the_start_are_answered_once_and_politely(api: BotApi) -> None:
    late_s = NOW_MS // 1_000 - 121
    for text in ("/regime", "/why", "/size BTC 5x"):
        await api.say(text, date=late_s)
    await api.say("/regime", chat=GROUP, date=late_s)
    await api.say("/scan", date=NOW_MS // 1_000 - 119)
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.messages(3)
        await api.idle()
    told = sorted((shown.chat_id, shown.text == Sentence.WAS_AWAY.in_words("en")) for shown in api.shown)
    assert told == [(-1_001, True), (11, False), (11, True)]


async def test_an_update_that_comes_twice_is_answered_once(api: BotApi, service: Service) -> None:
    update = await api.say("/regime")
    await first(api)
    await api.idle()
    await api.happen(update)
    await silence(api)


async def test_stopping_tells_telegram_what_was_taken(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url)):
        update = await api.say("/regime")
        await first(api)
    assert api.called("getUpdates")[-1]["offset"] == str(update["update_id"] + 1)
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await silence(api)
    assert len(api.shown) == 2


async def test_64_people_are_served_while_one_waits(api: BotApi) -> None:
    desk = desk_on(crowding(), crowding(asset="SOL"), telegram_url=api.url, held_up="SOL")
    held_up = desk.services.snapshots
    assert isinstance(held_up, HeldUp)
    async with telegram_serving(desk):
        await api.say("/regime SOL")
        await held_up.asked.wait()
        for person in range(100, 164):
            chat = {"id": person, "type": "private"}
            await api.say("/regime BTC", chat=chat, sender={**ALICE, "id": person})
        await api.messages(64)
        assert {shown.chat_id for shown in api.shown} == set(range(100, 164))
        held_up.go.set()
        assert (await first(api, 65)).text.startswith("SOL · CROWDING")


async def test_a_menu_that_cannot_be_set_costs_nothing_else(api: BotApi) -> None:
    api.fail("getMyCommands", Fault(500))
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime")
        await first(api)


async def test_pending_updates_are_kept_over_a_start(api: BotApi) -> None:
    await api.say("/regime")
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await first(api)
    assert all(call.get("drop_pending_updates") in {None, "false"} for call in api.called("deleteWebhook"))


async def test_an_error_in_a_handler_does_not_end_the_poller(
    api: BotApi, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async def burst(update: Update, context: object) -> None:
        if update.message is not None and update.message.text == "/burst":
            raise RuntimeError(f"https://api.telegram.org/bot{service.bot.token}/sendMessage")

    service.application.add_handler(TypeHandler(Update, burst), group=-1)
    await api.say("/burst")
    await api.say("/regime")
    assert any("CROWDING" in shown.text for shown in await api.messages(2))
    assert "an update was not answered" in caplog.text
    assert not canary.leaks(caplog.text)


async def test_a_refused_token_ends_the_platform_with_one_sentence() -> None:
    async with bot_api("1:" + "x" * 35) as api:
        with pytest.raises(PlatformStopped, match="Telegram refuses the bot token") as caught:
            await Service(desk_on(telegram_url=api.url)).serve()
    assert str(caught.value).count("\n") == 0
    assert not canary.leaks(repr(caught.value))


async def test_a_token_taken_back_ends_the_platform_too(api: BotApi) -> None:
    service = Service(desk_on(telegram_url=api.url))
    serving = asyncio.create_task(service.serve())
    await api.wait_for(lambda: api.polls > 0)
    api.token = "1:" + "x" * 35
    await api.say("wake up")
    with pytest.raises(PlatformStopped):
        await serving


async def test_a_second_poller_is_said_and_waited_for(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    api.fail("getUpdates", Fault(409, "Conflict: terminated by other getUpdates request", times=2))
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime")
        await first(api)
    assert sum("a second instance polls" in record.getMessage() for record in caplog.records) == 1
    assert "Telegram answers again" in caplog.text


async def test_a_server_that_is_down_at_the_start_is_waited_for(api: BotApi) -> None:
    api.fail("getMe", Fault(502, page="<html>", times=3))
    api.fail("getUpdates", Fault(500, times=3))
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime")
        assert "CROWDING" in (await first(api)).text


async def test_the_token_is_in_no_record_of_a_whole_conversation(
    api: BotApi, caplog: pytest.LogCaptureFixture, watched_log: canary.Watch
) -> None:
    caplog.set_level(logging.DEBUG)
    lines = watched_log.lines
    async with telegram_serving(desk_on(telegram_url=api.url)) as service:
        api.fail("sendMessage", Fault(500))
        api.fail("getUpdates", Fault(cut=True))
        for text in ("/regime", "/size BTC 5x", "nonsense"):
            await api.say(text)
        await api.messages(2)
        shown = repr(service) + repr(service.application) + repr(service.bot) + repr(vars(service))
    assert not canary.leaks(shown)
    assert not canary.leaks(caplog.text)
    assert watched_log.lines > lines
    assert not any(canary.leaks(one.raw) for one in api.shown)
