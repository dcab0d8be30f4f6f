"""Telegram: what a chat sends at once is done in its order, as far as it changes anything."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.chat_platform import Desk
from bot.messenger import Messenger
from bot.platforms.telegram import answering
from store.in_memory import ChatsInMemory
from store.services import Chats
from store.wishes import Chat
from tests.bot.desks import desk_on, telegram_serving
from tests.doubles.telegram import BOB, BotApi

MINE = "telegram:11"
BOBS = {"id": 12, "type": "private"}


class Slow(ChatsInMemory):
    """Chats whose first change takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def change(self, address: str, make: Callable[[Chat], Chat]) -> Chat:
        """The first one waits."""
        if not self.begun.is_set():
            self.begun.set()
            await self.go.wait()
        return await super().change(address, make)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest_asyncio.fixture
async def serving(api: BotApi, slow: Slow) -> AsyncIterator[None]:
    async with telegram_serving(desk_with(api, slow)):
        yield


def desk_with(api: BotApi, chats: Chats) -> Desk:
    """A desk on these chats."""
    desk = desk_on(telegram_url=api.url, is_warning=True)
    return replace(desk, services=replace(desk.services, chats=chats))


async def a_moment(api: BotApi) -> None:
    """Whatever could be done by now is."""
    await api.idle()
    await asyncio.sleep(0.05)


@pytest.mark.usefixtures("serving")
async def test_what_was_sent_last_holds_though_what_came_before_it_takes_longer(
    api: BotApi, slow: Slow
) -> None:
    for line in ("/subscribe BTC", "/unsubscribe BTC", "/alerts"):
        await api.say(line)
    await slow.begun.wait()
    await a_moment(api)
    assert api.shown == []
    slow.go.set()
    shown = await api.messages(3)
    kept = await slow.get(MINE)
    assert kept is not None
    assert kept.subscriptions == ()
    assert sum("No warnings are told here" in one.text for one in shown) == 1


@pytest.mark.usefixtures("serving")
async def test_nobody_else_waits_and_what_only_reads_holds_up_nothing(api: BotApi, slow: Slow) -> None:
    await api.say("/subscribe BTC")
    await slow.begun.wait()
    await api.say("/regime", chat=BOBS, sender=BOB)
    assert (await api.messages(1))[0].chat_id == BOB["id"]
    slow.go.set()
    await api.messages(2)


async def test_what_never_ends_is_waited_for_no_longer_than_a_moment(
    api: BotApi, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(api, slow)
    monkeypatch.setattr(answering, "DONE_WITHIN_S", 0.05)
    async with telegram_serving(desk):
        await api.say("/subscribe BTC")
        await slow.begun.wait()
        await api.say("/regime")
        assert "CROWDING" in (await api.messages(1))[0].text
        slow.go.set()
        await api.messages(2)


async def test_answers_that_wait_for_the_limits_of_their_chat_are_given_in_its_order(
    api: BotApi,
) -> None:
    desk = desk_with(api, ChatsInMemory())
    waits_s = iter((0.05, 0.02, 0.0))

    async def turn(_messenger: Messenger, _address: str) -> None:
        await asyncio.sleep(next(waits_s))

    lines = ("/subscribe BTC", "/subscribe ETH", "/unsubscribe BTC")
    async with telegram_serving(replace(desk, reply_turn=turn)):
        for line in lines:
            await api.say(line)
        shown = await api.messages(3)
    assert [one.text.split("\n")[0] for one in shown] == [
        "BTC · you will be warned here",
        "ETH · you will be warned here",
        "Unsubscribed",
    ]
