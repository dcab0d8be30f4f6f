"""The double itself: what Telegram would refuse is refused, and the faults come as ordered."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests import canary
from tests.doubles.telegram import BotApi, Fault
from tests.doubles.telegram_judge import Refused, judge, visible

Json = dict[str, Any]


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(canary.TELEGRAM_TOKEN) as server:
        yield server


async def call(api: BotApi, method: str, token: str = canary.TELEGRAM_TOKEN, **form: str) -> tuple[int, Json]:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
        session.post(f"{api.url}/bot{token}/{method}", data=form) as response,
    ):
        return response.status, await response.json()


KEYBOARD = '{"inline_keyboard": [[{"text": "Why", "callback_data": "/why"}]]}'


def test_a_right_request_is_read_as_its_model() -> None:
    sent: Any = judge(
        "sendMessage",
        {
            "chat_id": "11",
            "text": '{"a": 1} <b>x</b>',
            "parse_mode": "HTML",
            "reply_markup": KEYBOARD,
            "link_preview_options": '{"is_disabled": true}',
            "disable_notification": "true",
        },
    )
    assert sent.text == '{"a": 1} <b>x</b>'
    assert sent.reply_markup.inline_keyboard[0][0].callback_data == "/why"
    assert sent.link_preview_options.is_disabled is True
    assert sent.disable_notification is True


@pytest.mark.parametrize(
    ("method", "form", "why"),
    [
        ("sendMessage", {"chat_id": "1"}, "text: Field required"),
        ("sendMessage", {"chat_id": "1", "text": "x", "silent": "true"}, "unknown parameter silent"),
        (
            "sendMessage",
            {"chat_id": "1", "text": "x", "link_preview_options": '{"disabled": true}'},
            "unknown parameter link_preview_options.disabled",
        ),
        (
            "sendMessage",
            {
                "chat_id": "1",
                "text": "x",
                "reply_markup": '{"inline_keyboard": [[{"text": "a", "callback": "b"}]]}',
            },
            "unknown parameter reply_markup.inline_keyboard.callback",
        ),
        ("sendMessage", {"chat_id": "1", "text": "x", "message_thread_id": "first"}, "message_thread_id"),
        ("sendMessage", {"chat_id": "1", "text": " \n"}, "text is empty"),
        ("sendMessage", {"chat_id": "1", "text": "<b></b>", "parse_mode": "HTML"}, "text is empty"),
        ("sendMessage", {"chat_id": "1", "text": "x" * 4_097}, "too long"),
        ("sendMessage", {"chat_id": "1", "text": "😀" * 2_049}, "too long"),
        ("sendMessage", {"chat_id": "1", "text": "x", "parse_mode": "Markdwon"}, "unsupported parse_mode"),
        ("sendMessage", {"chat_id": "1", "text": "<b>x", "parse_mode": "HTML"}, "can't parse entities"),
        ("sendMessage", {"chat_id": "1", "text": "x</b>", "parse_mode": "HTML"}, "can't parse entities"),
        (
            "sendMessage",
            {"chat_id": "1", "text": "<b><i>x</b></i>", "parse_mode": "HTML"},
            "can't parse entities",
        ),
        (
            "sendMessage",
            {"chat_id": "1", "text": "<table>x</table>", "parse_mode": "HTML"},
            "can't parse entities",
        ),
        ("sendMessage", {"chat_id": "1", "text": "2 < 3", "parse_mode": "HTML"}, "can't parse entities"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
        ("setMyCommands", {"commands": '[{"command": "a", "help": "x"}]'}, "description: Field required"),
        ("sendNothing", {}, "no method sendNothing"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(method: str, form: Json, why: str) -> None:
    with pytest.raises(Refused) as refused:
        judge(method, form)
    assert why in refused.value.description


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ('{"text": "a", "callback_data": "' + "x" * 65 + '"}', "BUTTON_DATA_INVALID"),
        ('{"text": "a", "callback_data": "' + "ü" * 33 + '"}', "BUTTON_DATA_INVALID"),
        ('{"text": "a"}', "BUTTON_TYPE_INVALID"),
    ],
)
def test_a_wrong_button_is_refused(button: str, why: str) -> None:
    form = {"chat_id": "1", "text": "x", "reply_markup": f'{{"inline_keyboard": [[{button}]]}}'}
    with pytest.raises(Refused, match=why):
        judge("sendMessage", form)


def test_what_a_reader_sees_is_without_tags_and_escapes() -> None:
    assert visible("<b>a &lt; b</b> &amp; <pre>&quot;c&#x27;</pre>", "HTML") == "a < b & \"c'"
    assert visible("<b>plain</b>", None) == "<b>plain</b>"


async def test_a_wrong_token_is_not_let_in(api: BotApi) -> None:
    status, answer = await call(api, "getMe", token="1:wrong")
    assert (status, answer["description"]) == (401, "Unauthorized")


async def test_updates_wait_until_they_are_confirmed(api: BotApi) -> None:
    first = await api.say("one")
    await api.say("two")
    _, answer = await call(api, "getUpdates", timeout="0")
    assert [update["message"]["text"] for update in answer["result"]] == ["one", "two"]
    _, answer = await call(api, "getUpdates", timeout="0", offset=str(first["update_id"] + 1))
    assert [update["message"]["text"] for update in answer["result"]] == ["two"]
    _, answer = await call(api, "getUpdates", timeout="0", offset="2000")
    assert answer["result"] == []


async def test_a_long_poll_ends_when_something_happens(api: BotApi) -> None:
    polling = asyncio.create_task(call(api, "getUpdates", timeout="30", allowed_updates='["message"]'))
    await api.wait_for(lambda: api.polls == 1)
    await api.happen({"edited_message": {"message_id": 1}})
    await api.say("wake up")
    _, answer = await polling
    assert [update["message"]["text"] for update in answer["result"]] == ["wake up"]


async def test_a_second_poller_ends_the_first_ones_wait(api: BotApi) -> None:
    polling = asyncio.create_task(call(api, "getUpdates", timeout="30"))
    await api.wait_for(lambda: api.polls == 1)
    status, _ = await call(api, "getUpdates", timeout="0")
    assert status == 200
    status, _ = await polling
    assert status == 409


async def test_an_edit_that_changes_nothing_is_refused(api: BotApi) -> None:
    _, answer = await call(api, "sendMessage", chat_id="1", text="a")
    place = {"chat_id": "1", "message_id": str(answer["result"]["message_id"])}
    status, refusal = await call(api, "editMessageText", text="a", **place)
    assert status == 400
    assert "not modified" in refusal["description"]
    assert (await call(api, "editMessageText", text="b", **place))[0] == 200
    assert (api.shown[0].text, api.shown[0].edits) == ("b", 1)


async def test_faults_come_in_their_order_and_end(api: BotApi) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests: retry after 3", {"retry_after": 3}, chat_id=5))
    api.fail("sendMessage", Fault(502, page="<html>Bad Gateway</html>", delivered=True, chat_id=6))
    assert (await call(api, "sendMessage", chat_id="4", text="a"))[0] == 200
    status, refusal = await call(api, "sendMessage", chat_id="5", text="a")
    assert (status, refusal["parameters"]) == (429, {"retry_after": 3})
    assert (await call(api, "sendMessage", chat_id="5", text="a"))[0] == 200
    with pytest.raises(aiohttp.ContentTypeError):
        await call(api, "sendMessage", chat_id="6", text="delivered all the same")
    assert [one.chat_id for one in api.shown] == [4, 5, 6]


async def test_a_stalled_call_ends_with_the_server() -> None:
    began = time.monotonic()
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        api.fail("getMe", Fault(stall=True))
        waiting = asyncio.create_task(call(api, "getMe"))
        await api.wait_for(lambda: bool(api.called("getMe")))
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert time.monotonic() - began < 30  # not the client's own patience


async def test_a_method_nobody_taught_it_is_noticed(api: BotApi) -> None:
    status, refusal = await call(api, "sendDice", chat_id="1")
    assert status == 400
    assert "does not know" in refusal["description"]
    assert api.refusals == [refusal["description"]]
