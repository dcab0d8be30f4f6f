"""The life of one warning: inactive, pending, firing, recovering, resolved, and unknown from any of them.

It enters and leaves at different points (the flags it stands on have their own thresholds), a dwell guards both, and data
that disappears makes it unknown, never resolved (reliability.md, section 5). Pure: a fold over looks.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from market.alert_rules import Dwell
from market.alerts.alert import CLASSES, Edge, Reason, Severity


class Phase(StrEnum):
    """Where a warning is in its life; one that is inactive is not remembered."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Standing:
    """One warning's memory: `since_ms` is when its phase began, `opened_ms` when it fired.

    `blind_since_ms` is since when its data is missing (None: it is not), `is_blind_told` whether that was said.
    """

    phase: Phase
    since_ms: int
    severity: Severity
    opened_ms: int = 0
    blind_since_ms: int | None = None
    is_blind_told: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one look makes of a warning: its memory (None: inactive), what is told (None: nothing), and why."""

    after: Standing | None
    edge: Edge | None
    reason: Reason


def advance(
    before: Standing | None, holds: bool | None, severity: Severity, dwell: Dwell, now_ms: int
) -> Step:
    """One look: whether the condition holds (None: cannot be seen) at what severity, in the order of time."""
    if holds is None:
        return _unseen(before, dwell, now_ms)
    if before is not None and before.blind_since_ms is not None:
        before = _seen_again(before, dwell, now_ms)
    if before is None:
        return _begin(severity, dwell, now_ms) if holds else Step(None, None, Reason.NOTHING_THERE)
    match before.phase:
        case Phase.PENDING:
            return _pending(before, severity, dwell, now_ms, holds=holds)
        case Phase.FIRING:
            return _firing(before, severity, now_ms, holds=holds)
        case Phase.RECOVERING:
            return _recovering(before, severity, dwell, now_ms, holds=holds)


def _begin(severity: Severity, dwell: Dwell, now_ms: int) -> Step:
    if dwell.fire_ms > 0:
        return Step(Standing(Phase.PENDING, now_ms, severity), None, Reason.NOT_LONG_ENOUGH)
    return Step(Standing(Phase.FIRING, now_ms, severity, now_ms), Edge.FIRED, Reason.CONDITION_HOLDS)


def _pending(before: Standing, severity: Severity, dwell: Dwell, now_ms: int, *, holds: bool) -> Step:
    if not holds:
        return Step(None, None, Reason.PASSED_BY)
    if now_ms - before.since_ms < dwell.fire_ms:
        return Step(replace(before, severity=severity), None, Reason.NOT_LONG_ENOUGH)
    return Step(Standing(Phase.FIRING, now_ms, severity, now_ms), Edge.FIRED, Reason.CONDITION_HOLDS)


def _firing(before: Standing, severity: Severity, now_ms: int, *, holds: bool) -> Step:
    if not holds:
        after = replace(before, phase=Phase.RECOVERING, since_ms=now_ms)
        return Step(after, None, Reason.MAY_BE_OVER)
    if CLASSES.index(severity) > CLASSES.index(before.severity):
        return Step(replace(before, severity=severity), Edge.ESCALATED, Reason.CONDITION_WORSE)
    return Step(before, None, Reason.STILL_HOLDS)


def _recovering(before: Standing, severity: Severity, dwell: Dwell, now_ms: int, *, holds: bool) -> Step:
    if holds:
        return _firing(replace(before, phase=Phase.FIRING, since_ms=now_ms), severity, now_ms, holds=True)
    if now_ms - before.since_ms < dwell.resolve_ms:
        return Step(before, None, Reason.MAY_BE_OVER)
    return Step(None, Edge.RESOLVED, Reason.CONDITION_CLEARED)


def _unseen(before: Standing | None, dwell: Dwell, now_ms: int) -> Step:
    """Nothing is concluded from what is not seen; that a firing one is out of sight is told once."""
    if before is None:
        return Step(None, None, Reason.NOT_SEEN)
    since_ms = now_ms if before.blind_since_ms is None else before.blind_since_ms
    after = replace(before, blind_since_ms=since_ms)
    is_due = now_ms - since_ms >= dwell.blind_ms and not before.is_blind_told
    if before.phase is Phase.PENDING or not is_due:
        return Step(after, None, Reason.NOT_SEEN)
    return Step(replace(after, is_blind_told=True), Edge.UNKNOWN, Reason.NOT_SEEN)


def _seen_again(before: Standing, dwell: Dwell, now_ms: int) -> Standing | None:
    """A pending one that was long unseen begins anew; the clock of a recovery starts at what is seen now."""
    blind_ms = now_ms - (now_ms if before.blind_since_ms is None else before.blind_since_ms)
    seen = replace(before, blind_since_ms=None, is_blind_told=False)
    if before.phase is Phase.PENDING and blind_ms > dwell.forget_ms:
        return None
    if before.phase is Phase.RECOVERING:
        return replace(seen, since_ms=now_ms)
    return seen
