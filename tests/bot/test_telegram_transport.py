import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from pydantic import SecretStr
from telegram import Bot, InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TimedOut

from bot.platforms.telegram.transport import (
    READ_S,
    STAND_IN,
    AiohttpRequest,
    Flooded,
    NotSent,
    PollingRequest,
)
from tests import canary
from tests.doubles.telegram import BotApi, Fault
from tests.doubles.waiting import PATIENCE_S

TOKEN = SecretStr(canary.TELEGRAM_TOKEN)


@pytest_asyncio.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with bot_at(api.url) as made:
        yield made


def bot_at(url: str) -> Bot:
    return Bot(
        STAND_IN,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=AiohttpRequest(TOKEN),
        get_updates_request=PollingRequest(TOKEN),
    )


async def failure_of(bot: Bot, **more: float) -> BaseException:
    with pytest.raises(Exception) as caught:
        await bot.send_message(11, "hello", **more)  # type: ignore[arg-type]
    return caught.value


async def test_the_real_token_travels_in_the_address_and_nowhere_else(api: BotApi, bot: Bot) -> None:
    assert (await bot.get_me()).username == "seawall_bot"
    assert not canary.leaks(repr(bot) + str(bot) + repr(bot.__dict__) + bot.base_url + bot.token)
    assert not canary.leaks(repr(AiohttpRequest(TOKEN)) + repr(vars(AiohttpRequest(TOKEN))))


async def test_no_record_of_any_logger_holds_the_token_even_before_redaction(
    api: BotApi, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("sendMessage", Fault(500, times=2))
    api.fail("sendMessage", Fault(cut=True))
    for _ in range(3):
        await failure_of(bot)
    await bot.send_message(11, "hello")
    assert caplog.records
    assert not canary.leaks(caplog.text)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(429, "Too Many Requests", {"retry_after": 7}), Flooded),
        (Fault(403, "Forbidden: bot was blocked by the user"), Forbidden),
        (Fault(400, "Bad Request: can't parse entities"), BadRequest),
        (Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100}), ChatMigrated),
        (Fault(401, "Unauthorized"), InvalidToken),
        (Fault(500), NetworkError),
        (Fault(502, page="<html>Bad Gateway</html>"), NetworkError),
        (Fault(cut=True), NetworkError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_each_fault_has_its_error_and_none_says_the_token(
    fault: Fault, kind: type[Exception], api: BotApi, bot: Bot
) -> None:
    api.fail("sendMessage", fault)
    error = await failure_of(bot)
    assert isinstance(error, kind)
    assert not isinstance(error, NotSent)
    assert_silent(error)


def assert_silent(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    linked = (error.__cause__, error.__context__)
    assert not canary.leaks(
        told + repr(linked) + "".join(repr(vars(one)) for one in linked if one is not None)
    )


async def test_a_flood_limit_says_how_long(api: BotApi, bot: Bot) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 7}))
    error = await failure_of(bot)
    assert isinstance(error, Flooded)
    assert error.wait_s == 7


async def test_a_chat_is_not_written_to_again_before_its_flood_limit_is_over(api: BotApi, bot: Bot) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 600}, chat_id=11))
    await failure_of(bot)
    error = await failure_of(bot)
    assert isinstance(error, Flooded)
    assert 600 - PATIENCE_S < error.wait_s <= 600
    assert len(api.called("sendMessage")) == 1
    await bot.send_message(12, "hello")
    assert (await bot.get_chat_member(11, 11)).user.id == 11


async def test_a_chat_is_written_to_again_once_its_flood_limit_is_over(api: BotApi, bot: Bot) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 0}))
    await failure_of(bot)
    await bot.send_message(11, "hello")
    assert len(api.called("sendMessage")) == 2


async def test_a_silent_server_is_given_up_in_time(api: BotApi, bot: Bot) -> None:
    api.fail("sendMessage", Fault(stall=True))
    async with asyncio.timeout(READ_S / 2):  # what it waits where it is not told for how long
        error = await failure_of(bot, read_timeout=0.1)
    assert isinstance(error, TimedOut)
    assert_silent(error)


async def test_a_server_that_sends_a_byte_at_a_time_is_given_up_in_time() -> None:
    ended = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        heard = await reader.read(65_536)
        while heard:
            writer.write(b" ")
            try:
                heard = await asyncio.wait_for(reader.read(65_536), 0.01)
            except TimeoutError:
                continue
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = (0.2, 0.1, 1.0, 0.1)  # a busy machine may be slow to connect, too
    transport = AiohttpRequest(TOKEN)
    await transport.initialize()
    with pytest.raises(TimedOut):
        async with asyncio.timeout(READ_S):
            await transport.do_request(f"http://127.0.0.1:{port}/bot{STAND_IN}/getMe", "POST", None, *limits)
    await transport.shutdown()
    server.close()
    await ended.wait()


async def test_a_server_that_is_not_there_proves_that_nothing_was_sent() -> None:
    async with BotApi(canary.TELEGRAM_TOKEN) as api:
        gone = api.url
    transport = AiohttpRequest(TOKEN)
    await transport.initialize()
    with pytest.raises(NotSent) as caught:
        await transport.do_request(f"{gone}/bot{STAND_IN}/getMe", "POST")
    assert_silent(caught.value)
    await transport.shutdown()
    with pytest.raises(NotSent, match="closed"):
        await transport.do_request(f"{gone}/bot{STAND_IN}/getMe", "POST")


async def test_a_wrong_token_does_not_come_back_in_the_error() -> None:
    async with BotApi("1:another") as api:
        bot = bot_at(api.url)
        with pytest.raises(InvalidToken) as caught:
            await bot.initialize()
        assert_silent(caught.value)
        await bot.shutdown()


async def test_files_travel_with_their_fields(api: BotApi, bot: Bot) -> None:
    await bot.send_document(11, InputFile(b"a,b\n1,2\n", filename="plan.csv"), caption="Plan")
    assert api.uploads == [("plan.csv", b"a,b\n1,2\n")]
    assert api.called("sendDocument")[0]["caption"] == "Plan"


async def test_an_update_nobody_can_read_does_not_hide_the_others(api: BotApi, bot: Bot) -> None:
    await api.say("before")
    await api.happen({"message": {"message_id": "no number", "chat": 5}})
    await api.say("after")
    updates = await bot.get_updates(timeout=0)
    assert [update.message.text if update.message else None for update in updates] == [
        "before",
        None,
        "after",
    ]


async def test_an_answer_without_end_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, api: BotApi, bot: Bot
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.transport.LONGEST_BODY_BYTES", 1_000)
    api.fail("sendMessage", Fault(200, page="x" * 5_000))
    assert isinstance(await failure_of(bot), NetworkError)
