"""How many requests Discord refused lately: far below what it bans a bot for, nothing more is sent.

Discord counts answers of 401, 403 and 429 (those of a limit that others share apart) and bans above 10,000 in ten minutes
(developer documentation, Invalid Request Limit). Who gets near that is in a loop.
"""

from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
import discord
import structlog

MOST_REFUSED = 500
WITHIN_S = 600.0
REFUSED = frozenset({401, 403, 429})
SHARED = "shared"

log = structlog.stdlib.get_logger(__name__)


class Resting(discord.DiscordException):
    """Nothing is sent to Discord for `wait_s` seconds; this request was not."""

    def __init__(self, wait_s: float, why: str) -> None:
        super().__init__(f"{why}: nothing is sent for {wait_s:.0f} s")
        self.wait_s, self.why = wait_s, why


class Breaker:
    """Counts refused requests; `monotonic_s` gives seconds for durations."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._refused_s: deque[float] = deque(maxlen=MOST_REFUSED)
        self._is_open = False

    @property
    def wait_s(self) -> float:
        """How long nothing may be sent, 0 where all is well."""
        if len(self._refused_s) < MOST_REFUSED:
            return 0.0
        return max(0.0, self._refused_s[0] + WITHIN_S - self._monotonic_s())

    def note(self, status: int, scope: str = "") -> None:
        """One answer of Discord, and whose limit a 429 says it is."""
        if status not in REFUSED or scope == SHARED:
            return
        self._refused_s.append(self._monotonic_s())
        if self.wait_s > 0.0 and not self._is_open:
            self._is_open = True
            log.error(
                "Discord refused too much: nothing is sent", refused=MOST_REFUSED, wait_s=round(self.wait_s)
            )

    def insist(self) -> None:
        """Raises Resting where nothing may be sent."""
        wait_s = self.wait_s
        if wait_s > 0.0:
            raise Resting(wait_s, f"{MOST_REFUSED} requests were refused within {WITHIN_S / 60:.0f} minutes")
        if self._is_open:
            self._is_open = False
            log.warning("requests to Discord go on")

    def listening(self) -> aiohttp.TraceConfig:
        """What tells this breaker of every answer the library gets, those it deals with itself as well."""

        async def ended(
            _session: aiohttp.ClientSession, _context: SimpleNamespace, told: aiohttp.TraceRequestEndParams
        ) -> None:
            self.note(told.response.status, told.response.headers.get("X-RateLimit-Scope", ""))

        async def sent_elsewhere(
            _session: aiohttp.ClientSession, _context: SimpleNamespace, _: aiohttp.TraceRequestRedirectParams
        ) -> None:
            raise aiohttp.ClientConnectionError("a redirect is not followed: the token would go with it")

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(ended)
        trace.on_request_redirect.append(sent_elsewhere)
        return trace
