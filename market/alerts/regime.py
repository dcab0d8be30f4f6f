"""Changes of regime: each told once, worse ones by their severity, the way back as resolved, blindness as unknown."""

from collections.abc import Mapping
from dataclasses import replace

from market.alerts.alert import (
    CLASSES,
    Alert,
    Edge,
    Kind,
    Reason,
    Severity,
    context_of,
    facts_of,
    short_id,
)
from market.alerts.memory import AlertMemory
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import SEVERITY, State

_REGIME_SEVERITY: Mapping[State, Severity] = {
    State.SQUEEZE_RISK: Severity.WATCH,
    State.CROWDING: Severity.WATCH,
    State.CAPITULATION: Severity.WARNING,
    State.UNWINDING: Severity.WARNING,
}


def decide_regime(
    memory: AlertMemory, snapshot: Snapshot, rules: Rules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Say a change of state once: worse ones by their severity, the way back as resolved, blindness as unknown.

    What was told stands through a blind moment: a state that is seen again unchanged is not told again.
    """
    state, told = snapshot.regime.state, memory.told_state
    if state is told:
        return memory, ()
    edge, reason = _regime_edge(told, state)
    opened_ms = memory.regime_opened_ms if memory.regime_opened_ms is not None else now_ms
    if state is not State.INSUFFICIENT_DATA:
        still_open = state in _REGIME_SEVERITY
        memory = replace(memory, told_state=state, regime_opened_ms=opened_ms if still_open else None)
    if edge is None or _is_too_soon(memory, told, snapshot, rules, now_ms):
        return memory, ()
    memory = replace(memory, told_state_ms={**memory.told_state_ms, state: now_ms})
    return memory, (_tell_regime(snapshot, edge, reason, opened_ms, rules, now_ms),)


def _is_too_soon(
    memory: AlertMemory, told: State | None, snapshot: Snapshot, rules: Rules, now_ms: int
) -> bool:
    """Whether the same state was told a few hours ago; what is worse, or ends what was told, is never too soon."""
    state = snapshot.regime.state
    last = memory.told_state_ms.get(state)
    ends = state not in _REGIME_SEVERITY and state is not State.INSUFFICIENT_DATA
    if last is None or ends or _is_worse(told, state):
        return False
    return now_ms - last < rules.alerts.same_state_quiet_ms


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
