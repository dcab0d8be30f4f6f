"""Conversations on Telegram: the real library over real HTTP against the loopback Bot API."""

import html

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.service import Service
from market.snapshot import Snapshot
from tests.bot.desks import carried, desk_on, first, silence, telegram_serving
from tests.commands.markets import crowding, unwinding
from tests.doubles.telegram import BOB, BotApi, Fault, Shown


async def test_a_line_is_answered_in_html_with_buttons_that_are_command_lines(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime")
    shown = await first(api)
    assert shown.parse_mode == "HTML"
    assert shown.raw.startswith("<b>BTC · CROWDING")
    assert "<pre>" in shown.raw
    assert "64,210" in shown.text
    assert carried(shown.buttons["Why"]) == "/why BTC"
    assert carried(shown.buttons["Refresh"]) == "=/regime BTC"
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


async def test_a_button_from_before_they_were_signed_says_what_to_send(api: BotApi, service: Service) -> None:
    data = "=/regime BTC"
    shown = Shown(5, 11, "old", "old", None, [[{"text": "Refresh", "callback_data": data}]], None)
    await api.press(shown, "Refresh")
    await api.wait_for(lambda: bool(api.answered))
    told = Sentence.OLD_BUTTON.in_words("en", line="/regime BTC")
    assert api.called("answerCallbackQuery")[0]["text"] == told
    await silence(api)


async def test_a_button_of_another_chat_is_refused(api: BotApi, service: Service) -> None:
    await api.say("/regime", chat={"id": 12, "type": "private"}, sender=BOB)
    theirs = (await first(api)).buttons["Why"]["callback_data"]
    await api.say("/regime")
    await api.press(await first(api, 2), "", data=theirs)
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.FORGOTTEN.in_words("en")
    await silence(api)


async def test_a_refresh_takes_no_place_but_that_of_the_message_it_stands_under(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime")
    refresh = (await first(api)).buttons["Refresh"]["callback_data"]
    await api.say("/why")
    why = await first(api, 2)
    await api.press(why, "", data=refresh)
    assert (await first(api, 3)).text.startswith("BTC · CROWDING")
    assert why.edits == 0
