"""A live market at the simulated exchanges on a real Valkey, its time moved by hand, stopped and started as wanted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from market.alerts import Alert
from market.observations import Asset, Venue
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.cycle import Memory
from scheduler.exchange import Ask, Kind
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live import LiveMarket, LiveMemory, live_memory, want
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, serve
from scheduler.streams import open_wires
from store.alerts_log import AlertsLog
from store.connection import Connection
from store.services import PastReport
from tests.doubles.hand_clock import HandClock
from tests.scheduler.simulator.desk import Patience

VENUES = tuple(exchange.venue for exchange in exchanges())


@cache
def one_coin() -> SimulatedMarket:
    """Forty days of one coin, then three days of a sell-off."""
    return SimulatedMarket(7, "sell_off", ("BTC",), past_days=40)


@cache
def three_coins() -> SimulatedMarket:
    """The same of three."""
    return SimulatedMarket(7, "sell_off", ("BTC", "ETH", "SOL"), past_days=40)


@dataclass(slots=True)
class House:
    """One run of the program: `asked` is every question that was answered, `pasts` what was said of reading pasts."""

    time: HandClock
    venues: SimulatedExchanges
    memory: LiveMemory
    market: LiveMarket
    asked: list[Ask[object]]
    pasts: list[PastReport]
    log: AlertsLog
    alerts: list[Alert] = field(default_factory=list)

    @property
    def cycle(self) -> Memory:
        return self.memory.cycle

    async def begin(self, *assets: Asset) -> None:
        """As the service begins: the setting, what is remembered, what is listed, and everything is taken up."""
        await want(assets, self.memory)
        await self.market.begin()
        await self.market.learn()
        await self.market.mind_watchlist()

    async def poll(self) -> None:
        await asyncio.gather(*(self.market.poll(venue) for venue in VENUES))

    async def look(self, asset: Asset = "BTC") -> Snapshot:
        snapshot, alerts = await self.market.look(asset, self.time.now_ms())
        self.alerts += alerts
        return snapshot

    async def minute(self, asset: Asset = "BTC") -> Snapshot:
        """A minute from a full one on: two seconds after it venues are asked, ten after it the asset is looked at."""
        await self.time.advance(2)
        await self.poll()
        await self.time.advance(8)
        snapshot = await self.look(asset)
        await self.time.advance(50)
        return snapshot

    async def minutes(self, count: int, asset: Asset = "BTC") -> list[Snapshot]:
        return [await self.minute(asset) for _ in range(count)]

    def questions(self, kind: Kind, venue: Venue | None = None) -> int:
        """How many questions of a kind were answered."""
        return sum(ask.kind is kind and venue in (None, ask.venue) for ask in self.asked)


@dataclass(slots=True)
class Town:
    """The exchanges and the time, which go on whatever becomes of the program."""

    time: HandClock
    venues: SimulatedExchanges
    _patience: Patience = field(default_factory=Patience)

    @asynccontextmanager
    async def house(self, connection: Connection, *, listens: bool = False) -> AsyncIterator[House]:
        """A run of the program on a store; its end is one without a word, as of a kill."""
        patient = Clock(self.time.now_ms, lambda: self._patience.at_s + self.time.at_s, self._patience.sleep)
        asked: list[Ask[object]] = []
        pasts: list[PastReport] = []

        def keep(ask: Ask[object], body: bytes, now_ms: int) -> None:
            asked.append(ask)

        async with AsyncExitStack() as stack:
            fetcher = await stack.enter_async_context(
                Fetcher(exchanges(), self.venues.rest_urls, clock=patient, keep=keep, dice=lambda: 0.5)
            )
            wires = await stack.enter_async_context(
                open_wires(clock=self.time.clock, ws_urls=self.venues.ws_urls, dice=lambda: 0.5)
            )
            collector = Collector(exchanges(), fetcher, wires, self.time.clock)
            memory = live_memory(connection)
            market = LiveMarket(collector, memory, Rules(), self.time.clock, on_past=pasts.append)
            house = House(self.time, self.venues, memory, market, asked, pasts, AlertsLog(connection))
            if listens:
                stack.push_async_callback(_end, asyncio.create_task(collector.listen()))
            yield house


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def town(at_ms: int, market: SimulatedMarket | None = None) -> AsyncIterator[Town]:
    time = HandClock(at_ms)
    async with serve(market or one_coin(), time.clock) as venues:
        yield Town(time, venues)


def states(snapshots: Sequence[Snapshot]) -> list[str]:
    """The states in order, without repetitions in a row."""
    found = [str(snapshot.regime.state) for snapshot in snapshots]
    return [state for place, state in enumerate(found) if place == 0 or state != found[place - 1]]
