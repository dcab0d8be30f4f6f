"""What an exchange said, in one vocabulary: every number in coins, US dollars or fractions, every time in UTC milliseconds.

An observation is a value with the time it became known (`known_at_ms`). What a venue calls its order sides, contract
sizes or intervals has been translated before an observation exists.
"""

from dataclasses import dataclass
from enum import StrEnum

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_HOURS = 8_760

Asset = str
"""The coin a perpetual is written on, in capitals: BTC, ETH, 1000PEPE."""


class Venue(StrEnum):
    """Where a number comes from; AGGREGATE is a vendor's sum over exchanges."""

    BINANCE = "binance"
    BYBIT = "bybit"
    OKX = "okx"
    DERIBIT = "deribit"
    HYPERLIQUID = "hyperliquid"
    CRYPTOQUANT = "cryptoquant"
    COINGLASS = "coinglass"
    SIMULATED = "simulated"


class Side(StrEnum):
    """A position's side; of a liquidation, the side of the position closed by force."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Candle:
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


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding rate as the venue states it: a fraction per `interval_hours`, paid by longs when positive.

    `settled` tells a paid rate from a predicted one; a predicted one is of the interval that ends at `next_at_ms`.
    """

    venue: Venue
    known_at_ms: int
    rate: float
    interval_hours: float
    settled: bool = True
    next_at_ms: int | None = None

    @property
    def rate_8h(self) -> float:
        """The same rate as a fraction per eight hours."""
        return self.rate * 8.0 / self.interval_hours


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """Open contracts of one venue (or a vendor's sum), one side, in coins."""

    venue: Venue
    known_at_ms: int
    coins: float
    cadence_ms: int


@dataclass(frozen=True, slots=True)
class Liquidations:
    """Positions closed by force in the bucket (`known_at_ms - step_ms`, `known_at_ms`], in coins, by position side."""

    venue: Venue
    known_at_ms: int
    step_ms: int
    long_coins: float
    short_coins: float


@dataclass(frozen=True, slots=True)
class Skew:
    """25-delta skew at constant maturity: put IV minus call IV as a fraction (0.07 = 7 vol points)."""

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    skew_25d_30d: float
    skew_25d_7d: float | None = None
    atm_iv_30d: float | None = None


@dataclass(frozen=True, slots=True)
class ImpliedVolatility:
    """A 30-day implied volatility index (Deribit DVOL), annualised decimal."""

    venue: Venue
    known_at_ms: int
    cadence_ms: int
    dvol: float


Observation = Candle | Funding | OpenInterest | Liquidations | Skew | ImpliedVolatility
