"""The outside dead-man switch: an address that is asked after each full cycle, so that somebody elsewhere notices silence.

It is asked only when a look at the market was taken and a canary has come through since the last time, never otherwise. The
address is a secret: whoever knows it can say that all is well.
"""

import logging

import aiohttp
from pydantic import SecretStr

from bot.tally import Tally
from scheduler.clock import now_ms
from store.connection import Connection
from store.health import is_healthy
from store.snapshots import StoredFeed
from store.watchdog import Watchdog

WITHIN_S = 10.0
PINGED, FAILED = "pinged", "failed"
WELL = range(200, 300)

_log = logging.getLogger(__name__)


class DeadManSwitch:
    """Asks the address once for each full cycle. Where it leads is checked at every look-up (bot/addresses.py)."""

    def __init__(self, url: SecretStr, connection: Connection, tally: Tally) -> None:
        self._url, self._connection, self._tally = url, connection, tally
        self._evaluated_ms, self._canary_ms = -1, -1
        self._has_failed = False

    async def look(self) -> None:
        """Ask where a full cycle has passed since the last time. Raises StoreUnavailable."""
        if await self._is_due():
            await self._ping()

    async def _is_due(self) -> bool:
        """Whether both have moved on since the last time, and evaluation is well; at first it is only seen where they stand."""
        evaluated_ms = (await StoredFeed(self._connection).status()).last_evaluation_ms or 0
        canary_ms = (await Watchdog(self._connection).stands()).came_ms
        if self._evaluated_ms < 0:
            self._evaluated_ms, self._canary_ms = evaluated_ms, canary_ms
            return False
        if evaluated_ms <= self._evaluated_ms or canary_ms <= self._canary_ms:
            return False
        if not (await is_healthy(self._connection, now_ms())).ok:
            return False
        self._evaluated_ms, self._canary_ms = evaluated_ms, canary_ms
        return True

    async def _ping(self) -> None:
        """Ask once, follow nowhere, read nothing; what goes wrong is said without the address."""
        why = await self._asked()
        self._tally.pings[FAILED if why else PINGED] += 1
        if why and not self._has_failed:
            _log.warning("the ping to SEAWALL_PING_URL failed (%s); it is tried again each minute", why)
        elif self._has_failed and not why:
            _log.info("the ping to SEAWALL_PING_URL arrives again")
        self._has_failed = bool(why)

    async def _asked(self) -> str:
        """Why the ping did not arrive, "" where it did."""
        connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver(), use_dns_cache=False)
        limit = aiohttp.ClientTimeout(total=WITHIN_S)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=limit) as session,
                session.get(self._url.get_secret_value(), allow_redirects=False) as answer,
            ):
                return "" if answer.status in WELL else f"status {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__
