"""Somebody states a position in Telegram, the market falls, and they are told: every part real but Telegram itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.chat_platform import Desk
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.live import services_on
from market.observations import MINUTE_MS
from market.snapshot import Snapshot
from scheduler.plans import PlanWatch
from store.connection import Connection
from store.people import StoredPeople
from store.snapshots import StoredSnapshots
from tests.bot.desks import bot_api, desk_on, first, telegram_serving
from tests.commands.markets import NOW_MS, RULES, calm, reading
from tests.doubles.telegram import ALICE, BotApi
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server


def at(price_usd: float, minutes: int = 0) -> Snapshot:
    """A calm market at a price, so many minutes later."""
    at_ms = NOW_MS + minutes * MINUTE_MS
    return calm(at_ms=at_ms, price=reading("price", at_ms, price_usd=price_usd))


@asynccontextmanager
async def planning(valkey: Connection, api: BotApi) -> AsyncIterator[PlanWatch]:
    """The service with its post office, and the watch over plans."""
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(("BTC", "ETH"))
    await snapshots.save(at(64_210.0))
    office = PostOffice(valkey, Words(), lambda: NOW_MS)
    made = desk_on(telegram_url=api.url)
    services = services_on(valkey, is_live=True)
    desk = Desk(made.settings, services, made.now_ms, deliver=office.deliver, reply_turn=office.reply_turn)
    async with telegram_serving(desk):
        yield PlanWatch(valkey, RULES)


async def test_who_states_a_position_is_told_of_each_rung_once(valkey: Connection, api: BotApi) -> None:
    async with planning(valkey, api) as watch:
        await api.say("/plan BTC 2x long 10k lose=90%")
        kept = await first(api)
        assert "KEPT" in kept.text
        steps = ((64_000.0, 0), (60_200.0, 1), (60_100.0, 0), (58_250.0, 1), (60_500.0, 0))
        for minutes, (price_usd, news) in enumerate(steps, 1):
            assert await watch.look(at(price_usd, minutes)) == news
            await api.messages(1 + sum(count for _, count in steps[:minutes]))
        told = [(await first(api, count)).text.splitlines()[0] for count in (2, 3)]
        assert ["TRIM" in told[0], "HEDGE" in told[1]] == [True, True]
        await api.say("/positions")
        positions = await first(api, 4)
        assert "Hedge reached" in positions.text
        assert len(api.shown) == 4


async def test_a_button_of_the_news_shows_the_plan_and_another_closes_it(
    valkey: Connection, api: BotApi
) -> None:
    async with planning(valkey, api) as watch:
        await api.say("/plan BTC 5x long 10k")
        await first(api)
        await watch.look(at(60_200.0, 1))
        news = await first(api, 2)
        person = await StoredPeople(valkey).get(f"telegram:{ALICE['id']}")
        assert person is not None
        (plan,) = person.plans
        assert {f"Plan {plan.id}", f"Closed {plan.id}", "Positions"} <= set(news.buttons)
        await api.press(news, f"Closed {plan.id}")
        assert "CLOSED" in (await first(api, 3)).text
        await watch.look(at(50_000.0, 2))
        person = await StoredPeople(valkey).get(person.name)
        assert person is not None
        assert person.plans == ()
        assert len(api.shown) == 3


async def test_a_plan_survives_a_restart_and_is_not_told_twice(valkey: Connection, api: BotApi) -> None:
    async with planning(valkey, api) as watch:
        await api.say("/plan BTC 5x long 10k")
        await first(api)
        await watch.look(at(60_200.0, 1))
        assert "MAX LOSS" in (await first(api, 2)).text
    async with planning(valkey, api) as watch:
        assert await watch.look(replace(at(60_150.0, 2))) == 0
        await api.say("/positions")
        assert "max loss reached" in (await first(api, 3)).text
