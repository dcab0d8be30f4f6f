"""What the leader does beside the market, each few seconds: a canary a minute, whether the market is seen, the outside ping."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.health.sight import Looker
from bot.tally import Tally
from scheduler.clock import now_ms
from store.connection import Connection, StoreUnavailable
from store.watchdog import Watchdog

if TYPE_CHECKING:
    from bot.health.ping import DeadManSwitch

LOOK_EVERY_S = 5.0

GetLed = Callable[[], Connection | None]

_log = logging.getLogger(__name__)


class Lookout:
    """Looks after the service for as long as it runs; `led` gives the connection of who leads, None where another one does."""

    def __init__(self, connection: Connection, led: GetLed, tally: Tally, ping_url: SecretStr | None) -> None:
        self._led = led
        self._held: Connection | None = None
        self._looker, self._watchdog = Looker(connection, now_ms()), Watchdog(connection)
        self._switch = None if ping_url is None else _switch(ping_url, connection, tally)

    async def run(self, look_every_s: float = LOOK_EVERY_S) -> None:
        """Look until cancelled; a slip of ours is logged and costs nobody the market."""
        while True:
            try:
                await self.look()
            except StoreUnavailable:
                pass  # whoever evaluates says so
            except Exception:  # noqa: BLE001, see above
                _log.exception("a slip of ours in looking after the service")
            await asyncio.sleep(look_every_s)

    async def look(self) -> None:
        """Do once what is due. Raises StoreUnavailable."""
        connection = self._led()
        if connection is None:
            self._held = None
            return
        if connection is not self._held:
            self._held = connection
            self._looker, self._watchdog = Looker(connection, now_ms()), Watchdog(connection)
        await self._looker.look()
        await self._watchdog.announce(now_ms())
        if self._switch is not None:
            await self._switch.look()


def _switch(url: SecretStr, connection: Connection, tally: Tally) -> "DeadManSwitch":
    """Imported where an address is set: it brings a library of its own."""
    from bot.health.ping import DeadManSwitch  # noqa: PLC0415

    return DeadManSwitch(url, connection, tally)
