"""What all streams of a process share: one client session, one gate for connects, one clock."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import aiohttp

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.exchange import Exchange, Stream
from scheduler.streams.backoff import Gate
from scheduler.streams.inlet import Inlet

CONNECT_S = 10.0
CLOSE_S = 2.0
LONGEST_FRAME_BYTES = 4 * 1024 * 1024
"""The largest known frame, an option chain in one piece, is below 1 MB."""


KeepFrame = Callable[[Stream, bytes, int], None]
"""Told of every frame: of which stream, as it came, and when (UTC ms). What it raises ends the listening."""


@dataclass(frozen=True, slots=True)
class Wires:
    """`ws_urls` overrides an exchange's own address by venue. `dice` throws a number in [0, 1) for each jitter.

    A connect has `connect_s` seconds; a frame longer than `longest_frame_bytes` ends its connection unread. `keep` is told
    of every frame (for recording).
    """

    session: aiohttp.ClientSession
    gate: Gate
    clock: Clock = field(default_factory=Clock)
    dice: Callable[[], float] = random.random
    ws_urls: Mapping[Venue, str] = field(default_factory=dict)
    connect_s: float = CONNECT_S
    longest_frame_bytes: int = LONGEST_FRAME_BYTES
    keep: KeepFrame | None = None

    def address(self, stream: Stream, exchange: Exchange) -> str:
        """Where a stream is found."""
        return self.ws_urls.get(stream.venue, exchange.ws_url).rstrip("/") + stream.path


def _without_redirects() -> aiohttp.TraceConfig:
    """A stream is where our settings say, or nowhere; the library would go wherever it is sent."""

    async def sent_elsewhere(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, _: aiohttp.TraceRequestRedirectParams
    ) -> None:
        raise aiohttp.ClientConnectionError("a redirect is not followed")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(sent_elsewhere)
    return trace


@asynccontextmanager
async def open_wires(
    *,
    clock: Clock | None = None,
    dice: Callable[[], float] = random.random,
    ws_urls: Mapping[Venue, str] | None = None,
    connect_s: float = CONNECT_S,
    longest_frame_bytes: int = LONGEST_FRAME_BYTES,
    keep: KeepFrame | None = None,
) -> AsyncIterator[Wires]:
    """Wires for the length of the block; cancel what listens on them before it ends."""
    clock = clock or Clock()
    # No limit of connections: a websocket keeps its own for hours, and the 101st would wait for ever.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        ws_response_class=cast("Any", Inlet),
        trace_configs=[_without_redirects()],
    ) as session:
        yield Wires(session, Gate(clock), clock, dice, ws_urls or {}, connect_s, longest_frame_bytes, keep)
