"""What an alert is: facts, not words, with the reason it was sent and what has been said before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zlib import crc32

from market.snapshot import Snapshot
from market.table import State


class Kind(StrEnum):
    """What is warned of."""

    CASCADE = "cascade"
    REGIME = "regime"
    STAGE = "stage"
    FUNDING = "funding"
    OPEN_INTEREST = "oi"
    LIQUIDATIONS = "liquidations"
    SKEW = "skew"


class Severity(StrEnum):
    """How loud; watch is silent."""

    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"


class Edge(StrEnum):
    """What happened to the warning."""

    FIRED = "fired"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an alert is sent."""

    PRICE_SHOCK = "price_shock"
    FORCED_SELLING = "forced_selling"
    CONTEXT_ALONE = "context_alone"
    CONTEXT_JOINED = "context_joined"  # of versions before decision 0043, in alerts that are kept
    STILL_FALLING_AFTER_A_DAY = "still_falling_after_a_day"
    SHOCK_CLEARED = "shock_cleared"
    NEVER_FELL_FAR = "never_fell_far"
    CONTEXT_CLEARED = "context_cleared"
    NO_FRESH_PRICE = "no_fresh_price"
    STATE_WORSE = "state_worse"
    STATE_BETTER = "state_better"
    TOO_LITTLE_SEEN = "too_little_seen"
    CONDITION_HOLDS = "condition_holds"
    CONDITION_WORSE = "condition_worse"
    CONDITION_CLEARED = "condition_cleared"
    NOT_SEEN = "not_seen"
    NOTHING_THERE = "nothing_there"
    NOT_LONG_ENOUGH = "not_long_enough"
    PASSED_BY = "passed_by"
    STILL_HOLDS = "still_holds"
    MAY_BE_OVER = "may_be_over"


CLASSES = (Severity.WATCH, Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Alert:
    """Facts, not words: what happened to which warning, and how much is already lost.

    `id` is short and stays with the episode; `lost_so_far` and `low_so_far` are fractions against the price a day
    before the episode began (0 or less when it fell), None where unknown. `context` names what stands beside the
    trigger: protip, fe, kst_fe, lc. `facts` are the numbers of that moment.
    """

    id: str
    asset: str
    kind: Kind
    severity: Severity
    edge: Edge
    reason: Reason
    at_ms: int
    opened_ms: int
    state: State
    lost_so_far: float | None = None
    low_so_far: float | None = None
    context: tuple[str, ...] = ()
    facts: Mapping[str, float | None] = field(default_factory=dict)


def lost_by(alert: Alert, price_usd: float | None) -> float | None:
    """What a warned fall comes to at another price, against the same reference as its `lost_so_far`; None where one is unknown."""
    then_usd = alert.facts.get("price_usd")
    if price_usd is None or not then_usd or alert.lost_so_far is None:
        return None
    return price_usd / then_usd * (1.0 + alert.lost_so_far) - 1.0


def short_id(kind: str, asset: str, opened_ms: int) -> str:
    """Four characters by which people name an episode."""
    return f"{crc32(f'{kind}:{asset}:{opened_ms}'.encode()) & 0xFFFF:04x}"


def context_of(snapshot: Snapshot) -> tuple[str, ...]:
    """What stands in the market that makes a fall worse: the pro-tip, dear funding, dear and steepening, a cluster."""
    regime = snapshot.regime
    dear = regime.flag("fe") is True
    claims = {
        "protip": regime.protip is True,
        "fe": dear,
        "kst_fe": dear and regime.flag("kst") is True,
        "lc": regime.flag("lc") is True,
    }
    return tuple([name for name, holds in claims.items() if holds])


def facts_of(snapshot: Snapshot) -> dict[str, float | None]:
    """The numbers a warning is told with."""
    interest = snapshot.reading("open_interest")
    return {
        "price_usd": snapshot.fact("price", "price_usd"),
        "shock_24h": snapshot.fact("price", "shock_24h"),
        "r_24h": snapshot.fact("price", "r_24h"),
        "oi_percentile": None if interest is None else interest.percentile,
        "oi_change_24h": snapshot.fact("open_interest", "change_24h"),
        "oi_change_72h": snapshot.fact("open_interest", "change_72h"),
        "funding_8h": snapshot.fact("funding", "f24"),
        "long_usd_24h": snapshot.fact("liquidations", "long_usd_24h"),
        "flagged_hours_24": snapshot.fact("liquidations", "flagged_hours_24"),
        "skew_points": snapshot.fact("skew", "skew_30d_points"),
        "stage": float(snapshot.regime.stage),
        "confidence": snapshot.regime.confidence,
    }
