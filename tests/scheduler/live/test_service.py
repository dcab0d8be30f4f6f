"""The live market in service: on its timetable, over a clock that runs faster than the machine's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from market.observations import HOUR_MS
from market.rules import Rules
from market.table import State
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live import LiveMarket, LiveMemory, live_memory, want
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import serve
from scheduler.simulator.server.faster import faster_clock
from scheduler.streams import open_wires
from scheduler.timetable import timetable
from store.connection import Connection, connected
from tests.doubles.proxy import proxied
from tests.doubles.waiting import PATIENCE_S, until
from tests.scheduler.live.house import VENUES, one_coin, three_coins

NOW_MS = START_MS + 30 * HOUR_MS
SPEED = 30.0


@dataclass(slots=True)
class Service:
    clock: Clock
    memory: LiveMemory
    market: LiveMarket

    async def looked_at(self, asset: str) -> int:
        """When the asset was last looked at."""
        snapshot = await self.memory.cycle.snapshots.latest(asset)
        return 0 if snapshot is None else snapshot.at_ms

    async def next_look(self, asset: str = "BTC") -> None:
        """Return when the asset has been looked at once more."""
        before_ms = await self.looked_at(asset)
        async with asyncio.timeout(PATIENCE_S):
            while await self.looked_at(asset) <= before_ms:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def service(
    connection: Connection, *assets: str, market: SimulatedMarket | None = None, speed: float = SPEED
) -> AsyncIterator[Service]:
    clock = faster_clock(NOW_MS, speed)
    async with (
        serve(market or one_coin(), clock) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=clock) as fetcher,
        open_wires(clock=clock, ws_urls=venues.ws_urls) as wires,
        timetable(clock) as times,
    ):
        memory = live_memory(connection)
        await want(assets, memory)
        live = LiveMarket(Collector(exchanges(), fetcher, wires, clock), memory, Rules(), clock)
        await live.begin()
        running = asyncio.create_task(live.run(times))
        try:
            yield Service(clock, memory, live)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_in_service_the_asset_is_taken_up_and_looked_at_each_minute_and_lag_is_measured(
    valkey: Connection,
) -> None:
    async with service(valkey, "BTC") as here:
        await until(lambda: here.market.is_live("BTC"))
        for _ in range(4):
            await here.next_look()
        snapshot = await here.memory.cycle.snapshots.latest("BTC")
        assert snapshot is not None
        assert snapshot.regime.state is not State.INSUFFICIENT_DATA
        status = await here.memory.cycle.feed.status()
        assert status.lag_ms is not None
        assert status.last_evaluation_ms is not None
        due_s = (status.last_evaluation_ms - status.lag_ms) / 1_000 % 60
        assert 0 < due_s <= 10, "ten seconds past each minute; the clock runs on between telling the two"
        assert {one.venue for one in await here.memory.sources.reports()} == set(VENUES)
        assert sum(one.streams_up for one in await here.memory.sources.reports()) >= 4
        assert await here.memory.watchlist.listed() == ("BTC",)


async def test_what_watch_adds_is_noticed_within_a_minute_and_what_unwatch_drops_is_looked_at_no_more(
    valkey: Connection,
) -> None:
    async with service(valkey, "BTC", market=three_coins()) as here:
        await until(lambda: here.market.is_live("BTC"))
        await here.next_look()
        looked_ms = await here.looked_at("BTC")
        await here.memory.watchlist.add("SOL")
        await until(lambda: "SOL" in here.market.assets)
        assert await here.looked_at("BTC") - looked_ms <= 2 * 60_000, (
            "one look later, or while that one was made"
        )
        await until(lambda: here.market.is_live("SOL"))
        await here.next_look("SOL")
        await here.memory.watchlist.drop("BTC")
        await until(lambda: here.market.assets == ("SOL",))
        await here.next_look("SOL")
        assert await here.looked_at("BTC") == 0


async def test_a_store_that_is_away_is_said_once_and_what_happened_meanwhile_is_kept(
    valkey: Connection, valkey_socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxied(valkey_socket) as proxy, connected(proxy.url) as wire, service(wire, "BTC") as here:
        await until(lambda: here.market.is_live("BTC"))
        await here.next_look()
        proxy.lose_answers = 1_000_000
        gone_ms = here.clock.now_ms()
        await until(lambda: here.clock.now_ms() - gone_ms > 4 * 60_000)
        proxy.lose_answers = 0
        await until(lambda: "the store is back" in caplog.text)
        await here.next_look()
        kept = await here.memory.cycle.history.load("BTC")
    assert caplog.text.count("The market is kept in mind until it is back.") == 1
    apart = [later.now_ms - step.now_ms for step, later in zip(kept.steps, kept.steps[1:], strict=False)]
    assert max(apart) < 3 * 60_000  # four minutes and more if one were lost


async def test_at_its_end_nothing_of_it_goes_on(valkey: Connection) -> None:
    before = asyncio.all_tasks()
    async with service(valkey, "BTC") as here:
        await until(lambda: here.market.is_live("BTC"))
        await here.next_look()
    await until(lambda: asyncio.all_tasks() <= before)
