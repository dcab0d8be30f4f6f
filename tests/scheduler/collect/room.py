"""A collector at the simulated exchanges, and clocks moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from market.findings import Finding
from market.observations import Asset, Observation, Venue
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.exchange import Ask, Kind
from scheduler.exchanges import exchanges
from scheduler.fetch import DEADLINE_S, Fetcher
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, serve
from scheduler.streams import Wires, open_wires
from tests.doubles.hand_clock import HandClock
from tests.scheduler.simulator.desk import Patience, sell_off

VENUES = tuple(exchange.venue for exchange in exchanges())


@dataclass(slots=True)
class Room:
    """`time` is everybody's but the fetcher's waiting; `asked` is every question in the order of its answers."""

    time: HandClock
    venues: SimulatedExchanges
    collector: Collector
    wires: Wires
    asked: list[Ask[object]]
    told: list[Observation] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    async def begin(self, *assets: Asset) -> None:
        """Learn what is listed and watch these."""
        await self.collector.learn()
        for asset in assets:
            self.collector.begin(asset)

    async def poll(self) -> list[Ask[object]]:
        """Poll every venue at once; what was answered."""
        before = len(self.asked)
        await asyncio.gather(*(self.collector.poll(venue) for venue in VENUES))
        return self.asked[before:]

    async def pass_s(self, seconds: int) -> None:
        """Time passes second by second, and what is heard meanwhile comes in."""
        for _ in range(seconds):
            await self.time.advance(1)
            await self.time.settle()

    def step(self, asset: Asset = "BTC") -> None:
        """One step of an asset; what it told is kept."""
        told, found = self.collector.step(asset, self.time.now_ms())
        self.told += told
        self.found += found

    async def minutes(self, count: int, asset: Asset = "BTC") -> None:
        """So many minutes from a full one on, each with its poll at two seconds and its step at ten, as in service."""
        for _ in range(count):
            await self.pass_s(2)
            await self.poll()
            await self.pass_s(8)
            self.step(asset)
            await self.pass_s(50)


@asynccontextmanager
async def room(
    at_ms: int, market: SimulatedMarket | None = None, *, deadline_s: float = DEADLINE_S
) -> AsyncIterator[Room]:
    time, patience = HandClock(at_ms), Patience()
    patient = Clock(time.now_ms, lambda: patience.at_s + time.at_s, patience.sleep)
    asked: list[Ask[object]] = []

    def keep(ask: Ask[object], body: bytes, now_ms: int) -> None:
        asked.append(ask)

    async with (
        serve(market or sell_off(), time.clock) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=patient, keep=keep, deadline_s=deadline_s) as fetcher,
        open_wires(clock=time.clock, ws_urls=venues.ws_urls, dice=lambda: 0.5) as wires,
    ):
        yield Room(time, venues, Collector(exchanges(), fetcher, wires, time.clock), wires, asked)


@asynccontextmanager
async def listening(at: Room) -> AsyncIterator[None]:
    """Listening goes on for the length of the block."""
    listens = asyncio.create_task(at.collector.listen())
    try:
        yield
    finally:
        listens.cancel()
        with suppress(asyncio.CancelledError):
            await listens


async def within(seconds: float, job: Awaitable[object]) -> None:
    """Let a job end within so many real seconds."""
    async with asyncio.timeout(seconds):
        await job


def of_kind(asked: list[Ask[object]], kind: Kind, venue: Venue | None = None) -> list[Ask[object]]:
    """Those of the questions that are of a kind, and of a venue."""
    return [ask for ask in asked if ask.kind is kind and venue in (None, ask.venue)]
