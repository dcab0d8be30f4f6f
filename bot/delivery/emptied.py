"""Noticing that a store was emptied by somebody: chats and plans are gone then, and only a backup brings them back.

Nothing that stood before is told as new: whom to tell is gone as well, and the market is taken up as at a first start,
without its old warnings. So all there is to do is to say it, and loudly.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from store import keys
from store.connection import Connection, StoreUnavailable, UnsafeStore

LOOK_EVERY_S = 5.0
EMPTIED = (
    "the store was emptied (FLUSHALL, or another server in its place): chats, subscriptions and plans are gone."
    " Bring them back with `seawall restore FILE`"
)

log = structlog.stdlib.get_logger(__name__)


async def notice_emptied(
    connection: Connection, put_back: Callable[[], Awaitable[None]], look_every_s: float = LOOK_EVERY_S
) -> None:
    """Look until cancelled whether what every start writes down is still there; `put_back` writes it once more."""
    was_there = False
    while True:
        try:
            async with connection.reading() as redis:
                is_there = bool(await redis.exists(keys.SCHEMAS))
            if was_there and not is_there:
                log.error(EMPTIED)
            if not is_there:
                await put_back()
            was_there = True
        except UnsafeStore as failure:
            log.warning("%s", failure)
        except StoreUnavailable as failure:
            log.debug("whether the store was emptied is not known", why=str(failure))
        await asyncio.sleep(look_every_s)
