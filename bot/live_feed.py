"""The live market for the service: five exchanges asked and listened to, what they say condensed, judged and stored."""

from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import TextIO

from bot.progress import PastProgress
from bot.settings import Settings
from market.rules import Rules
from scheduler.clock import Clock
from scheduler.collect import Collector
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.live import LiveMarket, live_memory, want
from scheduler.streams import open_wires
from scheduler.timetable import timetable
from store.connection import Connection, StoreUnavailable
from store.health import LIVE
from store.snapshots import StoredFeed


class LiveFeed:
    """Brings the markets of the exchanges to the store: what is watched, with its past, and from then on each minute.

    `progress` is where the reading of the past is shown, a bar where that is a terminal. `clock` is another than the
    machine's for markets that are accelerated.
    """

    is_live = True

    def __init__(self, settings: Settings, progress: TextIO, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock if clock is not None else Clock()
        self._progress = PastProgress(progress)
        self._open = AsyncExitStack()
        self._market: LiveMarket | None = None
        self._status: StoredFeed | None = None

    async def begin(self, connection: Connection) -> None:
        """Go on with what the store remembers; no network, so that chats are answered at once. Raises StoreUnavailable."""
        memory = live_memory(connection, LIVE)
        await want(self._settings.assets, memory)
        async with AsyncExitStack() as opening:
            fetcher = await opening.enter_async_context(
                Fetcher(exchanges(), self._settings.rest_urls(), clock=self._clock)
            )
            wires = await opening.enter_async_context(
                open_wires(clock=self._clock, ws_urls=self._settings.ws_urls())
            )
            collector = Collector(exchanges(), fetcher, wires, self._clock)
            market = LiveMarket(
                collector, memory, Rules(), self._clock, source=LIVE, on_past=self._progress.say
            )
            await market.begin()
            self._open, self._market, self._status = opening.pop_all(), market, memory.cycle.feed

    async def run(self) -> None:
        """Bring the market that was begun until cancelled; then nothing of it is left open."""
        if self._market is None or self._status is None:
            raise RuntimeError("a feed is begun before it runs")
        try:
            async with self._open, timetable(self._clock) as times:
                await self._market.run(times)
        finally:
            self._progress.end()
            await _say_that_it_ends(self._status)


async def _say_that_it_ends(feed: StoredFeed) -> None:
    """No look is due any more; a store that is away finds out by the age of the last one, and a new leader says its own."""
    with suppress(StoreUnavailable):
        await feed.save(replace(await feed.status(), cycle_ms=None, lag_ms=None))
