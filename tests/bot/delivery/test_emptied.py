"""FLUSHALL by mistake: it is noticed and said once, nobody is told anything as new, and what is subscribed to anew is told."""

import asyncio
import logging
from dataclasses import replace
from functools import partial

import pytest

from bot.delivery.emptied import EMPTIED, notice_emptied
from bot.live import KEPT_KINDS
from market.alerts import Edge, Kind, Severity
from scheduler.subscriptions.address import Addresser
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.connection import Connection
from store.outbox import Outbox
from store.schemas import insist_on_schemas
from tests.doubles.waiting import until
from tests.faults.soak import alert

WISHES = (Subscription(None, Kind.CASCADE),)


async def test_it_is_said_once_and_each_time(valkey: Connection, caplog: pytest.LogCaptureFixture) -> None:
    async def put_back() -> None:
        await insist_on_schemas(valkey, KEPT_KINDS)

    looking = asyncio.create_task(notice_emptied(valkey, put_back, look_every_s=0.01))
    await asyncio.sleep(0.1)
    assert not caplog.records, "a new store is no emptied one"
    for times in (1, 2):
        async with valkey.writing() as redis:
            await redis.flushall()
        await until(partial(has_been_said, caplog, times))
        await asyncio.sleep(0.1)
        assert said(caplog) == times
    looking.cancel()


async def test_what_waited_goes_with_those_it_was_for_and_what_comes_later_is_told(
    valkey: Connection,
) -> None:
    chats, bulletins = StoredChats(valkey), Bulletins(valkey, group_wait_ms=0)
    addresser, box = Addresser(bulletins, chats), Outbox(valkey, "telegram")
    fell = alert("c7f2", "BTC", Severity.CRITICAL, Edge.FIRED)
    await chats.change("telegram:1", lambda chat: replace(chat, subscriptions=WISHES))
    await bulletins.announce(fell)
    assert await addresser.address() == 1
    async with valkey.writing() as redis:
        await redis.flushall()
    await bulletins.announce(fell)
    await addresser.address()
    assert sum((await box.depth()).values()) == 0, "announced once more, to nobody"
    await chats.change("telegram:2", lambda chat: replace(chat, subscriptions=WISHES))
    await bulletins.announce(alert("c7f3", "ETH", Severity.CRITICAL, Edge.FIRED))
    await addresser.address()
    await box.open()
    assert [one.row.address for one in await box.claim("one", 9)] == ["telegram:2"]


def has_been_said(caplog: pytest.LogCaptureFixture, times: int) -> bool:
    return said(caplog) == times


def said(caplog: pytest.LogCaptureFixture) -> int:
    return sum(EMPTIED in record.getMessage() for record in caplog.records if record.levelno == logging.ERROR)
