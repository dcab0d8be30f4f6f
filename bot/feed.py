"""What brings the service its market: the exchanges (bot/live_feed.py) or recorded files (bot/history_feed.py)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from store.connection import Connection, NotLeader, StoreUnavailable
from store.services import FeedStatus
from store.snapshots import StoredFeed

_log = logging.getLogger(__name__)


class Feed(Protocol):
    """A market that is brought to the store; of one that `is_live` the venues are told, and what is watched may change."""

    is_live: bool

    async def begin(self, connection: Connection) -> None:
        """Take up what the store remembers, before anybody is answered; once more each time this process leads again."""

    async def run(self) -> None:
        """Bring the market until cancelled."""


class FedElsewhere:
    """A live market that another process brings to the same store."""

    is_live = True

    async def begin(self, connection: Connection) -> None:
        """There is nothing to take up."""

    async def run(self) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()


MakeFeed = Callable[[], Feed]


async def tell(feed: StoredFeed, status: FeedStatus) -> None:
    """Say how far evaluation has come; a store that is away is told the next time. Raises NotLeader."""
    try:
        await feed.save(status)
    except NotLeader:
        raise
    except StoreUnavailable as failure:
        _log.warning("%s", failure)
