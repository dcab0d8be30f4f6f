"""August 2024 through the service's feed: what is said on the way, and a store that dies under it."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.history_feed import HistoryFeed
from bot.live import services_on
from bot.pace import Pace
from commands.protocol.dispatch import answer
from commands.protocol.request import Context
from market.report import iso
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.clock import now_ms
from scheduler.history_files import read_history
from scheduler.replay import replay
from store.connection import Connection, StoreUnavailable, connected
from store.server import private_valkey
from store.snapshots import StoredSnapshots
from tests.commands.talking import text_of
from tests.recorded import sell_off

PATIENCE_S = 60.0


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def crash(recordings: Path) -> Path:
    return sell_off(recordings, "2024-08-05_BTC")


@asynccontextmanager
async def service(data: Path, *files: Path) -> AsyncIterator[Connection]:
    """The feed at work on a private store."""
    async with private_valkey(data) as socket, connected(socket) as connection:
        feed = HistoryFeed(files, Pace(None))
        await feed.begin(connection)
        working = asyncio.create_task(feed.run())
        try:
            yield connection
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


async def reaches(connection: Connection, at: str, asset: str = "BTC") -> Snapshot:
    """The snapshot once the market has come to `at`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(StoreUnavailable):
                snapshot = await StoredSnapshots(connection).latest(asset)
                if snapshot is not None and iso(snapshot.at_ms) >= at:
                    return snapshot
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_two_assets_are_played_together_and_scanned(data: Path, recordings: Path, crash: Path) -> None:
    async with service(data, crash, sell_off(recordings, "2024-08-05_ETH")) as connection:
        await reaches(connection, "2024-08-10T07", "ETH")
        reply = await answer("/scan", Context(services_on(connection, is_live=False), now_ms()))
        said = text_of(reply)
        assert "BTC" in said
        assert "ETH" in said
        assert (await services_on(connection, is_live=False).feed.status()).source == "history"


@pytest.mark.slow
async def test_a_store_that_dies_under_the_feed_costs_nothing(data: Path, crash: Path) -> None:
    *_, (expected, _) = replay(read_history(crash), Rules())
    async with service(data, crash) as connection:
        await reaches(connection, "2024-07-18")
        os.kill(int((data / "valkey" / "pid").read_text()), signal.SIGKILL)
        assert await reaches(connection, "2024-08-10T07") == expected


async def test_stopped_and_taken_up_again_at_several_bars_it_ends_the_same(data: Path, crash: Path) -> None:
    *_, (expected, _) = replay(read_history(crash), Rules())
    for at in ("2024-07-17", "2024-07-25", "2024-08-05T03"):
        async with service(data, crash) as connection:
            await reaches(connection, at)
    async with service(data, crash) as connection:
        assert await reaches(connection, "2024-08-10T07") == expected
