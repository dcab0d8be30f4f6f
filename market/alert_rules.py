"""How long a condition has to hold before it is told, and from where on it is loud (reliability.md, section 5)."""

from dataclasses import dataclass

from market.observations import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Dwell:
    """How long a condition holds before it is told, and how long it is gone before its end is.

    After `forget_ms` without data a pending one begins anew; `blind_ms` without data are told of a firing one.
    """

    fire_ms: int
    resolve_ms: int = 15 * MINUTE_MS
    blind_ms: int = 5 * MINUTE_MS
    forget_ms: int = 10 * MINUTE_MS


ONE_CYCLE = Dwell(fire_ms=2 * MINUTE_MS)
"""Two looks a minute apart have to agree."""

SLOW = Dwell(fire_ms=10 * MINUTE_MS, resolve_ms=30 * MINUTE_MS)
"""What changes with a settlement or a day is in no hurry."""

STAGE_WARNED = 2
"""From which step of the sequence on it is told, as a watch: no step of it has skill (docs/evaluation.md, decision 0043)."""
