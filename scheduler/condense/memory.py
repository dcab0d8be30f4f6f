"""What condensing remembers of one asset: plain numbers throughout, so that a checkpoint of it is exact."""

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from market.findings import Finding
from market.observations import (
    Asset,
    Candle,
    Depth,
    DepthBand,
    Funding,
    ImpliedVolatility,
    Liquidations,
    OptionQuote,
    Skew,
    SpotVolume,
    Venue,
)

EXCHANGES = frozenset({Venue.BINANCE, Venue.OKX, Venue.BYBIT, Venue.HYPERLIQUID, Venue.DERIBIT})
"""Who speaks for itself; of whom else there is, a vendor or a recorded past, it is heard where none of these speaks."""

T = TypeVar("T")


def first_hand(said: dict[Venue, T]) -> dict[Venue, T]:
    """What exchanges said, or, where none did, what there is."""
    if EXCHANGES.issuperset(said):
        return said
    return {venue: one for venue, one in said.items() if venue in EXCHANGES} or said


@dataclass(slots=True)
class Order:
    """The newest stamp taken of one kind; `older_...` follow a run of stamps that lag behind it (a clock set back)."""

    newest_ms: int = 0
    older_ms: int = 0
    older_received_ms: int = 0
    older_run: int = 0


@dataclass(slots=True)
class Level:
    """The last value that passed the gate, as of our clock; `suspect` is one that waits for a second to agree."""

    value: float | None = None
    as_of_ms: int = 0
    suspect: float | None = None


@dataclass(slots=True)
class Stillness:
    """How often the same mark was told in a row, and the others' median when that began."""

    value: float = 0.0
    ticks: int = 0
    others_usd: float | None = None
    moved: float | None = None


@dataclass(slots=True)
class Rates:
    """One venue's funding: what it predicts, what others relay of it, and what it settled over the last hours."""

    predicted: Funding | None = None
    predicted_as_of_ms: int = 0
    relayed: Funding | None = None
    relayed_as_of_ms: int = 0
    settled: deque[Funding] = field(default_factory=deque)


@dataclass(slots=True)
class Minute:
    """Liquidations of one venue in one minute; `seen` counts equal ones, `busy` are the seconds with any."""

    long_coins: float = 0.0
    short_coins: float = 0.0
    long_usd: float = 0.0
    short_usd: float = 0.0
    is_sample: bool = False
    seen: dict[str, int] = field(default_factory=dict)
    busy: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Forced:
    """One venue's liquidations by the end of their minute, and which minutes its channel was proven alive in.

    `hour` are the last hour's closed minutes with any: end, long and short US dollars, busy seconds; each bit of `heard` is
    a minute that was heard, the lowest the one that ended at `heard_to_ms`. `is_sample` is of the last minute with any.
    `events_ms` are the moments of single ones of a feed that is whole (scheduler/condense/events.py).
    """

    minutes: dict[int, Minute] = field(default_factory=dict)
    proven: list[int] = field(default_factory=list)
    alive_from_ms: int = 0
    alive_to_ms: int = 0
    hour: list[tuple[int, float, float, int]] = field(default_factory=list)
    heard: int = 0
    heard_to_ms: int = 0
    is_sample: bool = False
    events_ms: deque[int] = field(default_factory=deque)


@dataclass(slots=True)
class Chains:
    """One venue's option chains: the newest, and two older ones half an hour apart to tell stale quotes by."""

    newest: tuple[OptionQuote, ...] = ()
    as_of_ms: int = 0
    between: tuple[OptionQuote, ...] = ()
    earlier: tuple[OptionQuote, ...] = ()


@dataclass(slots=True)
class VenueMemory:
    """Everything remembered of one venue. `lags_ms` are how old its last marks were when they came.

    `is_doubted`: its last mark was not believed, so that it speaks, but not of this market now.
    """

    orders: dict[str, Order] = field(default_factory=dict)
    lags_ms: deque[int] = field(default_factory=deque)
    is_doubted: bool = False
    mark: Level = field(default_factory=Level)
    index_usd: float | None = None
    stillness: Stillness = field(default_factory=Stillness)
    marks: dict[int, float] = field(default_factory=dict)
    close: Level = field(default_factory=Level)
    close_at_ms: int = 0
    candles: dict[int, Candle] = field(default_factory=dict)
    candle_step_ms: int = 0
    interest: Level = field(default_factory=Level)
    interest_cadence_ms: int = 0
    is_rebased: bool = False
    rate: Level = field(default_factory=Level)
    rates: Rates = field(default_factory=Rates)
    forced: Forced = field(default_factory=Forced)
    chains: Chains = field(default_factory=Chains)
    depth: Level = field(default_factory=Level)
    book: DepthBand | None = None


@dataclass(slots=True)
class CondenserState:
    """All that a condenser remembers; a checkpoint of it restarts the condenser exactly.

    `interest_coins` is the chain-linked sum and `linked` what each venue in it last weighed; `funding_8h` and `rated` are
    the same for funding. `stepped_ms` is the last step, those `..._at_ms` are what was last handed on. `presumed` is what venues weigh in coins whose own
    first word is still to come, `buckets`, `skews` and `depths` are sums and points of a recorded past by the time of their end.
    """

    asset: Asset
    stepped_ms: int = 0
    venues: dict[Venue, VenueMemory] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    price_venue: Venue | None = None
    price_at_ms: int = 0
    interest_first_ms: int | None = None
    interest_coins: float | None = None
    interest_at_ms: int = 0
    linked: dict[Venue, float] = field(default_factory=dict)
    presumed: dict[Venue, float] = field(default_factory=dict)
    funding_8h: float | None = None
    funding_at_ms: int = 0
    rated: dict[Venue, float] = field(default_factory=dict)
    settled_at_ms: int = 0
    forced_at_ms: int = 0
    forced_told_ms: int = 0
    buckets: dict[int, Liquidations] = field(default_factory=dict)
    heard_at_ms: dict[Venue, int] = field(default_factory=dict)
    skew_at_ms: int = 0
    skews: dict[int, Skew] = field(default_factory=dict)
    implied: ImpliedVolatility | None = None
    implied_at_ms: int = 0
    depth_at_ms: int = 0
    depths: dict[int, Depth] = field(default_factory=dict)
    spot_at_ms: dict[Venue, int] = field(default_factory=dict)
    spots: list[SpotVolume] = field(default_factory=list)
