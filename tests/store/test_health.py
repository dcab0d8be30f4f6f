"""Whether the service does its work."""

from dataclasses import replace
from pathlib import Path

import pytest

from market.table import State
from store import keys
from store.connection import Connection, open_connection
from store.health import BLIND, is_evaluated, is_healthy
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots
from tests.store.samples import BTC, FEED, NOW_MS

WRITTEN_MS = NOW_MS + 500


async def save(connection: Connection, status: FeedStatus) -> None:
    """Save the status as if the server's clock had stood at WRITTEN_MS."""
    await StoredFeed(connection).save(status)
    async with connection.writing() as redis:
        await redis.hset(keys.FEED, "written_at_ms", WRITTEN_MS)


async def test_an_evaluation_younger_than_three_cycles_is_healthy(valkey: Connection) -> None:
    await save(valkey, FEED)
    health = await is_healthy(valkey, NOW_MS + 179_999)
    assert health.ok
    assert health.reason == "The store answers. The last evaluation is 180 s old, 180 s are allowed."


async def test_an_evaluation_of_three_cycles_ago_is_not(valkey: Connection) -> None:
    await save(valkey, FEED)
    health = await is_healthy(valkey, NOW_MS + 180_000)
    assert not health.ok
    assert "evaluation has stopped or is late" in health.reason


async def test_a_played_history_counts_by_when_it_was_evaluated_not_by_its_own_years(
    valkey: Connection,
) -> None:
    await save(valkey, replace(FEED, source="history", last_evaluation_ms=1_584_000_000_000))
    assert (await is_healthy(valkey, WRITTEN_MS + 179_999)).ok
    assert not (await is_healthy(valkey, WRITTEN_MS + 180_000)).ok


async def test_a_live_feed_that_writes_but_does_not_evaluate_is_not_healthy(valkey: Connection) -> None:
    await save(valkey, replace(FEED, last_evaluation_ms=NOW_MS - 600_000))
    assert not (await is_healthy(valkey, NOW_MS)).ok


async def test_an_evaluation_far_in_the_future_is_not_fresh(valkey: Connection) -> None:
    await save(valkey, FEED)
    assert not (await is_healthy(valkey, NOW_MS - 3_600_000)).ok


@pytest.mark.parametrize("status", [None, FeedStatus("none"), FeedStatus("live", cycle_ms=60_000)])
async def test_nothing_evaluated_yet_is_said(status: FeedStatus | None, valkey: Connection) -> None:
    if status is not None:
        await save(valkey, status)
    health = await is_healthy(valkey, NOW_MS)
    assert not health.ok
    assert health.reason == "The store answers; nothing has been evaluated yet."


async def test_a_live_market_that_is_blind_in_every_asset_is_not_healthy_and_one_that_is_played_may_be(
    valkey: Connection,
) -> None:
    blind = replace(BTC, regime=replace(BTC.regime, state=State.INSUFFICIENT_DATA))
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(("BTC", "ETH"))
    await snapshots.save(blind)
    await save(valkey, FEED)
    health = await is_healthy(valkey, NOW_MS)
    assert (health.ok, health.reason) == (False, BLIND)
    assert (await is_evaluated(valkey, NOW_MS)).ok
    await snapshots.save(replace(BTC, asset="ETH"))
    assert (await is_healthy(valkey, NOW_MS)).ok
    await snapshots.save(replace(blind, asset="ETH"))
    await save(valkey, replace(FEED, source="history"))
    assert (await is_healthy(valkey, NOW_MS)).ok


async def test_a_live_service_that_has_stopped_is_said(valkey: Connection) -> None:
    await save(valkey, FeedStatus("live", NOW_MS))
    health = await is_healthy(valkey, NOW_MS)
    assert not health.ok
    assert health.reason == "The store answers; the service has stopped."


async def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    connection = open_connection(tmp_path / "nobody")
    health = await is_healthy(connection, NOW_MS)
    await connection.close()
    assert not health.ok
    assert health.reason.startswith("The store is not available")
