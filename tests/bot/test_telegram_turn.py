"""One instance fetches Telegram's updates at a time: the one that started last, and the others when it is gone."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.platforms.telegram.turn import Turn
from store.connection import StoreUnavailable
from store.in_memory import MemosInMemory
from store.services import Memos
from tests.bot.desks import desk_on, first, telegram_serving
from tests.commands.markets import NOW_MS
from tests.doubles.telegram import BotApi

BOT = 7


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def turns(memos: Memos | None, count: int) -> list[Turn]:
    return [Turn(memos, BOT, Clock()) for _ in range(count)]


async def test_the_turn_is_of_the_last_one_that_took_it_until_it_gives_it_up() -> None:
    old, new = turns(MemosInMemory(lambda: NOW_MS), 2)
    await old.take()
    await new.take()
    assert (await old.is_anothers(), await new.is_anothers()) == (True, False)
    await old.give_up()
    assert await old.is_anothers(), "what is another's cannot be given up"
    await new.give_up()
    assert (await old.is_anothers(), await new.is_anothers()) == (False, True)


async def test_a_turn_that_is_not_renewed_is_over() -> None:
    now_ms = NOW_MS
    old, new = turns(MemosInMemory(lambda: now_ms), 2)
    await new.take()
    now_ms += 74_000
    assert await old.is_anothers()
    now_ms += 1_001
    assert not await old.is_anothers()
    assert await new.is_anothers(), "it was gone for too long"


async def test_bots_do_not_share_a_turn_and_a_turn_is_not_renewed_at_every_fetch() -> None:
    memos = Counted()
    clock = Clock()
    mine = Turn(memos, BOT, clock)
    for _ in range(100):
        await mine.take()
    assert memos.kept == 1
    clock.now_s += 21
    await mine.take()
    assert memos.kept == 2
    assert not await Turn(memos, 8).is_anothers()


async def test_without_a_store_or_while_it_is_away_nobody_else_is_known() -> None:
    for memos in (None, Away()):
        (mine,) = turns(memos, 1)
        await mine.take()
        assert not await mine.is_anothers()
        await mine.give_up()


async def test_two_instances_on_one_store_do_not_throw_each_other_out(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk = desk_on(telegram_url=api.url)
    async with telegram_serving(desk):
        await api.wait_for(lambda: api.polls > 0)
        async with telegram_serving(desk):
            await api.wait_for(lambda: any("Conflict" in refusal for refusal in api.refusals))
            for count in range(1, 6):
                await api.say("/regime BTC")
                await first(api, count)
            assert len([refusal for refusal in api.refusals if "Conflict" in refusal]) == 1, "no flapping"
        await api.say("/regime BTC")
        await first(api, 6)
    assert caplog.text.count("stands by") == 1
    assert caplog.text.count("the other instance is gone") == 1
    assert "a second instance polls" not in caplog.text, "nothing is wrong"


async def test_an_instance_of_another_store_is_said_to_be_one_too_many(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_on(telegram_url=api.url)
    stranger = replace(desk, services=replace(desk.services, memos=MemosInMemory(lambda: NOW_MS)))
    async with telegram_serving(desk):
        await api.wait_for(lambda: api.polls > 0)
        async with telegram_serving(stranger):
            await api.wait_for(lambda: any("Conflict" in refusal for refusal in api.refusals))
            await api.say("/regime BTC")
            await first(api)
    assert "a second instance polls" in caplog.text


class Counted(MemosInMemory):
    """Memos that count what is written."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_MS)
        self.kept = 0

    async def keep(self, name: str, text: str, lasts_s: int) -> None:
        """Keep and count."""
        self.kept += 1
        await super().keep(name, text, lasts_s)


class Away(MemosInMemory):
    """Memos of a store that does not answer."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_MS)

    async def keep(self, name: str, text: str, lasts_s: int) -> None:
        """Never there."""
        raise StoreUnavailable("away")

    async def claim(self, name: str, text: str, lasts_s: int) -> str | None:
        """Never there."""
        await asyncio.sleep(0)
        raise StoreUnavailable("away")
