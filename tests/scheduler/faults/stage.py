"""All of the scheduler against the simulated exchanges: asked, listened to, condensed and judged, second by second.

Market time stands still until `passes` lets it go on, so that a test of an hour takes seconds and none waits.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

from msgspec.structs import replace

from market.alerts import Alert, Kind
from market.findings import Finding, Found
from market.observations import (
    HOUR_MS,
    SECOND_MS,
    Asset,
    Funding,
    Liquidations,
    Observation,
    OpenInterest,
    Venue,
)
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.collect import Collector
from scheduler.engine import Engine, EngineState
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.simulator.leaps import LeapingClock
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import TROUBLES, SimulatedExchanges, Trouble, serve
from scheduler.streams import open_wires
from store.services import SourceReport

QUIET_MS = START_MS + 20 * HOUR_MS
"""Late on the first day: open interest is high, the fall is still to come."""
FALLING_MS = START_MS + 29 * HOUR_MS
POLLS_AT_S, LOOKS_AT_S = 2, 10
"""Of each minute, as the service does."""
CONNECTS_S = 0.01
"""Of this machine, for each leap without all streams: connecting takes real sockets a moment, however fast time leaps."""
USUAL_DEADLINE_S, DEADLINE_S = 5.0, 0.4
"""A question's, of this machine; the short one for venues that stall: nobody wants to wait for them in a test."""

WARNINGS = (Kind.CASCADE, Kind.REGIME)
"""Of the market as a whole; those of one metric come and go with it."""


@cache
def market_of(seed: int, assets: tuple[Asset, ...]) -> SimulatedMarket:
    return SimulatedMarket(seed, "sell_off", assets, past_days=40)


@dataclass(slots=True)
class Stage:
    """`looks` are the snapshots of each look, `alerts` what was warned of, `found` all that was noticed, oldest first."""

    time: LeapingClock
    venues: SimulatedExchanges
    fetcher: Fetcher
    collector: Collector
    engines: dict[Asset, Engine]
    looks: dict[Asset, list[Snapshot]]
    alerts: list[Alert] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    @property
    def now_ms(self) -> int:
        return self.time.now_ms()

    def trouble(self, venues: Venue | Iterable[Venue], what: str | Trouble) -> None:
        """Let a trouble, named or made, come over one venue or several."""
        trouble = TROUBLES[what] if isinstance(what, str) else what
        for venue in [venues] if isinstance(venues, Venue) else venues:
            self.venues.faults.set(venue, trouble)

    def well(self, *venues: Venue) -> None:
        """End all troubles of these venues, or of all."""
        for venue in venues or tuple(Venue(name) for name in self.venues.rest_urls):
            self.venues.faults.clear(venue)

    async def passes(self, seconds: float, leap_s: int = 1) -> None:
        """Let so much time pass: streams speak at each leap, venues are polled and assets looked at each minute."""
        until_ms = self.now_ms + round(seconds * SECOND_MS)
        while self.now_ms < until_ms:
            before_s = self.now_ms // SECOND_MS
            self.time.leap_to(min(until_ms, self.now_ms + leap_s * SECOND_MS))
            await self.venues.tell()
            if self.venues.open_lines < len(self.collector.venues):
                await asyncio.sleep(CONNECTS_S)
            passed = {second % 60 for second in range(before_s + 1, self.now_ms // SECOND_MS + 1)}
            if POLLS_AT_S in passed:
                await asyncio.gather(*(self.collector.poll(venue) for venue in self.collector.venues))
            if LOOKS_AT_S in passed:
                for asset in self.engines:
                    self.look(asset)

    def look(self, asset: Asset) -> Snapshot:
        """One cycle of one asset."""
        observations, findings = self.collector.step(asset, self.now_ms)
        snapshot, alerts = self.engines[asset].step(self.now_ms, observations, findings)
        self.looks[asset].append(snapshot)
        self.alerts += [one for one in alerts if one.kind in WARNINGS]
        self.found += findings
        return snapshot

    def latest(self, asset: Asset = "BTC") -> Snapshot:
        return self.looks[asset][-1]

    def report(self, venue: Venue) -> SourceReport:
        return next(one for one in self.collector.reports() if one.venue is venue)

    def noticed(self, name: Found, venue: Venue | None = None) -> list[Finding]:
        return [one for one in self.found if one.found is name and venue in (None, one.venue)]

    def forget(self) -> None:
        """Begin the notes anew."""
        self.alerts.clear()
        self.found.clear()


@asynccontextmanager
async def stage(
    at_ms: int = QUIET_MS,
    assets: tuple[Asset, ...] = ("BTC",),
    *,
    seed: int = 7,
    settled_s: float = 190.0,
    deadline_s: float = USUAL_DEADLINE_S,
) -> AsyncIterator[Stage]:
    """A stage whose engines know the past; it has run for a few minutes, so that all venues are heard and condensed."""
    market = market_of(seed, assets)
    time = LeapingClock(at_ms)
    async with (
        serve(market, time.clock) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=time.unhurried, deadline_s=deadline_s) as fetcher,
        open_wires(clock=time.clock, ws_urls=venues.ws_urls, dice=lambda: 0.5, connect_s=deadline_s) as wires,
    ):
        collector = Collector(exchanges(), fetcher, wires, time.clock)
        await collector.learn()
        for asset in assets:
            collector.begin(asset)
        engines = {
            asset: Engine(asset, Rules(), "simulated", deepcopy(state))
            for asset, state in _taught(seed, assets, at_ms).items()
        }
        listens = asyncio.create_task(collector.listen())
        try:
            at = Stage(time, venues, fetcher, collector, engines, {asset: [] for asset in assets})
            await at.passes(settled_s)
            at.forget()
            yield at
        finally:
            venues.faults.clear_all()
            listens.cancel()
            with suppress(asyncio.CancelledError):
                await listens


def _of_all(said: Observation) -> Observation:
    """An observation of the simulated market as one of all its venues: what the condenser goes on from."""
    is_sum = isinstance(said, OpenInterest | Liquidations | Funding)
    return replace(said, venue=Venue.AGGREGATE) if is_sum else said


@cache
def _taught(seed: int, assets: tuple[Asset, ...], until_ms: int) -> dict[Asset, EngineState]:
    """What engines remember that have seen the market up to then."""
    market, engines = (
        market_of(seed, assets),
        {asset: Engine(asset, Rules(), "simulated") for asset in assets},
    )
    for steps in (market.past(), market.days()):
        for at_ms, asset, said in steps:
            if at_ms <= until_ms:
                engines[asset].step(at_ms, [_of_all(one) for one in said])
    return {asset: engine.state for asset, engine in engines.items()}
