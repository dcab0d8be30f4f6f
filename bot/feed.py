"""Where the service's market comes from; here: nowhere yet. Each feed tells the store, so that health is seen."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from market.observations import MINUTE_MS, Asset
from scheduler.clock import now_ms
from scheduler.timetable import timetable
from store.connection import Connection, StoreUnavailable
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots

CYCLE_MS = MINUTE_MS

_log = logging.getLogger(__name__)


class Feed(Protocol):
    """A market that is brought to the store; of one that `is_live` the venues are told, and what is watched may change."""

    is_live: bool

    async def begin(self) -> None:
        """Take up what the store remembers, before anybody is answered."""

    async def run(self) -> None:
        """Bring the market until cancelled."""


class NoFeed:
    """No market: evaluation runs and sees nothing, so every answer says INSUFFICIENT DATA."""

    is_live = False

    def __init__(self, connection: Connection, assets: Sequence[Asset]) -> None:
        self._snapshots, self._feed = StoredSnapshots(connection), StoredFeed(connection)
        self._assets = assets

    async def begin(self) -> None:
        """Watch the assets the operator named; what an earlier market left of them is not the present."""
        _log.warning(
            "no market is connected: all answers are INSUFFICIENT DATA. Try: seawall run --history FILE"
        )
        await self._snapshots.watch(())
        await self._snapshots.watch(self._assets)
        await self._look(now_ms())

    async def run(self) -> None:
        """Look every cycle, until cancelled."""
        async with timetable() as times:
            times.every(CYCLE_MS / 1_000, self._look, "look")
            await asyncio.Event().wait()

    async def _look(self, due_ms: int) -> None:
        await tell(self._feed, FeedStatus("none", now_ms(), CYCLE_MS))


MakeFeed = Callable[[Connection], Feed]


async def tell(feed: StoredFeed, status: FeedStatus) -> None:
    """Say how far evaluation has come; a store that is away is told the next time."""
    try:
        await feed.save(status)
    except StoreUnavailable as failure:
        _log.warning("%s", failure)
