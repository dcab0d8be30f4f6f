"""The watched assets as /watch and /unwatch change them, in the real Valkey and in memory alike."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from store.connection import Connection
from store.in_memory import SnapshotsInMemory, WatchlistInMemory
from store.services import Watchlist
from store.snapshots import StoredSnapshots
from store.watchlist import Applied, StoredWatchlist
from tests.store.samples import BTC, ETH

BY_DEFAULT = Applied("", is_complete=True)


@dataclass(frozen=True, slots=True)
class Desk:
    snapshots: StoredSnapshots | SnapshotsInMemory
    watchlist: StoredWatchlist | WatchlistInMemory


@pytest_asyncio.fixture(params=["stored", "in memory"])
async def desk(request: pytest.FixtureRequest, valkey: Connection) -> AsyncIterator[Desk]:
    if request.param == "stored":
        yield Desk(StoredSnapshots(valkey), StoredWatchlist(valkey))
    else:
        snapshots = SnapshotsInMemory()
        yield Desk(snapshots, WatchlistInMemory(snapshots))


async def test_what_is_listed_is_unknown_until_it_is_told(desk: Desk) -> None:
    assert await desk.watchlist.listed() == ()
    await desk.watchlist.save_listed(["BTC", "DOGE"])
    assert await desk.watchlist.listed() == ("BTC", "DOGE")


async def test_one_more_is_watched_at_the_end_and_only_once(desk: Desk) -> None:
    assert await desk.watchlist.add("BTC") is True
    assert await desk.watchlist.add("DOGE") is True
    assert await desk.watchlist.add("BTC") is False
    assert await desk.snapshots.watched() == ("BTC", "DOGE")


async def test_one_less_is_watched_and_its_snapshot_goes(desk: Desk) -> None:
    await desk.snapshots.watch(["BTC", "ETH"])
    await desk.snapshots.save_all([BTC, ETH])
    assert await desk.watchlist.drop("BTC") is True
    assert await desk.watchlist.drop("BTC") is False
    assert await desk.snapshots.watched() == ("ETH",)
    assert await desk.snapshots.latest("BTC") is None
    assert await desk.snapshots.latest("ETH") == ETH


async def test_changes_at_the_same_moment_are_all_made(valkey: Connection) -> None:
    watchlist = StoredWatchlist(valkey)
    names = [f"COIN{number}" for number in range(8)]
    assert all(await asyncio.gather(*map(watchlist.add, names)))
    assert set(await watchlist.watched()) == set(names)
    assert all(await asyncio.gather(*map(watchlist.drop, names)))
    assert await watchlist.watched() == ()


async def test_a_setting_is_applied_with_its_name_and_other_snapshots_go(valkey: Connection) -> None:
    snapshots, watchlist = StoredSnapshots(valkey), StoredWatchlist(valkey)
    await snapshots.watch(["BTC"])
    await snapshots.save_all([BTC, ETH])
    assert await watchlist.applied() is None
    await watchlist.apply(["ETH", "SOL", "ETH"], BY_DEFAULT)
    assert await watchlist.applied() == BY_DEFAULT
    assert await watchlist.watched() == ("ETH", "SOL")
    assert await snapshots.latest("BTC") is None
    assert await snapshots.latest("ETH") == ETH


async def test_a_change_in_a_chat_leaves_the_setting_applied(valkey: Connection) -> None:
    watchlist = StoredWatchlist(valkey)
    await watchlist.apply(["BTC"], BY_DEFAULT)
    await watchlist.add("DOGE")
    await watchlist.drop("BTC")
    assert await watchlist.applied() == BY_DEFAULT


async def test_a_recorded_market_that_sets_its_own_assets_lets_the_setting_be_applied_anew(
    valkey: Connection,
) -> None:
    watchlist = StoredWatchlist(valkey)
    await watchlist.apply(["BTC"], BY_DEFAULT)
    await StoredSnapshots(valkey).watch(["ETH"])
    assert await watchlist.applied() is None


def test_both_are_what_the_commands_ask_for(valkey: Connection) -> None:
    stored: Watchlist = StoredWatchlist(valkey)
    in_memory: Watchlist = WatchlistInMemory(SnapshotsInMemory())
    assert stored is not in_memory
