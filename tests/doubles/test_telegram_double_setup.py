"""The double's newer half: markup by Telegram's own rules, menus, webhooks, standing, topics, rich and ephemeral messages."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests import canary
from tests.doubles.telegram import CHANNEL, FORUM, GROUP, PRIVATE, SECRET_HEADER, SMALL_GROUP, BotApi
from tests.doubles.telegram_judge import Refused, entities, judge, visible
from tests.doubles.test_telegram_double import call

Json = dict[str, Any]


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(canary.TELEGRAM_TOKEN) as server:
        yield server


@pytest.mark.parametrize(
    "text",
    [
        '<tg-time unix="1750318200" format="wDT">09:30 UTC</tg-time>',
        '<tg-time unix="1750318200">09:30 UTC</tg-time>',
        '<b>since <tg-time unix="1750318200" format="r">09:30 UTC</tg-time></b>',
        '<blockquote expandable>OI <code>+2.1 %</code> since <tg-time unix="1" format="t">00:00</tg-time></blockquote>',
        '<pre><code class="language-text">a  b</code></pre>',
        '<blockquote><b>x</b> <a href="https://t.me/seawall_bot">y</a></blockquote>',
        '<span class="tg-spoiler">x</span> <tg-spoiler>y</tg-spoiler>',
    ],
)
def test_marks_that_telegram_knows_are_read(text: str) -> None:
    assert "<" not in visible(text, "HTML")
    assert entities(text, "HTML")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "cannot be nested"),
        ("<blockquote expandable>a<pre>b</pre></blockquote>", "cannot be nested and hold no block"),
        ("<pre>a <b>b</b></pre>", "fixed words"),
        ('<pre><tg-time unix="1" format="t">b</tg-time></pre>', "fixed words"),
        ("<code><i>b</i></code>", "fixed words"),
        ("<b><code>b</code></b>", "cannot be part of another mark"),
        ('<a href="https://x.example"><tg-time unix="1">b</tg-time></a>', "cannot contain each other"),
        ('<tg-time unix="soon" format="t">b</tg-time>', "Invalid unix time"),
        ('<tg-time unix="99999999999" format="t">b</tg-time>', "Invalid unix time"),
        ('<tg-time unix="1" format="R">b</tg-time>', "Invalid date-time format"),
        ('<tg-time unix="1" format="rt">b</tg-time>', "Invalid date-time format"),
        ("<b class='x'>b</b>", "has no attribute"),
        ("<span>b</span>", "must have class"),
        ("a <!-- b --> c", "Unsupported start tag"),
        ("a < b", "Unclosed start tag"),
        ("half \ud83d", "must be encoded in UTF-8"),
    ],
)
def test_marks_that_telegram_refuses_or_drops_are_refused(text: str, why: str) -> None:
    with pytest.raises(Refused, match="can't parse entities") as refused:
        visible(text, "HTML")
    assert why in refused.value.description


def test_places_of_marks_are_counted_as_telegram_counts() -> None:
    told = entities('😀<b>ab</b><tg-time unix="60" format="t">c</tg-time>', "HTML")
    assert told == [
        {"type": "bold", "offset": 2, "length": 2},
        {"type": "date_time", "unix_time": 60, "date_time_format": "t", "offset": 4, "length": 1},
    ]


def keyboard(**button: Any) -> str:
    return json.dumps({"inline_keyboard": [[{"text": "a", **button}]]})


@pytest.mark.parametrize(
    ("method", "form", "why"),
    [
        ("sendMessage", {"reply_markup": keyboard(copy_text={"text": ""})}, "COPY_TEXT"),
        ("sendMessage", {"reply_markup": keyboard(copy_text={"text": "9" * 257})}, "COPY_TEXT"),
        (
            "sendMessage",
            {"reply_markup": keyboard(copy_text={"text": "9"}, url="https://x.example")},
            "BUTTON_TYPE",
        ),
        (
            "sendMessage",
            {"reply_markup": keyboard(callback_data="/why", style="loud")},
            "invalid button style",
        ),
        ("sendMessage", {"reply_markup": keyboard(url="ftp://x.example")}, "BUTTON_URL"),
        ("sendMessage", {"reply_markup": keyboard(url="https://t.me/seawall_bot?start=a b")}, "START_PARAM"),
        (
            "sendMessage",
            {"reply_markup": keyboard(url="https://t.me/seawall_bot?start=" + "a" * 65)},
            "START_PARAM",
        ),
        (
            "sendMessage",
            {"reply_markup": keyboard(url="https://t.me/seawall_bot?startgroup=a.b")},
            "START_PARAM",
        ),
        ("sendMessage", {"text": "\u200b\u2060 \n"}, "text is empty"),
        ("sendMessage", {"text": "<b>x</b>" * 101, "parse_mode": "HTML"}, "101 entities"),
        ("setMyCommands", {"commands": '[{"command": "Why", "description": "x"}]'}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": '[{"command": "why", "description": ""}]'}, "DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": "[]", "language_code": "english"}, "language code"),
        ("setMyDescription", {"description": "x" * 513}, "TOO_LONG"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "TOO_LONG"),
        ("setWebhook", {"url": "http://x.example/hook"}, "HTTPS URL"),
        ("setWebhook", {"url": "https://x.example:8080/hook"}, "ports"),
        ("setWebhook", {"url": "https://x.example", "secret_token": "a b"}, "unallowed"),
        ("setWebhook", {"url": "https://x.example", "max_connections": "101"}, "max_connections"),
    ],
)
def test_limits_no_model_knows_are_kept(method: str, form: Json, why: str) -> None:
    common = {"chat_id": "11", "text": "x"} if method == "sendMessage" else {}
    with pytest.raises(Refused, match=why):
        judge(method, common | form)


def article(name: str = "1", text: str = "x", title: str = "BTC") -> Json:
    content = {"message_text": text, "parse_mode": "HTML"}
    return {"type": "article", "id": name, "title": title, "input_message_content": content}


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([article(str(name)) for name in range(51)], "RESULTS_TOO_MUCH"),
        ([article(), article()], "DUPLICATE"),
        ([article("x" * 65)], "RESULT_ID_INVALID"),
        ([article(text="<b>x")], "can't parse entities"),
        ([article(text="x" * 4_097)], "too long"),
        ([article(title=" ")], "TITLE_EMPTY"),
    ],
)
def test_an_inline_answer_is_judged_as_the_messages_it_would_become(results: list[Json], why: str) -> None:
    with pytest.raises(Refused, match=why):
        judge("answerInlineQuery", {"inline_query_id": "1", "results": json.dumps(results)})


async def test_a_menu_is_kept_by_scope_and_language(api: BotApi) -> None:
    menu = '[{"command": "why", "description": "warum"}]'
    scope = '{"type": "chat_member", "chat_id": -1001, "user_id": 11}'
    await call(api, "setMyCommands", commands=menu, scope=scope, language_code="de")
    _, told = await call(api, "getMyCommands", scope=scope, language_code="de")
    assert told["result"] == [{"command": "why", "description": "warum"}]
    _, told = await call(api, "getMyCommands")
    assert told["result"] == []
    assert set(api.menus) == {("chat_member:-1001:11", "de")}


async def test_a_group_that_became_a_supergroup_says_where_it_went(api: BotApi) -> None:
    await api.migrate(SMALL_GROUP, GROUP)
    status, answer = await call(api, "sendMessage", chat_id="-5", text="a")
    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": GROUP["id"]})
    _, answer = await call(api, "getUpdates", timeout="0")
    told = [update["message"] for update in answer["result"]]
    assert [one.get("migrate_to_chat_id") for one in told] == [GROUP["id"], None]
    assert told[1]["migrate_from_chat_id"] == SMALL_GROUP["id"]


@pytest.mark.parametrize(
    ("chat", "status", "rights", "why"),
    [
        (PRIVATE, "kicked", {}, "bot was blocked by the user"),
        (GROUP, "kicked", {}, "bot was kicked from the supergroup chat"),
        (GROUP, "left", {}, "not a member"),
        (GROUP, "restricted", {"can_send_messages": False}, "not enough rights"),
        (CHANNEL, "administrator", {"can_post_messages": False}, "not enough rights"),
    ],
)
async def test_a_chat_takes_what_the_bots_standing_allows(
    chat: Json, status: str, rights: Json, why: str, api: BotApi
) -> None:
    await api.stand("member", chat=chat)
    assert (await call(api, "sendMessage", chat_id=str(chat["id"]), text="a"))[0] == 200
    await api.stand(status, chat=chat, **rights)
    _, answer = await call(api, "sendMessage", chat_id=str(chat["id"]), text="a")
    assert why in answer["description"]


async def test_a_deleted_topic_and_the_general_one_are_no_threads(api: BotApi) -> None:
    api.gone_topics.add((FORUM["id"], 7))
    for topic in ("7", "1"):
        _, answer = await call(api, "sendMessage", chat_id="-1002", text="a", message_thread_id=topic)
        assert "thread not found" in answer["description"]
    _, answer = await call(api, "sendMessage", chat_id="-1002", text="a", message_thread_id="8")
    assert answer["result"]["message_thread_id"] == 8


async def test_floods_are_counted_and_refused_where_that_is_asked_for(api: BotApi) -> None:
    for _ in range(4):
        await call(api, "sendMessage", chat_id="11", text="a")
    assert api.floods.violations == [("chat", 11)]
    api.floods.refuses = True
    status, answer = await call(api, "sendMessage", chat_id="11", text="a")
    assert (status, answer["parameters"]["retry_after"] >= 1) == (429, True)
    assert len(api.shown) == 4


async def test_an_older_server_has_no_rich_messages_and_posts_what_was_meant_for_one(api: BotApi) -> None:
    status, answer = await call(api, "sendRichMessage", chat_id="-1001", rich_message='{"html": "<p>a</p>"}')
    assert (status, answer["description"]) == (404, "Not Found: method not found")
    for_one = '{"receiver_user_id": 11}'
    await call(api, "sendMessage", chat_id="-1001", text="a", ephemeral_message_parameters=for_one)
    assert api.shown[0].only_for is None
    status, _ = await call(api, "deleteEphemeralMessage", chat_id="-1001")
    assert status == 404


async def test_a_newer_server_shows_a_rich_message_and_hides_an_ephemeral_one(api: BotApi) -> None:
    api.has_rich = api.has_ephemeral = True
    table = "<table compact><tr><th>venue</th><td align='right'>1</td></tr></table>"
    status, answer = await call(
        api, "sendRichMessage", chat_id="11", rich_message=json.dumps({"html": table})
    )
    assert (status, api.shown[0].text) == (200, "venue\t1")
    for_one = '{"receiver_user_id": 11}'
    _, answer = await call(
        api, "sendMessage", chat_id="-1001", text="a", ephemeral_message_parameters=for_one
    )
    place = {"chat_id": "-1001", "receiver_user_id": "11"}
    number = str(answer["result"]["ephemeral_message_id"])
    assert (answer["result"]["message_id"], api.shown[1].only_for) == (0, 11)
    status, _ = await call(api, "editEphemeralMessageText", text="b", ephemeral_message_id=number, **place)
    assert (status, api.shown[1].text) == (200, "b")
    status, answer = await call(
        api, "sendMessage", chat_id="11", text="a", ephemeral_message_parameters=for_one
    )
    assert "only to groups" in answer["description"]


@pytest.mark.parametrize(
    "html",
    [
        "<table><td>x</td></table>",
        "<table>x</table>",
        "<script>x</script>",
        "<p>x",
        "<p></p>",
        "<table><tr>x</tr></table>",
    ],
)
async def test_a_wrong_rich_message_is_refused(html: str, api: BotApi) -> None:
    api.has_rich = True
    status, _ = await call(api, "sendRichMessage", chat_id="11", rich_message=json.dumps({"html": html}))
    assert status == 400


async def test_updates_are_posted_in_order_with_the_secret_until_they_are_taken(api: BotApi) -> None:
    taken: list[str] = []
    refused = [503]

    async def hook(request: web.Request) -> web.Response:
        assert request.headers[SECRET_HEADER] == "wave"
        if refused:
            return web.Response(status=refused.pop())
        taken.append((await request.json())["message"]["text"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.webhook_at = f"http://127.0.0.1:{runner.addresses[0][1]}"
    polling = asyncio.create_task(call(api, "getUpdates", timeout="30"))
    await api.wait_for(lambda: api.polls == 1)
    url = "https://hooks.example/hook?v=1"
    await call(api, "setWebhook", url=url, secret_token="wave", allowed_updates='["message"]')
    assert (await polling)[0] == 409
    await api.happen({"edited_message": {"message_id": 1}})
    await api.say("one")
    await api.say("two")
    await api.idle()
    assert taken == ["one", "two"]
    _, told = await call(api, "getWebhookInfo")
    assert (told["result"]["url"], told["result"]["pending_update_count"]) == (url, 0)
    assert told["result"]["last_error_message"] == "Wrong response from the webhook: 503"
    status, _ = await call(api, "getUpdates")
    assert status == 409
    await call(api, "deleteWebhook")
    assert (await call(api, "getUpdates", timeout="0"))[0] == 200
    await runner.cleanup()
