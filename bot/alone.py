"""What one process of many does alone: it asks for the lease of that name, and does it while it leads.

Which process fetches a bot's updates, keeps Discord's gateway open or matches warnings is settled by these names.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.leading import Leading
from bot.processes import this_process
from store.connection import Connection, StoreUnavailable
from store.lease import TTL_MS, Lease, Tenure

StillLeads = Callable[[], Awaitable[bool]]
"""Asks the store whether nobody else has taken over; one that is away lets nobody take over."""


class Alone:
    """The leases of one process; `holder` is its name, `ttl_ms` how long a leader that says nothing keeps its lease."""

    def __init__(self, connection: Connection, holder: str | None = None, ttl_ms: int = TTL_MS) -> None:
        self._connection, self._ttl_ms = connection, ttl_ms
        self._holder = holder if holder is not None else this_process()
        self._led: dict[str, Leading] = {}

    def led(self, name: str) -> Leading | None:
        """How this process stands to the lease whose name begins so, None where it never asked for one."""
        return next((one for known, one in self._led.items() if known.startswith(name)), None)

    async def do(self, name: str, work: Callable[[StillLeads], Coroutine[Any, Any, None]]) -> None:
        """Do something whenever this process leads, until it ends by itself. It is cancelled where another one leads."""

        async def led(tenure: Tenure) -> None:
            await work(lambda: self._is_kept(leading.lease, tenure))

        leading = self._leading(name)
        await leading.run(led)

    async def do_fenced(self, name: str, work: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
        """As `do`, on a connection through which nothing is written late."""

        async def led(tenure: Tenure) -> None:
            await work(self._connection.fenced(leading.lease.key, tenure.value))

        leading = self._leading(name)
        await leading.run(led)

    def _leading(self, name: str) -> Leading:
        leading = self._led[name] = Leading(Lease(self._connection, name, self._holder, self._ttl_ms))
        return leading

    async def _is_kept(self, lease: Lease, tenure: Tenure) -> bool:
        try:
            return await lease.renew(tenure)
        except StoreUnavailable:
            return True
