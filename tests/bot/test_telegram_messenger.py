"""Warnings into Telegram chats, by the real library over real HTTP: what arrives, and what each error means."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from pydantic import SecretStr
from telegram import Bot

from bot.lines import Lines
from bot.messenger import Undelivered, Wrong
from bot.platforms.telegram.buttons import Buttons, signing_key
from bot.platforms.telegram.messenger import Drawn, Sent, TelegramMessenger, _in_part, place_of
from bot.platforms.telegram.transport import STAND_IN, AiohttpRequest, PollingRequest
from commands.protocol.reply import Action, Evidence, Heading, Reply, Text
from tests import canary
from tests.doubles.telegram import BotApi, Fault

HERE = "telegram:11"
TOPIC = "telegram:-1001:7"
REPLY = Reply((Heading("WARNING #c7f2 BTC"), Text("a < b & c")), (Action("Why", "/why BTC"),))


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(canary.TELEGRAM_TOKEN) as server:
        yield server


@pytest.fixture
async def messenger(api: BotApi) -> AsyncIterator[TelegramMessenger]:
    token = SecretStr(canary.TELEGRAM_TOKEN)
    bot = Bot(
        STAND_IN,
        base_url=f"{api.url}/bot",
        request=AiohttpRequest(token),
        get_updates_request=PollingRequest(token),
    )
    async with bot:
        yield TelegramMessenger(bot, Buttons(signing_key(token), Lines(None)))


async def sent(messenger: TelegramMessenger, address: str = HERE) -> str:
    return await messenger.send(address, REPLY, is_silent=False, nonce="n")


async def test_a_warning_arrives_with_its_buttons_and_is_edited_in_place(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    message = await sent(messenger)
    await messenger.edit(HERE, message, Reply((Heading("over"),)))
    await messenger.edit(HERE, message, Reply((Heading("over"),)))
    (shown,) = api.shown
    assert (shown.text.strip(), shown.edits, shown.chat_id) == ("over", 1, 11)


async def test_an_edit_that_changes_nothing_leaves_the_warning_as_it_stands(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    await messenger.edit(HERE, await sent(messenger), REPLY)
    (shown,) = api.shown
    assert (shown.edits, set(shown.buttons)) == (0, {"Why"})


async def test_it_makes_a_sound_or_none_and_goes_into_its_topic(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    await messenger.send(TOPIC, REPLY, is_silent=True, nonce="n")
    (shown,) = api.shown
    assert (shown.call.disable_notification, shown.call.message_thread_id) == (True, 7)
    assert set(shown.buttons) == {"Why"}


async def test_where_the_topic_is_gone_it_goes_to_the_group(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    api.fail("sendMessage", Fault(400, "Bad Request: message thread not found"))
    await sent(messenger, TOPIC)
    (shown,) = api.shown
    assert shown.call.message_thread_id is None


async def test_where_html_is_refused_it_goes_as_plain_text(api: BotApi, messenger: TelegramMessenger) -> None:
    api.fail("sendMessage", Fault(400, "Bad Request: can't parse entities: Unsupported start tag"))
    message = await sent(messenger)
    api.fail("editMessageText", Fault(400, "Bad Request: can't parse entities: Unsupported start tag"))
    await messenger.edit(HERE, message, Reply((Text("a < b"),)))
    (shown,) = api.shown
    assert (shown.parse_mode, shown.text) == (None, "a < b")


@pytest.mark.parametrize(
    "why",
    [
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        "BUTTON_TYPE_INVALID",
        "reply markup is too long",
    ],
)
async def test_where_its_buttons_are_refused_it_goes_without_them(
    why: str, api: BotApi, messenger: TelegramMessenger
) -> None:
    api.fail("sendMessage", Fault(400, f"Bad Request: {why}"))
    message = await sent(messenger)
    api.fail("editMessageText", Fault(400, f"Bad Request: {why}"))
    await messenger.edit(HERE, message, Reply((Text("now"),), REPLY.actions))
    (shown,) = api.shown
    assert (shown.text, shown.buttons) == ("now", {})


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (Fault(403, "Forbidden: bot was blocked by the user"), Wrong.CHAT),
        (Fault(403, "Forbidden: user is deactivated"), Wrong.CHAT),
        (Fault(403, "Forbidden: bot was kicked from the supergroup chat"), Wrong.CHAT),
        (Fault(400, "Bad Request: chat not found"), Wrong.CHAT),
        (Fault(403, "Forbidden: the group chat was deleted"), Wrong.CHAT),
        (Fault(400, "Bad Request: not enough rights to send text messages to the chat"), Wrong.CLOSED),
        (Fault(400, "Bad Request: need administrator rights in the channel chat"), Wrong.CLOSED),
        (Fault(400, "Bad Request: CHAT_WRITE_FORBIDDEN"), Wrong.CLOSED),
        (Fault(400, "Bad Request: TOPIC_CLOSED"), Wrong.CLOSED),
        (Fault(403, "Forbidden: something new"), Wrong.MESSAGE),
        (Fault(400, "Bad Request: something new"), Wrong.MESSAGE),
        (Fault(401, "Unauthorized"), Wrong.BOT),
        (Fault(429, "Too Many Requests: retry after 17", {"retry_after": 17}), Wrong.RATE_LIMITED),
        (Fault(500, "Internal Server Error"), Wrong.UNCERTAIN),
        (Fault(502, page="<html>Bad Gateway</html>"), Wrong.UNCERTAIN),
        (Fault(cut=True, delivered=True), Wrong.UNCERTAIN),
        (Fault(cut=True), Wrong.UNCERTAIN),
        (Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100_7}), Wrong.MOVED),
    ],
)
async def test_every_error_is_of_one_kind(
    api: BotApi, messenger: TelegramMessenger, fault: Fault, wrong: Wrong
) -> None:
    api.fail("sendMessage", fault)
    with pytest.raises(Undelivered) as found:
        await sent(messenger)
    assert found.value.wrong is wrong
    if wrong is Wrong.RATE_LIMITED:
        assert found.value.wait_s == 17.0
    if wrong is Wrong.MOVED:
        assert found.value.moved_to == "telegram:-1007"
    assert canary.TELEGRAM_TOKEN not in str(found.value)


async def test_what_never_left_is_certainly_not_sent(api: BotApi, messenger: TelegramMessenger) -> None:
    assert api._runner is not None
    await api._runner.cleanup()
    with suppress(Undelivered):
        await sent(messenger)  # on the connection that was open; whether that one arrived is not known
    with pytest.raises(Undelivered) as found:
        await sent(messenger)
    assert found.value.wrong is Wrong.NOT_SENT


ROWS = tuple(f"{row:04d} a < line" for row in range(500))
LONG = Reply((Heading("WARNING"), Evidence(ROWS)), REPLY.actions)


async def test_a_warning_longer_than_a_message_is_several_and_only_the_first_makes_a_sound(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    await messenger.send(HERE, LONG, is_silent=False, nonce="n")
    assert len(api.shown) > 1
    assert [bool(shown.call.disable_notification) for shown in api.shown] == [
        False,
        *[True] * (len(api.shown) - 1),
    ]
    assert [set(shown.buttons) for shown in api.shown] == [set()] * (len(api.shown) - 1) + [{"Why"}]
    seen = "\n".join(shown.text for shown in api.shown).split("\n")
    assert [line for line in seen if line] == ["WARNING", *ROWS]


async def test_the_rest_of_a_long_warning_goes_on_behind_what_arrived_before_a_flood(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    await messenger.send(HERE, LONG, is_silent=False, nonce="whole")
    whole = [shown.text for shown in api.shown]
    api.shown.clear()
    for _ in range(2):
        api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 0}, after=1))
        with pytest.raises(Undelivered) as limited:
            await messenger.send(HERE, LONG, is_silent=False, nonce="n")
        assert limited.value.wrong is Wrong.RATE_LIMITED
    await messenger.send(HERE, LONG, is_silent=False, nonce="n")
    assert [shown.text for shown in api.shown] == whole


async def test_what_arrived_of_a_long_warning_says_what_the_next_try_says(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    api.fail("sendMessage", Fault(502, "Bad Gateway", after=1))
    with pytest.raises(Undelivered):
        await messenger.send(HERE, LONG, is_silent=False, nonce="n")
    message = await messenger.send(HERE, REPLY, is_silent=False, nonce="n")
    (shown,) = api.shown
    assert (message, shown.text.split("\n")[0]) == (str(shown.message_id), "WARNING #c7f2 BTC")


async def test_a_long_warning_that_becomes_short_is_one_message_again(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    message = await messenger.send(HERE, LONG, is_silent=False, nonce="n")
    await messenger.edit(HERE, message, LONG)
    await messenger.edit(HERE, message, REPLY)
    (shown,) = api.shown
    assert shown.text.startswith("WARNING #c7f2 BTC")
    assert set(shown.buttons) == {"Why"}


async def test_a_short_warning_that_becomes_long_has_to_be_a_new_one(
    api: BotApi, messenger: TelegramMessenger
) -> None:
    message = await sent(messenger)
    with pytest.raises(Undelivered) as found:
        await messenger.edit(HERE, message, LONG)
    assert found.value.wrong is Wrong.MESSAGE
    assert [shown.edits for shown in api.shown] == [0]


FIRST = (Sent("1", Drawn("first")),)


def test_what_arrived_in_part_is_not_said_not_to_have_been_sent() -> None:
    broken = Undelivered(Wrong.NOT_SENT, "no connection")
    assert _in_part(broken, []).wrong is Wrong.NOT_SENT
    assert _in_part(broken, FIRST).wrong is Wrong.UNCERTAIN
    assert _in_part(Undelivered(Wrong.CHAT, "blocked"), FIRST).wrong is Wrong.CHAT


async def test_an_edit_of_what_is_gone_says_so(messenger: TelegramMessenger) -> None:
    with pytest.raises(Undelivered) as found:
        await messenger.edit(HERE, "999", REPLY)
    assert found.value.wrong is Wrong.MESSAGE


def test_an_address_is_a_chat_and_perhaps_a_topic() -> None:
    assert place_of(HERE) == (11, None)
    assert place_of(TOPIC) == (-1001, 7)
    for wrong in ("discord:1", "telegram:1:2:3", "telegram:x"):
        with pytest.raises(ValueError, match=r"address|invalid literal"):
            place_of(wrong)
    group, alone = (TelegramMessenger.rates(None, address) for address in (TOPIC, HERE))  # type: ignore[arg-type]
    assert (len(group), len(alone)) == (2, 1)
