"""The fault switch: what a simulated venue does wrong, and for how long it does it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from market.observations import Venue


class Fault(StrEnum):
    """What can go wrong.

    STATUS answers with an HTTP status (streams end with close code 1013), STALL neither answers nor speaks while
    connections stay open, DROP cuts connections without a word, GARBLE sends half of each payload.
    """

    STATUS = "status"
    STALL = "stall"
    DROP = "drop"
    GARBLE = "garble"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of a venue; `status`, `headers` and `body` are what STATUS answers with."""

    fault: Fault
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Switch:
    """Which venues are in trouble now; it takes effect at once, on open connections at their next tick."""

    def __init__(self) -> None:
        self._now: dict[Venue, Trouble] = {}
        self._cleared: dict[Venue, asyncio.Event] = {}

    def set(self, venue: Venue, trouble: Trouble) -> None:
        """Begin a fault; it takes the place of the one before."""
        self.clear(venue)
        self._now[venue] = trouble
        self._cleared[venue] = asyncio.Event()

    def clear(self, venue: Venue) -> None:
        """End the venue's fault; what was stalled goes on."""
        self._now.pop(venue, None)
        event = self._cleared.pop(venue, None)
        if event is not None:
            event.set()

    def fault(self, venue: Venue) -> Fault | None:
        """What a venue does wrong now."""
        found = self._now.get(venue)
        return None if found is None else found.fault

    async def troubled(self, venue: Venue, request: web.Request) -> web.Response | None:
        """What the venue's trouble answers to a question, None where it lets it through; it may take as long as it lasts."""
        while self.fault(venue) is Fault.STALL:
            await self._cleared[venue].wait()
        found = self._now.get(venue)
        if found is None or found.fault is Fault.GARBLE:
            return None
        if found.fault is Fault.DROP:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.Response(status=found.status, headers=dict(found.headers), body=found.body)

    def garbled(self, venue: Venue, payload: bytes) -> bytes:
        """A payload as the venue sends it now: half of it while it garbles."""
        return payload[: len(payload) // 2] if self.fault(venue) is Fault.GARBLE else payload
