"""A plan: a position stated by hand with its three numbers, its ladder and its own lines, and what the watch has seen of it.

The article asks for three numbers before every trade (the most that may be lost, the highest leverage, where it is
reduced) and for risk invalidation before thesis invalidation; a plan holds them as they were when it was made.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from market.observations import Asset, Side, Venue
from market.sizing.position import MarginMode

MOST_PLANS = 20
GAPS_KEPT = 5


class Rung(StrEnum):
    """The steps out of a position, in their order."""

    TRIM = "trim"
    HEDGE = "hedge"
    EXIT = "exit"


class Happened(StrEnum):
    """What the watch tells of a plan, each once; `..._OVER` re-arms what it ends and is told in answers only."""

    TRIM = "trim"
    HEDGE = "hedge"
    EXIT = "exit"
    MAX_LOSS = "max_loss"
    NEAR_LIQUIDATION = "near_liquidation"
    LIQUIDATED = "liquidated"
    FUNDING_BEYOND = "funding_beyond"
    RISK_INVALIDATED = "risk_invalidated"
    THESIS_PRICE = "thesis_price"
    THESIS_TIME = "thesis_time"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a plan could not be watched, UTC ms."""

    since_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Watch:
    """What the watch remembers of a plan: `told` is what it has told and not re-armed, with its moment (UTC ms).

    `tight_since_ms`: since when rungs are pulled in (None: they are not). `clear_since_ms` holds since when a condition that
    was told is over, until it has been long enough to be told again. `funding_paid_usd` is an estimate (positive: paid) of the
    time until `funding_at_ms` (0: nothing is counted yet). `news_ms` is when it last told anything (0: never).
    """

    told_ms: dict[str, int] = field(default_factory=dict)
    clear_since_ms: dict[str, int] = field(default_factory=dict)
    tight_since_ms: int | None = None
    gaps: tuple[Gap, ...] = ()
    funding_paid_usd: float | None = None
    funding_at_ms: int = 0
    news_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """The way from entry to each rung as a fraction of the entry, before anything pulls it in."""

    trim: float
    hedge: float
    exit: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One stated position. `id` is short ("p7f2") and its owner's alone.

    `margin_usd` stands behind `coins` bought or sold at `entry_usd` (an average after adds). `liquidation_usd` is None where
    no price closes it by force, and was computed with the brackets of `venue` as of `tiers_on`. `drawdown_usd`,
    `max_leverage` and the ladder are the three numbers as of `made_ms`. `sigma` is the annualised volatility of that moment,
    `hold_hours` the horizon. `line_usd` and `until_ms` are the trader's own thesis (None: not stated).
    """

    id: str
    asset: Asset
    side: Side
    mode: MarginMode
    venue: Venue
    is_inverse: bool
    coins: float
    entry_usd: float
    margin_usd: float
    made_ms: int
    hold_hours: float
    sigma: float
    liquidation_usd: float | None
    maintenance_rate: float | None
    tiers_on: str
    drawdown_usd: float
    max_leverage: float
    ladder: Ladder
    line_usd: float | None = None
    until_ms: int | None = None
    watch: Watch = field(default_factory=Watch)

    @property
    def notional_usd(self) -> float:
        """What it was worth at entry, USD."""
        return self.coins * self.entry_usd

    @property
    def leverage(self) -> float:
        """The notional at entry over the margin."""
        return self.notional_usd / self.margin_usd

    @property
    def is_closed_by_force(self) -> bool:
        """Whether the watch has seen its forced close: it is kept until its owner closes it, but nothing is held any more."""
        return Happened.LIQUIDATED in self.watch.told_ms
