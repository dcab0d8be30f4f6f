"""The production side: the live market with everything real below it, and a notebook beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field

from market.alerts import Alert
from market.observations import Asset
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.condense import CondenserState
from scheduler.engine import EngineState
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live import LiveMarket, live_memory, want
from scheduler.streams import open_wires
from scheduler.timetable import timetable
from store.connection import connected
from store.server import ephemeral_valkey
from tests.doubles.waiting import until
from tests.soak.venues import Venues

DEADLINE_S = 0.6
"""A question's, of this machine: two minutes of the market."""
CONNECT_S = 0.5
TAKEN_UP_WITHIN_S = 120.0
SETTLED_LOOKS = 8

Begun = dict[Asset, tuple[CondenserState, EngineState]]


@dataclass(slots=True)
class Notebook:
    """Each alert; of each look the moment and the state, and how late it was; what was known of each asset at first."""

    alerts: list[Alert] = field(default_factory=list)
    states: dict[Asset, list[tuple[int, State]]] = field(default_factory=dict)
    late_ms: list[int] = field(default_factory=list)
    begun: Begun = field(default_factory=dict)


class NotedMarket(LiveMarket):
    """The live market, each look of which is noted as well."""

    notebook: Notebook

    async def look(self, asset: Asset, due_ms: int) -> tuple[Snapshot, tuple[Alert, ...]]:
        snapshot, alerts = await super().look(asset, due_ms)
        self.notebook.alerts += alerts
        self.notebook.states.setdefault(asset, []).append((snapshot.at_ms, snapshot.regime.state))
        self.notebook.late_ms.append(max(0, self.clock.now_ms() - due_ms))
        if len(self.notebook.states[asset]) == SETTLED_LOOKS:
            watched = self._looks[asset]._watched
            assert watched is not None
            condenser = self.collector.condenser(asset)
            self.notebook.begun[asset] = (deepcopy(condenser.state), deepcopy(watched.engine.state))
        return snapshot, alerts


@asynccontextmanager
async def production(venues: Venues, clock: Clock, assets: tuple[Asset, ...]) -> AsyncIterator[NotedMarket]:
    """A live market of these assets that serves, once all of them are taken up."""
    async with (
        ephemeral_valkey() as socket,
        connected(socket) as connection,
        Fetcher(exchanges(), venues.rest_urls, clock=clock, deadline_s=DEADLINE_S) as fetcher,
        open_wires(clock=clock, ws_urls=venues.ws_urls, connect_s=CONNECT_S) as wires,
        timetable(clock) as times,
    ):
        memory = live_memory(connection, "simulated")
        await want(assets, memory)
        collector = Collector(exchanges(), fetcher, wires, clock)
        market = NotedMarket(collector, memory, Rules(), clock, source="simulated")
        market.notebook = Notebook()
        await market.begin()
        serving = asyncio.create_task(market.run(times), name="live market")
        try:
            await until(lambda: _is_taken_up(market, assets) or serving.done(), TAKEN_UP_WITHIN_S)
            yield market
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


def _is_taken_up(market: NotedMarket, assets: tuple[Asset, ...]) -> bool:
    """All are live and have been looked at a few times since, so that venues are heard and their first sums made."""
    return market.notebook.begun.keys() >= set(assets) and all(market.is_live(asset) for asset in assets)
