"""What would change the state: the fewest flags of the decision table that have to turn, asked of the table itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from market.checklist import READ_BY, seen_flag
from market.reading import Presence
from market.regime import CALM_NEEDS
from market.snapshot import Snapshot
from market.table import CALM_STATES, FLAGS, SEVERITY, State, classify

Flags = Mapping[str, bool | None]

FORCES: Mapping[tuple[str, bool], tuple[tuple[str, bool], ...]] = {
    ("pd", True): (("nc", True),),
    ("pd", False): (("brk", False),),
    ("brk", True): (("pd", True), ("nc", True), ("stab", False)),
    ("stab", True): (("brk", False),),
    ("nc", False): (("pd", False), ("brk", False)),
    ("ou", True): (("oc", False),),
    ("oc", True): (("ou", False),),
    ("fe", True): (("fn", True), ("fr", False), ("fd", False)),
    ("fn", True): (("fr", False), ("fd", False)),
    ("fn", False): (("fe", False),),
    ("fr", True): (("fn", False), ("fe", False)),
    ("fr", False): (("fd", False),),
    ("fd", True): (("fr", True), ("fn", False), ("fe", False)),
}
"""What turns with a flag, so that the combination stays one that can occur (quant.md section 7, "logically valid")."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of the state: the flags that turn (name and new value) and the state the table then gives."""

    flags: tuple[tuple[str, bool], ...]
    state: State


def voted(snapshot: Snapshot) -> dict[str, bool | None]:
    """The flags as the table sees them: those of an absent input count as not seen, those of a stale one as unknown."""
    return {flag: seen_flag(snapshot, flag) for flag in FLAGS}


def worse(snapshot: Snapshot) -> tuple[Turn, ...]:
    """The single turns, else the pairs of turns, that lead to a severer state than the one held."""
    held = SEVERITY.get(snapshot.regime.held, len(SEVERITY))
    return _fewest(snapshot, frozenset(state for state, severity in SEVERITY.items() if severity > held))


def better(snapshot: Snapshot) -> tuple[Turn, ...]:
    """The single turns, else the pairs of turns, that lead to a milder state than the one held."""
    held = SEVERITY.get(snapshot.regime.held, -1)
    return _fewest(snapshot, frozenset(state for state, severity in SEVERITY.items() if severity < held))


def _fewest(snapshot: Snapshot, wanted: frozenset[State]) -> tuple[Turn, ...]:
    """Only flags that are seen turn: nobody can watch for one that is not."""
    flags = voted(snapshot)
    seen = [flag for flag in FLAGS if _is_seen(snapshot, READ_BY[flag]) and flags[flag] is not None]
    if flags["pd"] and "nc" in seen:
        seen.remove("nc")  # it cannot turn before the weakness does, which is tried by itself
    for count in (1, 2):
        tried = (_turn(snapshot, flags, group) for group in combinations(seen, count))
        found = tuple(turn for turn in tried if turn.state in wanted)
        if found or not wanted:
            return found
    return ()


def _is_seen(snapshot: Snapshot, owner: str) -> bool:
    reading = snapshot.reading(owner)
    return reading is not None and reading.presence is Presence.SEEN


def _turn(snapshot: Snapshot, flags: Flags, group: Iterable[str]) -> Turn:
    turned = tuple((flag, not flags[flag]) for flag in group)
    tried = dict(flags)
    for flag, value in turned:
        tried[flag] = value
        tried.update(FORCES.get((flag, value), ()))
    state = classify(tried).state
    unseen_calm = state in CALM_STATES and not all(_is_seen(snapshot, name) for name in CALM_NEEDS)
    return Turn(turned, State.MIXED if unseen_calm else state)
