"""What an exchange said, in one vocabulary: every number in coins, US dollars or fractions, every time in UTC milliseconds.

An observation is a value with the time it became known (`known_at_ms`). What a venue calls its order sides, contract
sizes or intervals has been translated before an observation exists.

They are Structs of msgspec instead of dataclasses: as frozen and as comparable, and made in a twentieth of the time of a
frozen dataclass. A page of history is thousands of them (benchmarks/feed.py). `msgspec.structs.replace` makes altered ones.
"""

from enum import StrEnum

from msgspec import Struct

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_HOURS = 8_760
STEP_MS = 5 * MINUTE_MS
"""Closes are kept of every five minutes (market/state/closes)."""

Asset = str
"""The coin a perpetual is written on, in capitals: BTC, ETH, 1000PEPE."""


class Venue(StrEnum):
    """Where a number comes from; AGGREGATE is what Seawall itself makes of several venues (scheduler/condense)."""

    BINANCE = "binance"
    BYBIT = "bybit"
    OKX = "okx"
    DERIBIT = "deribit"
    HYPERLIQUID = "hyperliquid"
    AGGREGATE = "aggregate"
    CRYPTOQUANT = "cryptoquant"
    COINGLASS = "coinglass"
    SIMULATED = "simulated"


class Side(StrEnum):
    """A position's side; of a liquidation, the side of the position closed by force."""

    LONG = "long"
    SHORT = "short"


class Candle(Struct, frozen=True, gc=False):
    """One closed bar of a perpetual, in US dollars and coins.

    `mark_close_usd` is the mark price at the close, None where only last trades are known (quality .9).
    """

    venue: Venue
    open_at_ms: int
    step_ms: int
    open_usd: float
    high_usd: float
    low_usd: float
    close_usd: float
    mark_close_usd: float | None = None
    volume_coins: float | None = None
    volume_usd: float | None = None

    @property
    def known_at_ms(self) -> int:
        """A bar is known when it closes."""
        return self.open_at_ms + self.step_ms


class Funding(Struct, frozen=True, gc=False):
    """A funding rate as the venue states it: a fraction per `interval_hours`, paid by longs when positive.

    `settled` tells a paid rate from a predicted one; a predicted one is of the interval that ends at `next_at_ms`. `cap` is
    the largest rate the venue allows for that interval on the side of this one, above 0, where it says so; of AGGREGATE the
    size of the rate itself where most of the open interest is at venues that stand at theirs.
    """

    venue: Venue
    known_at_ms: int
    rate: float
    interval_hours: float
    settled: bool = True
    next_at_ms: int | None = None
    cap: float | None = None

    @property
    def rate_8h(self) -> float:
        """The same rate as a fraction per eight hours."""
        return self.rate * 8.0 / self.interval_hours


class OpenInterest(Struct, frozen=True, gc=False):
    """Open contracts of one venue (or a vendor's sum), one side, in coins."""

    venue: Venue
    known_at_ms: int
    coins: float
    cadence_ms: int


class Liquidations(Struct, frozen=True, gc=False):
    """Positions closed by force in the bucket (`known_at_ms - step_ms`, `known_at_ms`], in coins, by position side.

    `is_whole` is False where a venue that is usually heard was not: the sums are then floors, and small ones no calm.
    """

    venue: Venue
    known_at_ms: int
    step_ms: int
    long_coins: float
    short_coins: float
    is_whole: bool = True


class Skew(Struct, frozen=True, gc=False):
    """25-delta skew at constant maturity: put IV minus call IV as a fraction (0.07 = 7 vol points).

    `quality` is .5 where the surface contradicts itself (variance falling with time). Butterfly and at-the-money
    volatilities are fractions as well; `skew_25d_30d_adjusted` is by premium-adjusted delta. None: not known.
    """

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    skew_25d_30d: float
    skew_25d_7d: float | None = None
    atm_iv_30d: float | None = None
    quality: float = 1.0
    atm_iv_7d: float | None = None
    butterfly_25d_30d: float | None = None
    skew_25d_30d_adjusted: float | None = None


class ImpliedVolatility(Struct, frozen=True, gc=False):
    """A 30-day implied volatility index (Deribit DVOL), annualised decimal."""

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    dvol: float


class Book(Struct, frozen=True, gc=False):
    """One venue's part of a Depth, US dollars a side."""

    venue: Venue
    bid_usd: float
    ask_usd: float


class Depth(Struct, frozen=True, gc=False):
    """What rests within `within` (fraction) of the middle in the books of all venues that were asked, US dollars a side.

    `is_whole` is False where a venue that usually answers did not, `reaches` where a book was not told that far: in either
    case the sums are floors. `books` are the parts of the sums, so that a sum without a venue is compared with what the
    others usually hold; () where nobody told the parts.
    """

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    within: float
    bid_usd: float
    ask_usd: float
    is_whole: bool = True
    reaches: bool = True
    books: tuple[Book, ...] = ()


class SpotVolume(Struct, frozen=True, gc=False):
    """What was traded on a spot market in the bucket (`known_at_ms - step_ms`, `known_at_ms`], in US dollars."""

    venue: Venue
    known_at_ms: int
    step_ms: int
    usd: float


class Branching(Struct, frozen=True, gc=False):
    """How many liquidations one liquidation brings about, `ratio` (0 none, 1 without an end), as estimated from `events`.

    `deviation` is the estimate's standard deviation. It is the venue's whose feed is whole; never a probability (section 3).
    """

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    ratio: float
    deviation: float
    events: int


Observation = (
    Candle | Funding | OpenInterest | Liquidations | Skew | ImpliedVolatility | Depth | SpotVolume | Branching
)


class Mark(Struct, frozen=True, gc=False):
    """A perpetual's mark price and the index it follows, in US dollars."""

    venue: Venue
    asset: Asset
    known_at_ms: int
    mark_usd: float
    index_usd: float | None = None


class Liquidation(Struct, frozen=True, gc=False):
    """One position (or part of one) closed by force; `side` is the position's side.

    `is_sample` marks feeds that send at most one a second and contract: sums over them are floors.
    """

    venue: Venue
    asset: Asset
    known_at_ms: int
    side: Side
    coins: float
    price_usd: float
    is_sample: bool


class DepthBand(Struct, frozen=True, gc=False):
    """What rests in a book within `within` (fraction) of the middle, in US dollars a side.

    `reaches` tells whether the answer's levels reach that far; where they do not, the sums are floors.
    """

    venue: Venue
    asset: Asset
    known_at_ms: int
    within: float
    bid_usd: float
    ask_usd: float
    reaches: bool


class OptionQuote(Struct, frozen=True, gc=False):
    """One listed option: volatilities as fractions, prices in coins (inverse) or US dollars (`is_inverse` False).

    `forward_usd` is the price of its expiry's underlying; open interest and volume are in coins. None where there is
    no such quote.
    """

    venue: Venue
    asset: Asset
    known_at_ms: int
    expires_at_ms: int
    strike_usd: float
    is_call: bool
    forward_usd: float
    is_inverse: bool
    mark_iv: float | None
    mark_price: float | None
    bid_price: float | None
    ask_price: float | None
    open_interest_coins: float | None
    volume_coins: float | None


class Heartbeat(Struct, frozen=True, gc=False):
    """Proof of life of one channel of a venue: silence on it is calm only while this is fresh."""

    venue: Venue
    asset: Asset | None
    channel: str
    known_at_ms: int
