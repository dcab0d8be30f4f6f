"""All that looks after a process of the service, opened and closed as one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.health.lookout import Lookout
from bot.health.loop import LoopWatch
from bot.health.nowhere import Nowhere
from bot.health.owners import Owners
from bot.health.parts import Parts
from bot.leading import Leading, Standing
from bot.messenger import Deliver
from bot.settings import Settings
from bot.tally import Tally
from store.connection import Connection


class Care:
    """Counts what a process does, knows its parts, and tells how it is: over HTTP, in the log, and its owners.

    `platforms` are those with a token, `leases` the names of what one process alone does.
    """

    def __init__(
        self, connection: Connection, settings: Settings, platforms: Sequence[str], leases: Sequence[str]
    ) -> None:
        self._connection, self._settings = connection, settings
        self.tally, self.parts, self.loop = Tally(), Parts(), LoopWatch()
        self.owners = Owners(connection, lambda: settings.operators, self.parts.speaks)
        self._platforms, self._leases = platforms, leases

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Look after the process for the length of the block. Raises Refusal where health cannot be told at its address."""
        async with self.loop.watching(), self._told():
            telling = asyncio.create_task(self.owners.run())
            try:
                yield
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        listen = self._settings.health_listen
        if listen is None:
            yield
            return
        from bot.health.server import HealthServer  # noqa: PLC0415, a process that tells nobody pays for none of it
        from bot.health.vitals import Process  # noqa: PLC0415

        process = Process(self._connection, self.parts, self.loop, self.tally, self._platforms, self._leases)
        async with HealthServer(listen, process).serving():
            yield

    def lookout(self, leading: Leading) -> Lookout:
        """What the leader of the market does beside it; nothing of it lands late either."""
        held: dict[str, Connection] = {}

        def led() -> Connection | None:
            tenure = leading.leader
            if leading.standing is not Standing.LEADER or tenure is None:
                return None
            if tenure.value not in held:
                held.clear()
                held[tenure.value] = self._connection.fenced(leading.lease.key, tenure.value)
            return held[tenure.value]

        return Lookout(self._connection, led, self.tally, self._settings.ping_url)


async def deliver_canaries(deliver: Deliver) -> None:
    """Deliver the watchdog's canaries until cancelled, by what delivers warnings."""
    await deliver(Nowhere())
