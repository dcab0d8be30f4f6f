"""Somebody subscribes in Telegram, the market announces, and the warning arrives: every part real but Telegram itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.chat_platform import Desk
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.live import services_on
from market.alerts import Edge, Severity
from store.bulletins import Bulletins
from store.connection import Connection
from store.snapshots import StoredSnapshots
from tests.bot.desks import bot_api, desk_on, first, telegram_serving
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.telegram import BotApi
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import FIRED

__all__ = ["valkey", "valkey_socket"]

FALLING = replace(FIRED, severity=Severity.WARNING, at_ms=NOW_MS, opened_ms=NOW_MS)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server


@asynccontextmanager
async def warned(valkey: Connection, api: BotApi) -> AsyncIterator[None]:
    """The service with its post office, as bot.app puts them together."""
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(("BTC", "ETH"))
    await snapshots.save(crowding())
    office = PostOffice(valkey, Words(), lambda: NOW_MS)
    made = desk_on(telegram_url=api.url)
    services = services_on(valkey, is_live=True)
    desk = Desk(made.settings, services, made.now_ms, deliver=office.deliver, reply_turn=office.reply_turn)
    addressing = asyncio.create_task(office.address())
    try:
        async with telegram_serving(desk):
            yield
    finally:
        addressing.cancel()
        await asyncio.gather(addressing, return_exceptions=True)


async def test_who_subscribes_is_warned_once_and_told_how_it_ended(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        await api.say("/subscribe BTC")
        assert "BTC" in (await first(api)).text
        bulletins = Bulletins(valkey)
        worse = replace(FALLING, severity=Severity.CRITICAL)
        assert [await bulletins.announce(worse) for _ in range(2)] == [True, False]
        warning = await first(api, 2)
        assert "CRITICAL" in warning.text
        assert {"Why", "Size"} <= set(warning.buttons)
        await bulletins.announce(replace(worse, edge=Edge.RESOLVED, at_ms=NOW_MS + 1))
        end = await first(api, 3)
        assert "over" in end.text.lower()
        assert warning.edits == 0


async def test_a_test_alert_takes_the_same_way(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        await api.say("/testalert")
        told = [(await first(api, count)).text for count in (1, 2)]
        assert any("TEST" in text for text in told)


async def test_who_did_not_subscribe_hears_nothing(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        await api.say("/subscribe ETH")
        await first(api)
        await Bulletins(valkey).announce(replace(FALLING, severity=Severity.CRITICAL))
        await Bulletins(valkey).announce(replace(FALLING, asset="ETH", severity=Severity.CRITICAL))
        heard = await first(api, 2)
        assert "ETH" in heard.text
        assert "BTC" not in heard.text.splitlines()[0]
