"""The simulated exchanges on loopback, and production code that asks and listens to them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import aiohttp

from market.observations import Asset, Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Asked, Exchange, Instrument, Report
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges, serve
from tests.doubles.waiting import PATIENCE_S

ASSETS = ("BTC", "ETH", "SOL")
BY_VENUE = {exchange.venue: exchange for exchange in exchanges()}


@cache
def sell_off() -> SimulatedMarket:
    return SimulatedMarket(7, "sell_off", ASSETS, past_days=40)


@dataclass(slots=True)
class Hand:
    """A clock that stands where it was put; whoever sleeps on it waits until it was moved."""

    at_ms: int
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, at_ms: int) -> None:
        self.at_ms = at_ms
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0.0:
            return
        until_ms = self.at_ms + seconds * 1_000
        while self.at_ms < until_ms:
            await self._moved.wait()

    def clock(self) -> Clock:
        return Clock(lambda: self.at_ms, lambda: self.at_ms / 1_000, self.sleep)


@dataclass(slots=True)
class Patience:
    """Time of the fetcher's own, for its budgets: waiting takes none of anybody else's."""

    at_s: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.at_s += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class Desk:
    hand: Hand
    venues: SimulatedExchanges
    fetcher: Fetcher

    def asked(self, known: Sequence[Instrument] = ()) -> Asked:
        return Asked(self.hand.at_ms, {one.symbol: one for one in known})

    async def instruments(self, venue: Venue) -> dict[Asset, Instrument]:
        return await instruments(self.fetcher, venue, self.hand.at_ms)

    async def get(self, ask: Ask[tuple[Report, ...]], known: Sequence[Instrument]) -> list[Report]:
        """The reports of all its pages."""
        return [report async for page in self.fetcher.pages(ask, self.asked(known)) for report in page]

    async def now(self, venue: Venue, known: Sequence[Instrument]) -> list[Report]:
        """All that a venue is asked for each cycle."""
        exchange = BY_VENUE[venue]
        timed = exchange.timed_asks(known, self.hand.at_ms) if exchange.timed_asks else ()
        asks = (*exchange.asks(known), *timed)
        return [report for ask in asks for report in await self.get(ask, known)]


async def instruments(fetcher: Fetcher, venue: Venue, at_ms: int) -> dict[Asset, Instrument]:
    known: dict[str, Instrument] = {}
    for ask in BY_VENUE[venue].instruments():
        said = await fetcher.get(ask, Asked(at_ms, known))
        known |= {one.symbol: one for one in said}
    return {one.asset: one for one in known.values()}


@asynccontextmanager
async def desk(at_ms: int, market: SimulatedMarket | None = None) -> AsyncIterator[Desk]:
    hand = Hand(at_ms)
    patience = Patience()
    patient = Clock(lambda: hand.at_ms, lambda: patience.at_s, patience.sleep)
    async with (
        serve(market or sell_off(), hand.clock()) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=patient) as fetcher,
    ):
        yield Desk(hand, venues, fetcher)


async def listened(
    at_desk: Desk, exchange: Exchange, known: Sequence[Instrument], until_ms: int
) -> list[Report]:
    """What a venue's streams say from now until then, read by its own reader."""
    stream = exchange.streams(known)[0]
    read = stream.remembering() if stream.remembering else stream.read
    address = at_desk.venues.ws_urls[exchange.venue] + stream.path
    heard: list[Report] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(address, autoping=False) as socket:
        for text in stream.subscribe:
            await socket.send_str(text)
        await socket.ping()  # answered when all that was said before has been
        heard += await _until(socket, aiohttp.WSMsgType.PONG, read, at_desk.asked(known))
        at_desk.hand.put(until_ms)
        telling = asyncio.create_task(at_desk.venues.tell())  # at its end it asks whether all was read
        heard += await _until(socket, aiohttp.WSMsgType.PING, read, at_desk.asked(known))
        await socket.pong()
        await telling
    return heard


async def _until(socket: Any, sign: aiohttp.WSMsgType, read: Any, asked: Asked) -> list[Report]:
    """What is said before a sign that all has been said."""
    heard: list[Report] = []
    async with asyncio.timeout(PATIENCE_S):
        while (message := await socket.receive()).type is not sign:
            assert message.type is aiohttp.WSMsgType.TEXT, "the connection stays open"
            heard += read(message.data.encode(), asked)
    return heard
