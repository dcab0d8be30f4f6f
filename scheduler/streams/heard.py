"""What listening hands on: reports, and in words of the same kind what is not or was not heard."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from market.observations import Venue
from scheduler.exchange import Channel, Report


@dataclass(frozen=True, slots=True)
class Gap:
    """A channel was not heard between two moments of our clock and is heard again: for REST to fill, or to be marked."""

    venue: Venue
    channel: Channel
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Stall:
    """A channel has been silent, or without proof of life, for too long; said once until it is heard again."""

    venue: Venue
    channel: Channel
    since_ms: int


Heard = Report | Gap | Stall
"""What a listener is handed."""

Hear = Callable[[tuple[Heard, ...]], Awaitable[None]]
"""Takes what was heard, one call at a time and in order: of one frame, or of several that came together. While it works
nothing more is read from the socket."""


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One channel now. `last_data_ms` is its own last report, `proven_ms` its last proof of life (both None: never)."""

    channel: Channel
    last_data_ms: int | None
    proven_ms: int | None
    is_stalled: bool


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream now, for /status. `connected_since_ms` is None while it is not; `trouble` is why it last ended."""

    venue: Venue
    path: str
    connected_since_ms: int | None
    reconnects: int
    misreads: int
    trouble: str | None
    last_misread: str | None
    channels: tuple[ChannelStatus, ...]
