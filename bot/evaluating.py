"""The scheduler's part of the service: one process brings the market, on a connection that only lets who leads write."""

import asyncio
import logging

from bot.feed import Feed
from bot.leading import LOOK_EVERY_S, Leading, Standing
from store.connection import Connection, NotLeader, StoreUnavailable
from store.lease import TTL_MS, Lease, Tenure

SCHEDULER = "scheduler"
"""The name of the part, and of its lease."""

_log = logging.getLogger(__name__)


class Evaluation:
    """Brings a market while this process leads, and stands by else: what each leader before kept is where it goes on."""

    def __init__(self, connection: Connection, feed: Feed, holder: str, ttl_ms: int = TTL_MS) -> None:
        self.leading = Leading(Lease(connection, SCHEDULER, holder, ttl_ms), on_change=self._note)
        self._feed = feed
        self._settled = asyncio.Event()

    async def run(self) -> None:
        """Bring the market until cancelled."""
        await self.leading.run(self._bring)

    async def settled(self) -> None:
        """Wait until the market has been taken up here, or it is known that this process stands by or cannot know."""
        await self._settled.wait()

    def _note(self, standing: Standing) -> None:
        if standing is not Standing.LEADER:
            self._settled.set()

    async def _bring(self, tenure: Tenure) -> None:
        """Take up what the store remembers, and go on from there."""
        connection = self.leading.lease.connection.fenced(self.leading.lease.key, tenure.value)
        await self._begin(connection)
        self._settled.set()
        await self._feed.run()

    async def _begin(self, connection: Connection) -> None:
        """Begin as soon as the store lets it; that it does not is said once."""
        was_away = False
        while True:
            try:
                return await self._feed.begin(connection)
            except NotLeader:
                raise
            except StoreUnavailable as failure:
                if not was_away:
                    _log.warning("%s The market is begun when it is back.", failure)
                was_away = True
                self._settled.set()  # whoever asks meanwhile is told that the store is away
            await asyncio.sleep(LOOK_EVERY_S)
