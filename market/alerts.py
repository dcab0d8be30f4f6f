"""From the last and the present snapshot to what to warn of, and why (quant.md section 7a.1).

A warning is triggered by an edge of the 24 h price shock, or by forced selling; context (crowding, dear funding, steep
skew) raises its severity by one class and alone gives at most a watch. Every warning says how much is already lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import exp
from zlib import crc32

from market.reading import Presence
from market.rules import AlertRules, Rules
from market.snapshot import Snapshot
from market.table import SEVERITY, State


class Kind(StrEnum):
    """What is warned of."""

    CASCADE = "cascade"
    REGIME = "regime"


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
    CONTEXT_JOINED = "context_joined"
    STILL_FALLING_AFTER_A_DAY = "still_falling_after_a_day"
    SHOCK_CLEARED = "shock_cleared"
    NEVER_FELL_FAR = "never_fell_far"
    CONTEXT_CLEARED = "context_cleared"
    NO_FRESH_PRICE = "no_fresh_price"
    STATE_WORSE = "state_worse"
    STATE_BETTER = "state_better"
    TOO_LITTLE_SEEN = "too_little_seen"


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


@dataclass(frozen=True, slots=True)
class Episode:
    """A cascade warning that stands. `reference_usd` is the price a day before it began."""

    id: str
    severity: Severity
    opened_ms: int
    told_ms: int
    reference_usd: float
    low_usd: float
    sigma_1d: float
    by_price: bool
    clear_since_ms: int | None = None
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class AlertMemory:
    """What has been said of one asset, and what still stands."""

    episode: Episode | None = None
    context_told_ms: int | None = None
    told_state: State | None = None
    regime_opened_ms: int | None = None
    told_state_ms: Mapping[str, int] = field(default_factory=dict)


def decide(
    memory: AlertMemory, snapshot: Snapshot, rules: Rules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """What to warn of now, given what was said before; nothing is said twice."""
    memory, cascade = _decide_cascade(memory, snapshot, rules.alerts, now_ms)
    memory, regime = _decide_regime(memory, snapshot, rules, now_ms)
    return memory, (*cascade, *regime)


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


def shock_class(shock: float | None, rules: AlertRules) -> int:
    """0 none, 1 watch, 2 warning, 3 critical; an unknown shock is none."""
    if shock is None:
        return 0
    return sum(shock <= limit for limit in (rules.watch_shock, rules.warning_shock, rules.critical_shock))


def _trigger(snapshot: Snapshot, context: tuple[str, ...], rules: AlertRules) -> tuple[int, Reason]:
    """The class a warning would have now (0 none) and what triggers it."""
    regime = snapshot.regime
    if regime.state is State.UNWINDING and regime.flag("lb") is True:
        return 3, Reason.FORCED_SELLING
    level = shock_class(snapshot.fact("price", "shock_24h"), rules)
    if level:
        return min(3, level + bool(context)), Reason.PRICE_SHOCK
    crowded = "protip" in context or "kst_fe" in context
    return (1, Reason.CONTEXT_ALONE) if crowded else (0, Reason.CONTEXT_CLEARED)


def _decide_cascade(
    memory: AlertMemory, snapshot: Snapshot, rules: AlertRules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    price = snapshot.reading("price")
    if price is None or price.presence is not Presence.SEEN or price.value is None:
        return _lose_sight(memory, snapshot, now_ms)
    context = context_of(snapshot)
    level, reason = _trigger(snapshot, context, rules)
    episode = memory.episode
    if episode is None:
        return _open(memory, snapshot, level, reason, context, rules, now_ms)
    episode = replace(episode, low_usd=min(episode.low_usd, price.value), is_unknown=False)
    if reason is not Reason.CONTEXT_ALONE and level and not episode.by_price:
        episode = replace(episode, by_price=True, reference_usd=_reference(snapshot, price.value))
    if level > _rank(episode.severity):
        episode = replace(episode, severity=CLASSES[level - 1], told_ms=now_ms, clear_since_ms=None)
        why = reason if reason is not Reason.CONTEXT_ALONE else Reason.CONTEXT_JOINED
        return replace(memory, episode=episode), (
            _tell(snapshot, episode, Edge.ESCALATED, why, context, now_ms),
        )
    if _is_price_led(reason) and now_ms - episode.told_ms >= rules.rearm_after_ms:
        episode = replace(episode, told_ms=now_ms, clear_since_ms=None)
        why = Reason.STILL_FALLING_AFTER_A_DAY
        return replace(memory, episode=episode), (_tell(snapshot, episode, Edge.FIRED, why, context, now_ms),)
    return _maybe_close(memory, episode, snapshot, level, context, rules, now_ms)


def _is_price_led(reason: Reason) -> bool:
    return reason in (Reason.PRICE_SHOCK, Reason.FORCED_SELLING)


def _rank(severity: Severity) -> int:
    return CLASSES.index(severity) + 1


def _reference(snapshot: Snapshot, price_usd: float) -> float:
    """The price a day ago, or the present one where a day ago is unknown."""
    change = snapshot.fact("price", "r_24h")
    return price_usd if change is None else price_usd * exp(-change)


def _open(
    memory: AlertMemory,
    snapshot: Snapshot,
    level: int,
    reason: Reason,
    context: tuple[str, ...],
    rules: AlertRules,
    now_ms: int,
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    price = snapshot.fact("price", "price_usd")
    if not level or price is None:
        return memory, ()
    by_price = _is_price_led(reason)
    told = memory.context_told_ms
    if not by_price:
        # context comes and goes: it is worth one silent line a day
        if told is not None and now_ms - told < rules.rearm_after_ms:
            return memory, ()
        memory = replace(memory, context_told_ms=now_ms)
    episode = Episode(
        id=short_id(Kind.CASCADE, snapshot.asset, now_ms),
        severity=CLASSES[level - 1],
        opened_ms=now_ms,
        told_ms=now_ms,
        reference_usd=_reference(snapshot, price) if by_price else price,
        low_usd=price,
        sigma_1d=snapshot.fact("price", "sigma_1d") or 0.0,
        by_price=by_price,
    )
    return replace(memory, episode=episode), (_tell(snapshot, episode, Edge.FIRED, reason, context, now_ms),)


def _maybe_close(
    memory: AlertMemory,
    episode: Episode,
    snapshot: Snapshot,
    level: int,
    context: tuple[str, ...],
    rules: AlertRules,
    now_ms: int,
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Close the episode once the shock has stayed cleared; whether it was a false alarm is decided by the fall."""
    shock = snapshot.fact("price", "shock_24h")
    forced = snapshot.regime.state is State.UNWINDING
    cleared = (
        shock is not None and shock > rules.rearm_shock and not forced if episode.by_price else level == 0
    )
    if not cleared:
        return replace(memory, episode=replace(episode, clear_since_ms=None)), ()
    since = episode.clear_since_ms if episode.clear_since_ms is not None else now_ms
    if now_ms - since < rules.clear_after_ms:
        return replace(memory, episode=replace(episode, clear_since_ms=since)), ()
    edge, reason = _verdict(episode, rules)
    return replace(memory, episode=None), (_tell(snapshot, episode, edge, reason, context, now_ms),)


def _verdict(episode: Episode, rules: AlertRules) -> tuple[Edge, Reason]:
    if not episode.by_price:
        return Edge.RESOLVED, Reason.CONTEXT_CLEARED
    fall = episode.low_usd / episode.reference_usd - 1.0
    if fall <= -max(rules.real_fall, rules.real_fall_sigmas * episode.sigma_1d):
        return Edge.RESOLVED, Reason.SHOCK_CLEARED
    return Edge.FALSE_ALARM, Reason.NEVER_FELL_FAR


def _lose_sight(
    memory: AlertMemory, snapshot: Snapshot, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Without a fresh price a warning that stands is unknown, said once, and never resolved."""
    episode = memory.episode
    if episode is None or episode.is_unknown:
        return memory, ()
    episode = replace(episode, is_unknown=True, clear_since_ms=None)
    alert = _tell(snapshot, episode, Edge.UNKNOWN, Reason.NO_FRESH_PRICE, (), now_ms)
    return replace(memory, episode=episode), (replace(alert, lost_so_far=None),)


def _tell(
    snapshot: Snapshot, episode: Episode, edge: Edge, reason: Reason, context: tuple[str, ...], now_ms: int
) -> Alert:
    price = snapshot.fact("price", "price_usd")
    return Alert(
        id=episode.id,
        asset=snapshot.asset,
        kind=Kind.CASCADE,
        severity=episode.severity,
        edge=edge,
        reason=reason,
        at_ms=now_ms,
        opened_ms=episode.opened_ms,
        state=snapshot.regime.state,
        lost_so_far=None if price is None else price / episode.reference_usd - 1.0,
        low_so_far=episode.low_usd / episode.reference_usd - 1.0,
        context=context,
        facts=facts_of(snapshot),
    )


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


_REGIME_SEVERITY: Mapping[State, Severity] = {
    State.SQUEEZE_RISK: Severity.WATCH,
    State.CROWDING: Severity.WATCH,
    State.CAPITULATION: Severity.WARNING,
    State.UNWINDING: Severity.WARNING,
}


def _decide_regime(
    memory: AlertMemory, snapshot: Snapshot, rules: Rules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Say a change of state once: worse ones by their severity, the way back as resolved, blindness as unknown."""
    state, told = snapshot.regime.state, memory.told_state
    if state is told:
        return memory, ()
    edge, reason = _regime_edge(told, state)
    last = memory.told_state_ms.get(state)
    is_repeat = last is not None and now_ms - last < rules.alerts.same_state_quiet_ms
    opened_ms = memory.regime_opened_ms if memory.regime_opened_ms is not None else now_ms
    still_open = state in _REGIME_SEVERITY or edge is Edge.UNKNOWN
    memory = replace(memory, told_state=state, regime_opened_ms=opened_ms if still_open else None)
    if edge is None or (is_repeat and not _is_worse(told, state)):
        return memory, ()
    memory = replace(memory, told_state_ms={**memory.told_state_ms, state: now_ms})
    return memory, (_tell_regime(snapshot, edge, reason, opened_ms, rules, now_ms),)


def _is_worse(told: State | None, state: State) -> bool:
    return SEVERITY.get(state, -1) > (SEVERITY.get(told, -1) if told is not None else -1)


def _regime_edge(told: State | None, state: State) -> tuple[Edge | None, Reason]:
    if state is State.INSUFFICIENT_DATA:
        return (Edge.UNKNOWN if told in _REGIME_SEVERITY else None), Reason.TOO_LITTLE_SEEN
    if state in _REGIME_SEVERITY:
        if not _is_worse(told, state):
            return Edge.RESOLVED, Reason.STATE_BETTER
        return (Edge.ESCALATED if told in _REGIME_SEVERITY else Edge.FIRED), Reason.STATE_WORSE
    return (Edge.RESOLVED if told in _REGIME_SEVERITY else None), Reason.STATE_BETTER


def _tell_regime(
    snapshot: Snapshot, edge: Edge, reason: Reason, opened_ms: int, rules: Rules, now_ms: int
) -> Alert:
    regime = snapshot.regime
    severity = _REGIME_SEVERITY.get(regime.state, Severity.WATCH)
    if regime.confidence < rules.regime.partial_confidence and regime.state is not State.UNWINDING:
        severity = CLASSES[max(0, CLASSES.index(severity) - 1)]
    return Alert(
        id=short_id(Kind.REGIME, snapshot.asset, opened_ms),
        asset=snapshot.asset,
        kind=Kind.REGIME,
        severity=severity,
        edge=edge,
        reason=reason,
        at_ms=now_ms,
        opened_ms=opened_ms,
        state=regime.state,
        context=context_of(snapshot),
        facts=facts_of(snapshot),
    )
