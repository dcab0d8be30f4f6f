"""One of several that want to lead, to be stopped and killed: `python -m tests.faults.lease_worker SOCKET NAME TTL_MS`.

While it leads it writes as the scheduler does, again and again, through the fence. Beside each write the server itself
notes, in its own order, under which tenure it was made and who had the lease at that moment.
"""

import asyncio
import logging
import random
import signal
import sys
from pathlib import Path

from bot.leading import Leading
from bot.processes import this_process
from store.codec import Kind
from store.connection import Connection, NotLeader, StoreUnavailable, connected
from store.history import History
from store.lease import Lease, Tenure
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots

NOW_MS = 1_700_000_000_000
LANDED, STALE, REFUSED = "v1:test:landed", "v1:test:stale", "v1:test:refused"
NAME = "scheduler"
LOOK_EVERY_S, GIVES_WAY_S = 0.02, 0.1
STATE = Kind("who kept it", 1, str)

_NOTE = """
local held = redis.call('GET', KEYS[2]) or 'free after ' .. redis.call('GET', KEYS[2] .. ':token')
redis.call('RPUSH', KEYS[1], ARGV[1] .. '|' .. held .. '|' .. ARGV[2])
local time = redis.call('TIME')
redis.call('RPUSH', KEYS[1] .. ':at', time[1] * 1000 + math.floor(time[2] / 1000))
"""
"""KEYS: where landed writes are noted, the lease. ARGV: the tenure that the writer believes in, the number of its step."""

_DOUBT = "if redis.call('GET', KEYS[2]) ~= ARGV[1] then redis.call('INCR', KEYS[1]) end"
"""Told without the fence just before a write: whether that one is stale already."""


class Poller:
    """Writes as the scheduler does, for one tenure."""

    def __init__(self, plain: Connection, lease: Lease, tenure: Tenure) -> None:
        self._plain, self._lease, self._tenure = plain, lease, tenure
        self._connection = plain.fenced(lease.key, tenure.value)
        self._history = History(self._connection, STATE)

    async def poll(self) -> None:
        """Go on from what the leader before has kept, until cancelled."""
        kept = await self._history.load("BTC")
        seq = kept.last_seq
        while True:
            try:
                await self._act(seq + 1)
                seq += 1
            except NotLeader:
                await self._count()
            except StoreUnavailable:
                await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.sleep(random.uniform(0.0, 0.01))

    async def _act(self, seq: int) -> None:
        async with self._plain.writing() as redis:
            await redis.eval(_DOUBT, 2, STALE, self._lease.key, self._tenure.value)
        await self._history.append("BTC", seq, NOW_MS + seq, ())
        async with self._connection.writing() as redis:
            await redis.register_script(_NOTE)([LANDED, self._lease.key], [self._tenure.value, seq])
        await StoredFeed(self._connection).save(FeedStatus(self._tenure.value, NOW_MS + seq))
        if seq % 20 == 0:
            await StoredSnapshots(self._connection).watch(("BTC",))
            await self._history.save_checkpoint("BTC", seq, self._tenure.value)

    async def _count(self) -> None:
        async with self._plain.writing() as redis:
            await redis.incr(REFUSED)


async def serve(socket: Path, name: str, ttl_ms: int) -> None:
    """Lead or stand by until cancelled; a name of "" is one by which others see that it is dead."""
    async with connected(socket) as connection:
        lease = Lease(connection, NAME, name or this_process(), ttl_ms)
        leading = Leading(lease, LOOK_EVERY_S, GIVES_WAY_S)
        await leading.run(lambda tenure: Poller(connection, lease, tenure).poll())


async def _until_told(socket: Path, name: str, ttl_ms: int) -> None:
    working = asyncio.ensure_future(serve(socket, name, ttl_ms))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    await asyncio.wait({working})


if __name__ == "__main__":
    logging.basicConfig(level="ERROR")
    asyncio.run(_until_told(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
