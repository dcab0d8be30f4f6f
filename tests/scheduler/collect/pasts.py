"""A past that was watched as it happened, beside which a past that was read at once can be put."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from market.findings import Finding
from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Funding,
    Observation,
    OpenInterest,
    Venue,
)
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.collect import Listings
from scheduler.collect.past import Heard, Past, gather_past, play_past
from scheduler.condense import Condenser
from scheduler.engine import Engine
from scheduler.exchange import Told
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server.tape import Tape
from scheduler.simulator.server.venue import VenueMarket
from tests.scheduler.simulator.desk import Desk, desk

ASSET = "BTC"
NOW_MS = START_MS + 30 * HOUR_MS + 20 * MINUTE_MS
LIVE_MS = 5 * MINUTE_MS
VENUES = tuple(exchange.venue for exchange in exchanges())
EIGHT_HOURS_MS = 8 * HOUR_MS


@cache
def market() -> SimulatedMarket:
    """A hundred days of one coin, then three days of a sell-off."""
    return SimulatedMarket(7, "sell_off", (ASSET,))


@cache
def markets() -> Mapping[Venue, VenueMarket]:
    """What is true at each venue."""
    tape = Tape(market())
    return {venue: VenueMarket(tape, venue) for venue in VENUES}


@dataclass(slots=True)
class Reader:
    desk: Desk
    listings: Listings

    async def gather(
        self,
        since_ms: int = NOW_MS - 30 * DAY_MS,
        now_ms: int = NOW_MS,
        own: Iterable[Heard] = (),
        on_progress: Callable[[float], None] | None = None,
    ) -> Past:
        self.desk.hand.put(now_ms)
        return await gather_past(
            ASSET,
            since_ms,
            now_ms,
            exchanges=exchanges(),
            listings=self.listings,
            fetcher=self.desk.fetcher,
            own=own,
            on_progress=on_progress,
        )


@asynccontextmanager
async def reader(at_ms: int = NOW_MS) -> AsyncIterator[Reader]:
    async with desk(at_ms, market()) as at:
        listings = Listings(exchanges(), at.fetcher, at.hand.clock())
        await listings.learn()
        yield Reader(at, listings)


@dataclass(slots=True)
class Watch:
    """A condenser and an engine that look at the same asset."""

    condenser: Condenser
    engine: Engine
    snapshots: list[Snapshot]
    told: list[Observation]
    findings: list[Finding]

    @classmethod
    def begin(cls) -> "Watch":
        return cls(Condenser(ASSET, VENUES), Engine(ASSET, Rules(), "live"), [], [], [])

    def again(self) -> "Watch":
        """The same once more, for what is to come; what was told and looked at is not kept."""
        condenser = Condenser(ASSET, VENUES, deepcopy(self.condenser.state))
        engine = Engine(ASSET, Rules(), "live", deepcopy(self.engine.state))
        return Watch(condenser, engine, self.snapshots[-1:], [], [])

    def play(self, past: Past) -> "Watch":
        for step in play_past(past, self.condenser):
            self._look(*step)
        return self

    def step(self, now_ms: int) -> Snapshot:
        return self._look(now_ms, *self.condenser.step(now_ms))

    def facts(self, name: str) -> Mapping[str, float | None]:
        return next(reading.facts for reading in self.snapshots[-1].readings if reading.name == name)

    def _look(self, now_ms: int, told: tuple[Observation, ...], findings: tuple[Finding, ...]) -> Snapshot:
        self.told += told
        self.findings += findings
        snapshot, _ = self.engine.step(now_ms, told, findings)
        self.snapshots.append(snapshot)
        return snapshot


def happening(now_ms: int, step_ms: int) -> Iterator[Told]:
    """What five venues tell at a moment: their last bar, open interest, the rate they predict and what they settled."""
    for venue, own in markets().items():
        bar = own.bars(ASSET, step_ms, now_ms - step_ms, now_ms - 1, now_ms)[0]
        prices = (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
        candle = Candle(venue, bar.open_ms, step_ms, *prices, volume_coins=bar.coins, volume_usd=bar.usd)
        yield Told(ASSET, candle)
        yield Told(ASSET, OpenInterest(venue, now_ms, own.open_interest(ASSET, now_ms), MINUTE_MS))
        hours = 1 if venue is Venue.HYPERLIQUID else 8
        rate, interval_ms = own.tape.rate_8h(ASSET, now_ms) * hours / 8.0, hours * HOUR_MS
        if now_ms % interval_ms == 0:
            yield Told(ASSET, Funding(venue, now_ms, rate, hours))
        next_ms = now_ms - now_ms % interval_ms + interval_ms
        yield Told(ASSET, Funding(venue, now_ms + 1, rate, hours, settled=False, next_at_ms=next_ms))


def watch(on: Watch, moments: Iterable[int], step_ms: int) -> Watch:
    for now_ms in moments:
        on.condenser.take(happening(now_ms, step_ms), now_ms + 1)
        on.step(now_ms + 1)
    return on


@cache
def watched_all_along(since_ms: int = NOW_MS - 40 * DAY_MS, until_ms: int = NOW_MS) -> Watch:
    """Each hour, in the last two days each five minutes."""
    fine_ms = until_ms - until_ms % HOUR_MS - 2 * DAY_MS
    first_ms = since_ms - since_ms % HOUR_MS + HOUR_MS
    on = watch(Watch.begin(), range(first_ms, fine_ms + 1, HOUR_MS), HOUR_MS)
    return watch(on, range(fine_ms + LIVE_MS, until_ms + 1, LIVE_MS), LIVE_MS)
