"""The scheduler's part: who leads evaluates, who is followed stops without a complaint, and who leads again goes on."""

import asyncio
import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.evaluating import SCHEDULER, Evaluation
from bot.history_feed import SOURCE, HistoryFeed
from bot.leading import Standing
from bot.pace import Pace
from market.observations import HOUR_MS
from market.rules import Rules
from scheduler.cycle import ENGINE_STATE
from scheduler.history_files import read_history
from scheduler.replay import replay
from store.connection import Connection, NotLeader, StoreUnavailable
from store.history import History
from store.lease import Lease, leader
from store.snapshots import StoredSnapshots
from tests.doubles.valkey import valkey, valkey_socket
from tests.doubles.waiting import until

__all__ = ["valkey", "valkey_socket"]

SHORT_MS = 600
STEPS = 200


@pytest.fixture
def hours(tmp_path: Path) -> Path:
    """Some weeks of hours that go up and down, in the layout of docs/history.md."""
    path = tmp_path / "mine_BTC.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["open_time_utc", "open", "high", "low", "close"])
        for hour in range(STEPS):
            price = 60_000.0 + 400.0 * ((hour * 7) % 11)
            opened = datetime.fromtimestamp(1_700_000_000 + hour * HOUR_MS / 1_000, UTC).isoformat()
            rows.writerow([opened, price, price + 150.0, price - 150.0, price + 50.0])
    return path


@asynccontextmanager
async def evaluating(
    connection: Connection, file: Path, holder: str, hours_a_second: float | None = None
) -> AsyncIterator[Evaluation]:
    pace = Pace(None if hours_a_second is None else hours_a_second * HOUR_MS)
    evaluation = Evaluation(connection, HistoryFeed([file], pace), holder, SHORT_MS)
    task = asyncio.create_task(evaluation.run())
    try:
        await evaluation.settled()
        yield evaluation
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


async def taken(connection: Connection) -> int:
    """How many steps are kept."""
    return (await History(connection, ENGINE_STATE, SOURCE).load("BTC")).last_seq


async def test_who_is_followed_stops_without_a_complaint_and_who_leads_again_goes_on_to_the_same_end(
    valkey: Connection, hours: Path, caplog: pytest.LogCaptureFixture
) -> None:
    *_, (expected, _) = replay(read_history(hours), Rules())
    other = Lease(valkey, SCHEDULER, "elsewhere:1")
    async with evaluating(valkey, hours, "a", 60.0) as one:
        await until(lambda: _is_past(valkey, 20))
        async with valkey.writing() as redis:
            await redis.delete(one.leading.lease.key)
        tenure = await other.take()
        await until(lambda: one.leading.standing is Standing.STANDBY)
        stopped_at = await taken(valkey)
        await asyncio.sleep(0.1)
        assert await taken(valkey) == stopped_at
    async with evaluating(valkey, hours, "b") as two:
        assert two.leading.standing is Standing.STANDBY
        await other.give_up(tenure)
        await until(lambda: _is_at_its_end(valkey, expected.at_ms))
    assert await StoredSnapshots(valkey).latest("BTC") == expected
    assert await leader(valkey, SCHEDULER) is None
    for complaint in ("Evaluation waits", "is back", "failed", "failure"):
        assert complaint not in caplog.text


async def test_a_second_one_that_never_leads_writes_nothing(valkey: Connection, hours: Path) -> None:
    await Lease(valkey, SCHEDULER, "elsewhere:1").take()
    async with evaluating(valkey, hours, "a") as one:
        assert one.leading.standing is Standing.STANDBY
        async with valkey.reading() as redis:
            assert await redis.dbsize() == 2  # the lease and its counter


async def test_a_heartbeat_that_is_refused_is_no_failure(valkey: Connection, hours: Path) -> None:
    lease = Lease(valkey, SCHEDULER, "a")
    feed = HistoryFeed([hours], Pace(None))
    tenure = await lease.take()
    await feed.begin(valkey.fenced(lease.key, tenure.value))
    await lease.give_up(tenure)
    await feed._heartbeat(0)
    with pytest.raises(NotLeader):
        await feed._play()


async def _is_past(connection: Connection, steps: int) -> bool:
    return await taken(connection) > steps


async def _is_at_its_end(connection: Connection, at_ms: int) -> bool:
    snapshot = await StoredSnapshots(connection).latest("BTC")
    return snapshot is not None and snapshot.at_ms >= at_ms


class LateFeed:
    """A market whose beginning the store does not let be read at first."""

    is_live = True

    def __init__(self) -> None:
        self.is_away, self.begins = True, asyncio.Event()

    async def begin(self, connection: Connection) -> None:
        if self.is_away:
            raise StoreUnavailable("The store did not answer.")
        self.begins.set()

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_a_store_that_falls_silent_before_the_market_is_begun_holds_up_nobody_who_answers(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.evaluating.LOOK_EVERY_S", 0.02)
    feed = LateFeed()
    evaluation = Evaluation(valkey, feed, "a", SHORT_MS)
    task = asyncio.create_task(evaluation.run())
    await asyncio.wait_for(evaluation.settled(), 5.0)
    assert not feed.begins.is_set()
    feed.is_away = False
    await asyncio.wait_for(feed.begins.wait(), 5.0)
    task.cancel()
    await asyncio.wait({task})
