"""Of all processes on a store one fetches Telegram's updates, and another takes over; those that stand by still send."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.alone import Alone
from bot.chat_platform import Desk
from store.connection import Connection
from store.lease import Lease
from tests.bot.desks import desk_on, first, telegram_serving
from tests.doubles.telegram import BotApi
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import until

__all__ = ["valkey", "valkey_socket"]

TTL_MS = 300


def conflicts(api: BotApi) -> int:
    return sum("Conflict" in refusal for refusal in api.refusals)


def standing(desk: Desk) -> str | None:
    led = desk.alone.led("telegram") if desk.alone is not None else None
    return None if led is None else led.standing.value


def desk_of(holder: str, valkey: Connection, api: BotApi) -> Desk:
    return replace(desk_on(telegram_url=api.url), alone=Alone(valkey, holder, TTL_MS))


async def test_the_second_process_does_not_even_try_and_takes_over_at_once_when_the_first_ends(
    api: BotApi, valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with AsyncExitStack() as one, AsyncExitStack() as two:
        await one.enter_async_context(telegram_serving(desk_of("one", valkey, api)))
        await api.wait_for(lambda: api.polls > 0)
        await two.enter_async_context(telegram_serving(desk_of("two", valkey, api)))
        for count in (1, 2, 3):
            await api.say("/regime BTC")
            await first(api, count)
        await until(lambda: "stands by for 1:one" in caplog.text)
        assert conflicts(api) == 0
        await one.aclose()
        await api.say("/regime BTC")
        await first(api, 4)
    assert "a second instance polls" not in caplog.text, "nothing is wrong"


async def test_where_another_has_taken_over_the_one_before_ends_without_throwing_it_out(
    api: BotApi, valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """As after SIGSTOP: the lease is another's by now, and the old one finds out while it fetches."""
    desk = desk_of("one", valkey, api)
    async with telegram_serving(desk) as old:
        await api.wait_for(lambda: api.polls > 0)
        lease = Lease(valkey, f"telegram:{old.bot.id}", "another", 60_000)
        async with valkey.writing() as redis:
            await redis.delete(lease.key)
        tenure = await lease.take()
        assert tenure.holder == "another"
        polls = api.polls
        await until(lambda: standing(desk) == "standby")
        await asyncio.sleep(0.1)
        assert api.polls == polls, "it says no farewell, which would throw the other one out"
    assert conflicts(api) == 0
    assert "a second instance polls" not in caplog.text


async def test_who_is_thrown_out_by_the_one_that_leads_asks_no_more_before_it_is_ended(
    api: BotApi, valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own renewal is seconds away: one more question would throw out who leads, and let them wait for half a minute."""
    desk = replace(desk_on(telegram_url=api.url), alone=Alone(valkey, "one", 60_000))
    async with telegram_serving(desk) as old:
        await api.wait_for(lambda: api.polls > 0)
        lease = Lease(valkey, f"telegram:{old.bot.id}", "another", 60_000)
        async with valkey.writing() as redis:
            await redis.delete(lease.key)
        await lease.take()
        await old.bot.get_updates(timeout=0)  # as the other one does
        await api.wait_for(lambda: conflicts(api) == 1)
        polls = api.polls
        await asyncio.sleep(0.2)
        assert api.polls == polls
    assert "a second instance polls" not in caplog.text


async def test_what_was_taken_is_said_before_another_may_fetch(api: BotApi, valkey: Connection) -> None:
    async with telegram_serving(desk_of("one", valkey, api)):
        await api.say("/regime BTC")
        await first(api)
    async with telegram_serving(desk_of("two", valkey, api)):
        await api.say("/status")
        await first(api, 2)
        await asyncio.sleep(0.1)
    assert len(api.shown) == 2, "nothing is answered twice"


async def test_an_instance_of_another_store_is_said_to_be_one_too_many(
    api: BotApi, valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with telegram_serving(desk_of("one", valkey, api)):
        await api.wait_for(lambda: api.polls > 0)
        async with telegram_serving(desk_on(telegram_url=api.url)):
            await api.wait_for(lambda: conflicts(api) > 0)
            await api.say("/regime BTC")
            await first(api)
    assert "a second instance polls" in caplog.text
