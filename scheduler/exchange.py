"""What an exchange file offers: questions (REST), streams (websocket) and how their answers are read.

Everything in such a file is pure: it says what to ask and understands what came back. Fetching, listening, budgets,
deadlines and retries are `scheduler/fetch.py` and `scheduler/streams.py`; nothing there knows an exchange by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from msgspec import Struct

from market.margin import Tiers
from market.observations import (
    MINUTE_MS,
    Asset,
    DepthBand,
    Heartbeat,
    Liquidation,
    Mark,
    Observation,
    OptionQuote,
    Venue,
)

T_co = TypeVar("T_co", covariant=True)

BAR_MS = MINUTE_MS
"""The step of the candles asked for each cycle: a price is as fresh as the last bar that closed."""

BARS_A_POLL = 31
"""So many of them, the last one open: half an hour of absence is made up for by the next poll."""

LIVE_STEP_MS = 5 * MINUTE_MS
"""The step in which a recent past is asked for (no venue tells open interest finer); a cold start's far past is hourly."""

BOOKS_EVERY_S = 300.0
"""How often books are asked for: they weigh more than all else, and a size is not fitted to the minute."""

SPOT_EVERY_S = 3_600.0
"""How often spot volume is asked for, in hours: it is compared with a month of days."""

SPOT_BARS_A_POLL = 49
"""So many hours of it, the last one open: two days of absence are made up for by the next poll."""

LONGEST_FIELD = 200
"""Letters of what a Misread tells of an answer."""


class Misread(Exception):
    """An answer is not what the venue documents. `field` names what was wrong; nothing of it has been used.

    `kind` is a Kind's value, or another word where it is of none: "frame" for a refused subscription, so that the silence
    of what was not subscribed is not taken for calm.
    """

    def __init__(self, venue: Venue, kind: str, field: str) -> None:
        field = field[:LONGEST_FIELD]  # a venue may say anything, also where a number should be
        super().__init__(f"{venue} {kind}: {field}")
        self.venue, self.kind, self.field = venue, kind, field


def funding_cap(rate: float, highest: float | None, lowest: float | None) -> float | None:
    """How large a rate on the side of this one may be, above 0, of the bounds a venue tells; None where it tells none."""
    bound = highest if rate >= 0.0 else lowest
    return abs(bound) if bound else None


@dataclass(frozen=True, slots=True)
class Instrument:
    """One perpetual as its venue lists it.

    `coins_per_contract` for contracts counted in coins, `usd_per_contract` for inverse ones (the other is None).
    `funding_interval_hours` is None where the venue tells it elsewhere. `quoted_coins` is how many of the asset's coins the
    venue's price and base quantity are of: 0.001 where PEPE is quoted singly and the asset is 1000PEPE. Readers have
    divided prices and multiplied quantities by it before an observation exists; `coins_per_contract` contains it.
    `highest_funding` and `lowest_funding` bound a rate per interval, where the listing says so.
    `spot_symbol` is what the venue calls the same coin's spot market, None where it has none that is asked for.
    """

    venue: Venue
    symbol: str
    asset: Asset
    coins_per_contract: float | None
    usd_per_contract: float | None = None
    funding_interval_hours: float | None = None
    tick_usd: float | None = None
    highest_leverage: float | None = None
    quoted_coins: float = 1.0
    spot_symbol: str | None = None
    highest_funding: float | None = None
    lowest_funding: float | None = None

    def cap_of(self, rate: float) -> float | None:
        """The largest rate on the side of this one, above 0; None where the listing does not say."""
        return funding_cap(rate, self.highest_funding, self.lowest_funding)

    def coins(self, contracts: float, price_usd: float) -> float:
        """A number of contracts in coins at a price."""
        if self.coins_per_contract is not None:
            return contracts * self.coins_per_contract
        return contracts * (self.usd_per_contract or 0.0) / price_usd

    def usd(self, contracts: float, price_usd: float) -> float:
        """A number of contracts in US dollars; an inverse contract's value is never multiplied by the price."""
        if self.usd_per_contract is not None:
            return contracts * self.usd_per_contract
        return contracts * (self.coins_per_contract or 0.0) * price_usd


Instruments = Mapping[str, Instrument]
"""By the venue's own symbol."""

NONE: Instruments = MappingProxyType({})
"""No instrument is known yet."""


def completed(one: Instrument, known: Instrument | None) -> Instrument:
    """A contract as it is told now, with what is asked apart (its interval and caps, its spot market) as it was known."""
    if known is None:
        return one
    spot = known.spot_symbol if one.spot_symbol is None else one.spot_symbol
    if one.funding_interval_hours is not None:
        return replace(one, spot_symbol=spot)
    return replace(
        one,
        funding_interval_hours=known.funding_interval_hours,
        highest_funding=known.highest_funding,
        lowest_funding=known.lowest_funding,
        spot_symbol=spot,
    )


class Told(Struct, frozen=True, gc=False):
    """An observation with the asset it is of; values that carry their asset themselves are told as they are.

    `relayed_by` is the venue that passed on what another one said: of use while that one is silent to us, not beside it.
    Sums of liquidations and of books and a skew are no exchange's words: recorded and simulated pasts have them ready made.
    """

    asset: Asset
    said: Observation
    relayed_by: Venue | None = None


Report = Told | Mark | Liquidation | DepthBand | OptionQuote | Heartbeat
"""What a payload is understood as."""


class Kind(StrEnum):
    """What is asked for or listened to."""

    CANDLES = "candles"
    MARK = "mark"
    FUNDING = "funding"
    FUNDING_HISTORY = "funding_history"
    OPEN_INTEREST = "open_interest"
    OPEN_INTEREST_HISTORY = "open_interest_history"
    LIQUIDATIONS = "liquidations"
    DEPTH = "depth"
    SPOT = "spot"
    INSTRUMENTS = "instruments"
    FUNDING_INTERVALS = "funding_intervals"
    TIERS = "tiers"
    OPTIONS = "options"
    VOLATILITY_INDEX = "volatility_index"
    CLOCK = "clock"


class Asked(Struct, frozen=True):
    """What a reader knows beside the payload: when it came, the instruments of the venue, and what was asked.

    `price_usd` is the asset's mark where what is asked needs one: brackets that a venue counts in contracts.
    """

    received_at_ms: int
    instruments: Instruments = NONE
    symbol: str | None = None
    step_ms: int | None = None
    price_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Ask(Generic[T_co]):
    """One question: what it costs of the venue's budget, and the pure function that reads its answer.

    `weight` is in the venue's own unit of `budget`. `body` makes it a POST. Where the venue pages, `next_page` gives of an
    answer the params that replace their namesakes in the question for the page that follows, None after the last page.
    With `every_s` it is asked at most that often, without it each cycle.
    """

    venue: Venue
    kind: Kind
    path: str
    read: Callable[[bytes, Asked], T_co]
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    weight: int = 1
    budget: str = "default"
    symbol: str | None = None
    step_ms: int | None = None
    next_page: Callable[[bytes, Asked], Mapping[str, str] | None] | None = None
    every_s: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be asked: `weight` units in `window_s` seconds, after the venue's own limit, with a margin kept."""

    weight: int
    window_s: float


class Verdict(StrEnum):
    """What a failed answer means for what to do next."""

    RETRY = "retry"
    SLOW_DOWN = "slow_down"
    BANNED = "banned"
    GEO_BLOCKED = "geo_blocked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed answer understood: the verdict, for how long to wait where the venue says, and its own words, shortened.

    The wait is `wait_s` from now or `until_ms` by the venue's clock, whichever the answer gives outside the header
    Retry-After, which is read by `scheduler.fetch` itself and goes before both.
    """

    verdict: Verdict
    why: str
    wait_s: float | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing listened to on a stream: how often it speaks while the venue is alive, None where it may be silent."""

    kind: Kind
    symbol: str | None
    expected_every_s: float | None


@dataclass(frozen=True, slots=True)
class Stream:
    """One websocket: where, what to say first, how to stay connected, and the pure function that reads a frame.

    `read` gives () for acknowledgements and pongs and raises Misread for what it does not know. `answer` gives the text
    to send back to a frame that demands one. Where frames only say what changed, `remembering` makes a reader with a memory,
    anew for every connection, to be used instead of `read` (which then reads a frame by itself, as far as that goes).
    `ping` is sent every `ping_every_s`. `lives_s` is when the venue will cut
    the connection by itself. At least one channel has an expected interval: it proves the others alive.
    """

    venue: Venue
    path: str
    channels: tuple[Channel, ...]
    subscribe: tuple[str, ...]
    read: Callable[[bytes, Asked], tuple[Report, ...]]
    ping: str | None = None
    ping_every_s: float | None = None
    answer: Callable[[bytes], str | None] | None = None
    lives_s: float | None = None
    remembering: Callable[[], Callable[[bytes, Asked], tuple[Report, ...]]] | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """The one entry of an exchange file. `name` is the venue's; URLs can be overridden in the environment.

    `instruments` are asked in order, about hourly: each reader is given those the earlier ones gave, and what a later one
    says of a symbol replaces it. `asks` gives what to ask each cycle for these instruments, `history_asks` what a cold
    start asks once (candles, open interest and funding back to `since_ms`), `streams` what to listen to, `trouble` reads a
    failed answer (HTTP status, headers in lower case, body), also one with HTTP 200 (None: it is no failure). `used`, where
    a venue tells it, reads from the headers of an answer how much of each budget it has counted in the running window, in
    that budget's unit. `timed_asks` gives what else to ask each cycle of a venue that wants a time stated (the moment, ms).
    """

    name: str
    venue: Venue
    rest_url: str
    ws_url: str
    budgets: Mapping[str, Budget]
    instruments: Callable[[], tuple[Ask[tuple[Instrument, ...]], ...]]
    asks: Callable[[Sequence[Instrument]], tuple[Ask[tuple[Report, ...]], ...]]
    history_asks: Callable[[Instrument, int, int], tuple[Ask[tuple[Report, ...]], ...]]
    streams: Callable[[Sequence[Instrument]], tuple[Stream, ...]]
    trouble: Callable[[int, Mapping[str, str], bytes], Trouble | None]
    tiers: Callable[[Sequence[Instrument]], tuple[Ask[Mapping[Asset, Tiers]], ...]] | None = None
    used: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None
    timed_asks: Callable[[Sequence[Instrument], int], tuple[Ask[tuple[Report, ...]], ...]] | None = None
