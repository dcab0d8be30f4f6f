"""Changes of regime: silent watches (decision 0043), each told once, the way back as resolved, blindness as unknown."""

from dataclasses import replace

from market.alerts.alert import Alert, Edge, Kind, Reason, context_of, facts_of, short_id
from market.alerts.memory import AlertMemory
from market.alerts.reach import HIGHEST
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import SEVERITY, State

WARNED_OF = frozenset({State.SQUEEZE_RISK, State.CROWDING, State.CAPITULATION, State.UNWINDING})
"""The states whose beginning is told; the way out of them is their end."""


def decide_regime(
    memory: AlertMemory, snapshot: Snapshot, rules: Rules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Say a change of state once: worse ones, the way back as resolved, blindness as unknown.

    What was told stands through a blind moment: a state that is seen again unchanged is not told again.
    """
    state, told = snapshot.regime.state, memory.told_state
    if state is told:
        return memory, ()
    edge, reason = _regime_edge(told, state)
    opened_ms = memory.regime_opened_ms if memory.regime_opened_ms is not None else now_ms
    if state is not State.INSUFFICIENT_DATA:
        still_open = state in WARNED_OF
        memory = replace(memory, told_state=state, regime_opened_ms=opened_ms if still_open else None)
    if edge is None or _is_too_soon(memory, told, snapshot, rules, now_ms):
        return memory, ()
    memory = replace(memory, told_state_ms={**memory.told_state_ms, state: now_ms})
    return memory, (_tell_regime(snapshot, edge, reason, opened_ms, now_ms),)


def _is_too_soon(
    memory: AlertMemory, told: State | None, snapshot: Snapshot, rules: Rules, now_ms: int
) -> bool:
    """Whether the same state was told a few hours ago; what is worse, or ends what was told, is never too soon."""
    state = snapshot.regime.state
    last = memory.told_state_ms.get(state)
    ends = state not in WARNED_OF and state is not State.INSUFFICIENT_DATA
    if last is None or ends or _is_worse(told, state):
        return False
    return now_ms - last < rules.alerts.same_state_quiet_ms


def _is_worse(told: State | None, state: State) -> bool:
    return SEVERITY.get(state, -1) > (SEVERITY.get(told, -1) if told is not None else -1)


def _regime_edge(told: State | None, state: State) -> tuple[Edge | None, Reason]:
    if state is State.INSUFFICIENT_DATA:
        return (Edge.UNKNOWN if told in WARNED_OF else None), Reason.TOO_LITTLE_SEEN
    if state in WARNED_OF:
        if not _is_worse(told, state):
            return Edge.RESOLVED, Reason.STATE_BETTER
        return (Edge.ESCALATED if told in WARNED_OF else Edge.FIRED), Reason.STATE_WORSE
    return (Edge.RESOLVED if told in WARNED_OF else None), Reason.STATE_BETTER


def _tell_regime(snapshot: Snapshot, edge: Edge, reason: Reason, opened_ms: int, now_ms: int) -> Alert:
    return Alert(
        id=short_id(Kind.REGIME, snapshot.asset, opened_ms),
        asset=snapshot.asset,
        kind=Kind.REGIME,
        severity=HIGHEST[Kind.REGIME],
        edge=edge,
        reason=reason,
        at_ms=now_ms,
        opened_ms=opened_ms,
        state=snapshot.regime.state,
        context=context_of(snapshot),
        facts=facts_of(snapshot),
    )
