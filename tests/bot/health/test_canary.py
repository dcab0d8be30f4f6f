"""The canary takes the very way of a warning, and nobody ever sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.health.nowhere import Nowhere
from bot.tally import Tally
from market.alerts import Kind, Severity
from market.observations import MINUTE_MS
from store import keys
from store.alerts_log import AlertsLog
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.connection import Connection
from store.outbox import DeadRows
from store.watchdog import AGAIN_MS, CANARY_ADDRESS, Canary, Watchdog, canary
from tests.bot.delivery.post import Way
from tests.doubles.chats import ChatsInMemory
from tests.store.samples import FIRED, NOW_MS

HERE = "telegram:1"
MINUTE = NOW_MS - NOW_MS % MINUTE_MS
WARNING = replace(FIRED, severity=Severity.WARNING)


@asynccontextmanager
async def office_open(valkey: Connection, tally: Tally) -> AsyncIterator[PostOffice]:
    """Matching and the platform of the canary, as the service runs them."""
    office = PostOffice(valkey, Words(), lambda: NOW_MS, tally)
    tasks = [asyncio.create_task(office.address()), asyncio.create_task(office.deliver(Nowhere()))]
    try:
        yield office
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def came(watchdog: Watchdog) -> Canary:
    """How the canary stands once it has come through."""
    async with asyncio.timeout(60):
        while (stands := await watchdog.stands()).came_ms < stands.announced_ms:
            await asyncio.sleep(0.02)
    return stands


async def test_a_canary_comes_through_and_leaves_nothing_that_anybody_reads(valkey: Connection) -> None:
    tally, watchdog = Tally(), Watchdog(valkey)
    assert await watchdog.stands() == Canary(0, 0)
    async with office_open(valkey, tally):
        assert await watchdog.announce(NOW_MS)
        assert await came(watchdog) == Canary(MINUTE, MINUTE)
    assert await AlertsLog(valkey).recent(10) == ()
    assert await DeadRows(valkey).all() == ()
    assert not tally.deliveries
    assert not tally.delays
    async with valkey.reading() as redis:
        assert await redis.exists(keys.ANNOUNCED, keys.ALERTS, keys.ALERTS_BY_TIME, keys.DEAD) == 0
        assert await redis.xlen(keys.BULLETINS) == 0
        assert await redis.xlen(keys.outbox("null", 2)) == 0


async def test_of_a_minute_there_is_one_canary_whoever_announces_it(valkey: Connection) -> None:
    assert await Watchdog(valkey).announce(NOW_MS)
    assert not await Watchdog(valkey).announce(NOW_MS + 1)


async def test_where_none_comes_through_they_do_not_pile_up(valkey: Connection) -> None:
    watchdog = Watchdog(valkey)
    sent = [await watchdog.announce(NOW_MS + minute * MINUTE_MS) for minute in range(21)]
    assert sum(sent) == 1 + 20 * MINUTE_MS // AGAIN_MS


async def test_it_neither_hurries_nor_holds_up_a_warning_of_the_same_moment(valkey: Connection) -> None:
    bulletins = Bulletins(valkey, group_wait_ms=60_000)
    await bulletins.announce(WARNING)
    await bulletins.announce_canary(canary(NOW_MS))
    assert await bulletins.batch() is None
    await bulletins.announce(replace(FIRED, asset="ETH", severity=Severity.CRITICAL))
    batch = await bulletins.batch()
    assert batch is not None
    assert [alert.asset for alert in batch.alerts.values()] == ["BTC", "~", "ETH"]


async def test_a_chat_that_wants_everything_never_hears_of_it(valkey: Connection) -> None:
    way = Way(valkey, ChatsInMemory())
    way.now_ms = NOW_MS
    await way.subscribe(HERE, *(Subscription(None, kind) for kind in Kind))
    await way.bulletins.announce_canary(canary(NOW_MS))
    await way.bring(WARNING)
    (message,) = way.platform.shown(HERE)
    assert "~" not in message.text


async def test_facts_of_a_canary_are_kept_for_minutes(valkey: Connection) -> None:
    await Watchdog(valkey).announce(NOW_MS)
    batch = await Bulletins(valkey).batch()
    assert batch is not None
    async with valkey.reading() as redis:
        assert 0 < await redis.ttl(keys.facts(batch.id)) <= 600


async def test_nobody_is_known_by_its_address(valkey: Connection) -> None:
    async with office_open(valkey, Tally()):
        await Watchdog(valkey).announce(NOW_MS)
        await came(Watchdog(valkey))
    assert await StoredChats(valkey).get(CANARY_ADDRESS) is None
