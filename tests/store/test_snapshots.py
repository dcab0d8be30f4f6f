"""The last snapshot of each watched asset, in the real Valkey and in memory alike."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from store import keys
from store.connection import Connection
from store.in_memory import FeedInMemory, SnapshotsInMemory
from store.services import Feed, FeedStatus, Services, Snapshots
from store.snapshots import StoredFeed, StoredSnapshots
from tests.store.samples import BTC, ETH, FEED, NOW_MS, SOL

Kept = StoredSnapshots | SnapshotsInMemory
KeptFeed = StoredFeed | FeedInMemory


@pytest_asyncio.fixture(params=["stored", "in memory"])
async def snapshots(request: pytest.FixtureRequest, valkey: Connection) -> AsyncIterator[Kept]:
    yield StoredSnapshots(valkey) if request.param == "stored" else SnapshotsInMemory()


@pytest_asyncio.fixture(params=["stored", "in memory"])
async def feed(request: pytest.FixtureRequest, valkey: Connection) -> AsyncIterator[KeptFeed]:
    yield StoredFeed(valkey) if request.param == "stored" else FeedInMemory()


async def test_nothing_is_there_at_first(snapshots: Kept) -> None:
    assert await snapshots.latest("BTC") is None
    assert await snapshots.watched() == ()
    assert await snapshots.all() == ()


async def test_a_saved_snapshot_is_the_latest(snapshots: Kept) -> None:
    await snapshots.save(BTC)
    assert await snapshots.latest("BTC") == BTC
    assert await snapshots.latest("ETH") is None


async def test_all_are_the_watched_ones_in_the_operators_order(snapshots: Kept) -> None:
    await snapshots.watch(["SOL", "DOGE", "BTC", "SOL"])
    await snapshots.save_all([BTC, ETH, SOL])
    assert await snapshots.watched() == ("SOL", "DOGE", "BTC")
    assert await snapshots.all() == (SOL, BTC)


async def test_what_is_no_longer_watched_goes(snapshots: Kept) -> None:
    await snapshots.watch(["BTC", "ETH"])
    await snapshots.save_all([BTC, ETH])
    await snapshots.watch(["ETH"])
    assert await snapshots.latest("BTC") is None
    assert await snapshots.all() == (ETH,)


async def test_a_cycle_without_snapshots_is_no_error(snapshots: Kept) -> None:
    await snapshots.save_all([])
    assert await snapshots.all() == ()


async def test_a_snapshot_of_a_newer_version_is_missing(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.set(keys.snapshot("BTC"), b"\x92\x63\x80")  # [99, {}]
    stored = StoredSnapshots(valkey)
    await stored.watch(["BTC", "ETH"])
    await stored.save(ETH)
    assert await stored.latest("BTC") is None
    assert await stored.all() == (ETH,)


async def test_bytes_that_are_the_same_are_read_once_and_others_at_once(valkey: Connection) -> None:
    reader, writer = StoredSnapshots(valkey), StoredSnapshots(valkey)
    await writer.watch(["BTC"])
    await writer.save(BTC)
    first = await reader.latest("BTC")
    assert await reader.latest("BTC") is first
    assert (await reader.all())[0] is first

    later = replace(BTC, at_ms=BTC.at_ms + 60_000)
    await writer.save(later)
    assert await reader.latest("BTC") == later

    await writer.forget("BTC")
    assert await reader.latest("BTC") is None


async def test_one_cycle_is_one_command(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.config_resetstat()
        await StoredSnapshots(valkey).save_all([BTC, ETH, SOL])
        told = await redis.info("commandstats")
    assert told["cmdstat_mset"]["calls"] == 1
    assert "cmdstat_set" not in told


async def test_the_feed_is_none_before_the_first_word_of_it(feed: KeptFeed) -> None:
    assert await feed.status() == FeedStatus("none")


async def test_the_feed_is_as_last_saved(feed: KeptFeed) -> None:
    await feed.save(FeedStatus("history"))
    await feed.save(FEED)
    assert await feed.status() == FEED


async def test_the_feed_is_stamped_by_the_servers_clock(valkey: Connection) -> None:
    stored = StoredFeed(valkey)
    await stored.save(FEED)
    async with valkey.reading() as redis:
        seconds, _ = await redis.time()
    status, written_at_ms = await stored.stamped()
    assert status.last_evaluation_ms == NOW_MS
    assert written_at_ms is not None
    assert 0 <= seconds * 1000 + 1000 - written_at_ms < 60_000


def test_both_are_what_the_commands_ask_for(valkey: Connection) -> None:
    snapshots: Snapshots = StoredSnapshots(valkey)
    feed: Feed = StoredFeed(valkey)
    assert Services(snapshots, feed) != Services(SnapshotsInMemory(), FeedInMemory())
