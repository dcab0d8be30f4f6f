"""Warnings of one metric by itself: silent watches, since alone none of them was shown to precede a fall (docs/evaluation.md).

The sequence is told as it moves on. Each condition stands on flags that have their own thresholds for entering and leaving.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from market.alert_rules import ONE_CYCLE, SLOW, STAGE_WARNED, Dwell
from market.alerts.alert import (
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
from market.alerts.reach import HIGHEST
from market.alerts.standing import Standing, advance
from market.formulas.logic import all_of, any_of
from market.regime import Regime
from market.snapshot import Snapshot
from market.table import State


@dataclass(frozen=True, slots=True)
class Condition:
    """What a kind of warning stands on: whether it holds (None: it cannot be seen)."""

    kind: Kind
    dwell: Dwell
    holds: Callable[[Regime], bool | None]


def _stage(regime: Regime) -> bool | None:
    """Whether the sequence has come to its second step; without a state nothing is said of it."""
    return None if regime.state is State.INSUFFICIENT_DATA else regime.stage >= STAGE_WARNED


CONDITIONS = (
    Condition(Kind.STAGE, SLOW, _stage),
    Condition(Kind.FUNDING, SLOW, lambda regime: any_of(regime.flag("fe"), regime.flag("fd"))),
    Condition(
        Kind.OPEN_INTEREST,
        SLOW,
        lambda regime: any_of(all_of(regime.flag("oe"), regime.flag("nc")), regime.flag("ou")),
    ),
    Condition(Kind.LIQUIDATIONS, ONE_CYCLE, lambda regime: any_of(regime.flag("lc"), regime.flag("lb"))),
    Condition(Kind.SKEW, SLOW, lambda regime: any_of(regime.flag("ks"), regime.flag("kst"))),
)


def decide_conditions(
    memory: AlertMemory, snapshot: Snapshot, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """One look at each of them; what stands is kept by kind."""
    standing: dict[str, Standing] = {}
    told: list[Alert] = []
    for condition in CONDITIONS:
        before = memory.standing.get(condition.kind)
        regime = snapshot.regime
        step = advance(before, condition.holds(regime), HIGHEST[condition.kind], condition.dwell, now_ms)
        if step.after is not None:
            standing[condition.kind] = step.after
        if step.edge is not None:
            of = step.after if step.after is not None else before
            told.append(_alert(condition.kind, step.edge, step.reason, of, snapshot, now_ms))
    if standing == memory.standing:
        return memory, tuple(told)
    return replace(memory, standing=standing), tuple(told)


def _alert(
    kind: Kind, edge: Edge, reason: Reason, standing: Standing | None, snapshot: Snapshot, now_ms: int
) -> Alert:
    opened_ms = now_ms if standing is None else standing.opened_ms
    return Alert(
        id=short_id(kind, snapshot.asset, opened_ms),
        asset=snapshot.asset,
        kind=kind,
        severity=Severity.WATCH if standing is None else standing.severity,
        edge=edge,
        reason=reason,
        at_ms=now_ms,
        opened_ms=opened_ms,
        state=snapshot.regime.state,
        context=context_of(snapshot),
        facts=facts_of(snapshot),
    )


FLAGS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.FUNDING: ("fe", "fd"),
    Kind.OPEN_INTEREST: ("oe", "nc", "ou"),
    Kind.LIQUIDATIONS: ("lc", "lb"),
    Kind.SKEW: ("ks", "kst"),
}
"""The flags a kind stands on, for how close it is to firing."""
