"""From what was said before and the present snapshot to what to warn of, and why; every warning says what is lost."""

from market.alerts.alert import CLASSES, Alert, Edge, Kind, Reason, Severity, context_of
from market.alerts.cascade import decide_cascade, shock_class
from market.alerts.conditions import decide_conditions
from market.alerts.memory import AlertMemory, Episode
from market.alerts.regime import decide_regime
from market.rules import Rules
from market.snapshot import Snapshot

__all__ = [
    "CLASSES",
    "Alert",
    "AlertMemory",
    "Edge",
    "Episode",
    "Kind",
    "Reason",
    "Severity",
    "context_of",
    "decide",
    "shock_class",
]


def decide(
    memory: AlertMemory, snapshot: Snapshot, rules: Rules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """What to warn of now, given what was said before; nothing is said twice."""
    memory, cascade = decide_cascade(memory, snapshot, rules.alerts, now_ms)
    memory, regime = decide_regime(memory, snapshot, rules, now_ms)
    memory, single = decide_conditions(memory, snapshot, now_ms)
    return memory, (*cascade, *regime, *single)
