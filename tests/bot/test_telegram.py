"""Conversations on Telegram: the real library over real HTTP against the loopback Bot API."""

import asyncio
import html
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import Update
from telegram.ext import TypeHandler

from bot.chat_platform import ChatPlatform, PlatformStopped, Sentence, platforms
from bot.platforms.telegram.service import Service
from commands.protocol import dispatch
from market.snapshot import Snapshot
from tests import canary
from tests.bot.desks import HeldUp, bot_api, desk_on, telegram_serving
from tests.commands.markets import NOW_MS, crowding, unwinding
from tests.doubles.telegram import ALICE, GROUP, BotApi, Fault, Shown

BOB = {"id": 12, "is_bot": False, "first_name": "Bob"}


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server
    assert [
        refusal for refusal in server.refusals if "not modified" not in refusal and "Conflict" not in refusal
    ] == []


@pytest_asyncio.fixture
async def service(api: BotApi) -> AsyncIterator[Service]:
    async with telegram_serving(desk_on(telegram_url=api.url)) as running:
        yield running


async def first(api: BotApi, count: int = 1) -> Shown:
    return (await api.messages(count))[count - 1]


async def silence(api: BotApi) -> None:
    """Nothing was answered: what comes after it is answered first."""
    before = len(api.shown)
    await api.say("/status", chat={"id": 99, "type": "private"}, sender={**BOB, "id": 99})
    await api.messages(before + 1)
    assert [shown.chat_id for shown in api.shown[before:]] == [99]


def test_telegram_is_found_as_a_platform_with_its_token() -> None:
    (telegram,) = (platform for platform in platforms() if platform.name == "telegram")
    assert isinstance(telegram, ChatPlatform)
    assert telegram.token(desk_on().settings) is not None


async def test_a_line_is_answered_in_html_with_buttons_that_are_command_lines(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime")
    shown = await first(api)
    assert shown.parse_mode == "HTML"
    assert shown.raw.startswith("<b>BTC · CROWDING")
    assert "<pre>" in shown.raw
    assert "64,210" in shown.text
    assert shown.buttons["Why"]["callback_data"] == "/why BTC"
    assert shown.buttons["Refresh"]["callback_data"] == "=/regime BTC"
    assert api.called("sendMessage")[0]["link_preview_options"] == '{"is_disabled": true}'


async def test_columns_fit_on_a_phone(api: BotApi, service: Service) -> None:
    for line in ("/regime", "/why", "/scan", "/size BTC 5x 10k", "/check", "/status", "/help", "/start"):
        await api.say(line)
    await api.messages(8)
    for shown in api.shown:
        for block in shown.raw.split("<pre>")[1:]:
            assert max(map(len, html.unescape(block.partition("</pre>")[0]).split("\n"))) <= 37


async def test_words_without_a_slash_are_answered_in_a_private_chat(api: BotApi, service: Service) -> None:
    await api.say("size btc 5x 10k")
    assert "BTC 5x long" in (await first(api)).text


async def test_a_wrong_line_is_answered_with_the_reason_and_an_example(api: BotApi, service: Service) -> None:
    await api.say("/size btc banana")
    text = (await first(api)).text
    assert '"banana"' in text
    assert "/size BTC 5x 10k" in text


async def test_a_press_is_acknowledged_before_it_is_answered(api: BotApi, service: Service) -> None:
    await api.say("/regime")
    await api.press(await first(api), "Why")
    assert (await first(api, 2)).text.startswith("BTC · why CROWDING")
    order = [name for name, _ in api.calls if name in {"answerCallbackQuery", "sendMessage"}]
    assert order == ["sendMessage", "answerCallbackQuery", "sendMessage"]


async def test_refresh_takes_the_place_of_the_old_answer(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    async with telegram_serving(desk):
        await api.say("/regime")
        shown = await first(api)
        await desk.services.snapshots.save(unwinding())  # type: ignore[attr-defined]
        await api.press(shown, "Refresh")
        await api.wait_for(lambda: shown.edits == 1)
        assert "UNWINDING" in shown.text
        assert "Refresh" in shown.buttons
        assert len(api.shown) == 1


async def test_a_refresh_that_changes_nothing_is_no_error(api: BotApi, service: Service) -> None:
    await api.say("/regime")
    await api.press(await first(api), "Refresh")
    await api.wait_for(lambda: len(api.refusals) == 1)
    assert "not modified" in api.refusals[0]
    await silence(api)


async def test_refreshing_a_message_that_is_gone_sends_a_new_one(api: BotApi, service: Service) -> None:
    await api.say("/regime")
    shown = await first(api)
    api.fail("editMessageText", Fault(400, "Bad Request: message to edit not found"))
    await api.press(shown, "Refresh")
    assert "CROWDING" in (await first(api, 2)).text


async def test_refused_html_goes_out_as_plain_text(api: BotApi, service: Service) -> None:
    api.fail("sendMessage", Fault(400, "Bad Request: can't parse entities: Unsupported start tag"))
    await api.say("/regime")
    shown = await first(api)
    assert shown.parse_mode is None
    assert "<" not in shown.raw
    assert shown.text.startswith("BTC · CROWDING")
    assert "Why" in shown.buttons


async def test_a_flood_limit_in_one_chat_is_waited_out_and_others_are_served(
    api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 1}, chat_id=11))
    await api.say("/regime")
    await api.wait_for(lambda: len(api.called("sendMessage")) == 1)
    await api.say("/regime", chat={"id": 12, "type": "private"}, sender=BOB)
    assert (await first(api)).chat_id == 12
    assert (await first(api, 2)).chat_id == 11


async def test_a_chat_that_became_a_supergroup_is_followed(api: BotApi, service: Service) -> None:
    api.fail(
        "sendMessage", Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100_5}, chat_id=-5)
    )
    await api.say("/regime", chat={"id": -5, "type": "group", "title": "Desk"})
    assert (await first(api)).chat_id == -100_5


@pytest.mark.parametrize(
    "fault",
    [
        Fault(403, "Forbidden: bot was blocked by the user"),
        Fault(502, page="<html>Bad Gateway</html>", delivered=True),
        Fault(500, delivered=True),
        Fault(cut=True, delivered=True),
        Fault(400, "Bad Request: chat not found"),
    ],
    ids=["blocked", "bad gateway", "server error", "cut", "chat gone"],
)
async def test_an_answer_that_may_have_arrived_is_not_sent_twice(
    fault: Fault, api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", fault)
    await api.say("/regime")
    await api.wait_for(lambda: len(api.called("sendMessage")) == 1)
    before = len(api.shown)
    await silence(api)
    assert len(api.shown) == before + 1


async def test_a_topic_that_was_deleted_does_not_lose_the_answer(api: BotApi, service: Service) -> None:
    api.fail("sendMessage", Fault(400, "Bad Request: message thread not found"))
    await api.say("/regime", chat={**GROUP, "is_forum": True}, message_thread_id=7, is_topic_message=True)
    await first(api)
    assert [call.get("message_thread_id") for call in api.called("sendMessage")] == ["7", None]


async def test_an_answer_stays_in_its_topic_and_quotes_the_question_in_a_group(
    api: BotApi, service: Service
) -> None:
    update = await api.say(
        "/regime", chat={**GROUP, "is_forum": True}, message_thread_id=7, is_topic_message=True
    )
    shown = await first(api)
    assert shown.call.message_thread_id == 7
    assert shown.call.reply_parameters.message_id == update["message"]["message_id"]
    assert shown.call.reply_parameters.allow_sending_without_reply is True


@pytest.mark.parametrize(
    "text", ["/regime@seawall_bot", "/regime@SEAWALL_bot btc", "@seawall_bot regime btc", "/regime"]
)
async def test_a_group_is_answered_where_it_means_the_bot(text: str, api: BotApi, service: Service) -> None:
    await api.say(text, chat=GROUP)
    assert "CROWDING" in (await first(api)).text


@pytest.mark.parametrize(
    "text",
    [
        "/regime@other_bot",
        "what a day",
        "/frobnicate",
        "regime",
        "@other_bot regime",
        "mail me@seawall_bot",
        "/",
    ],
)
async def test_a_group_is_not_answered_where_it_does_not(text: str, api: BotApi, service: Service) -> None:
    await api.say(text, chat=GROUP)
    await silence(api)


async def test_a_position_is_not_posted_in_a_group(api: BotApi, service: Service) -> None:
    await api.say("/size BTC 5x 10k", chat=GROUP)
    shown = await first(api)
    assert shown.text == Sentence.PRIVATE_HERE.in_words("en")
    assert shown.buttons["Open the private chat"]["url"] == "https://t.me/seawall_bot"
    assert "10" not in shown.text


async def test_a_wrong_line_in_a_group_is_answered_there(api: BotApi, service: Service) -> None:
    await api.say("/size btc banana", chat=GROUP)
    assert '"banana"' in (await first(api)).text


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": {"type": "user", "date": 1, "sender_user": ALICE}},
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "x", "username": "x_bot"}},
        {"sender_chat": {"id": -77, "type": "channel", "title": "News"}},
        {"from": {"id": 6, "is_bot": True, "first_name": "Another bot"}},
        {"text": None, "photo": []},
    ],
    ids=["forwarded", "by another bot", "a channel", "a bot", "no text"],
)
async def test_only_a_persons_own_words_are_answered(
    more: dict[str, object], api: BotApi, service: Service
) -> None:
    text = {"text": "/regime", **more}.pop("text")
    await api.say(**{"text": text, **{key: value for key, value in more.items() if key != "text"}})  # type: ignore[arg-type]
    await silence(api)


async def test_edited_messages_are_not_asked_for(api: BotApi, service: Service) -> None:
    await api.wait_for(lambda: api.polls > 0)
    assert api.called("getUpdates")[0]["allowed_updates"] == '["message", "callback_query"]'
    await api.happen({"edited_message": {"message_id": 5, "date": 1, "chat": GROUP, "text": "/regime"}})
    await silence(api)


async def test_an_anonymous_admin_is_answered(api: BotApi, service: Service) -> None:
    anonymous = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    await api.say("/regime", chat=GROUP, sender=anonymous, sender_chat=GROUP)
    assert "CROWDING" in (await first(api)).text


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


async def test_the_menu_is_set_once_and_only_when_it_changed(api: BotApi) -> None:
    for _ in range(2):
        async with telegram_serving(desk_on(telegram_url=api.url)):
            await api.wait_for(lambda: api.polls > 0)
    assert len(api.called("setMyCommands")) == 1
    shown = [command for command in dispatch.commands() if command.in_menu]
    assert [entry["command"] for entry in api.menu] == [command.name for command in shown]


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


@pytest.mark.parametrize("data", ["#0123456789abcdef01234567", "=#0123456789abcdef01234567", "nonsense", "="])
async def test_a_button_of_another_life_says_so(data: str, api: BotApi, service: Service) -> None:
    shown = Shown(5, 11, "old", "old", None, [[{"text": "Old", "callback_data": data}]], None)
    await api.press(shown, "Old")
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.FORGOTTEN.in_words("en")
    await silence(api)


@pytest.mark.parametrize("name", ["<b>BTC</b>", "1000SHIB_USDT", "A&B</pre>", "\u202eCTB", "`BTC`*_["])
async def test_a_hostile_symbol_is_a_symbol(name: str, api: BotApi) -> None:
    hostile: Snapshot = crowding(asset=name)
    desk = desk_on(hostile, telegram_url=api.url)
    await desk.services.snapshots.watch((name,))  # type: ignore[attr-defined]
    async with telegram_serving(desk):
        for text in ("/regime", "/why", "/scan", "/check", "/status"):
            await api.say(text)
        shown = await api.messages(5)
    assert all(one.parse_mode == "HTML" for one in shown)
    assert any(name.replace("\u202e", "") in one.text for one in shown)


async def test_hostile_words_come_back_as_words(api: BotApi, service: Service) -> None:
    for text in (
        "<b>x",
        "/size </pre>",
        "/regime &lt;",
        "/size BTC 5x \u202e10k",
        "/help <a>",
        "x" * 4_000,
        "/size " + "9" * 3_000,
    ):
        await api.say(text)
    assert all(shown.parse_mode == "HTML" for shown in await api.messages(7))


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
