"""What would change the state: the fewest flags of the decision table that have to turn, asked of the table itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from market.checklist import READ_BY, seen_flag
from market.reading import Presence
from market.regime import CALM_NEEDS
from market.snapshot import Snapshot
from market.table import CALM_STATES, FLAGS, SEVERITY, State, classify

COMBINATIONS_KEPT = 4_096
"""Of flags: more than all assets of a day have."""

Flags = Mapping[str, bool | None]
Tried = tuple[tuple[tuple[str, bool], ...], Flags]

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
    seen = (flag for flag in FLAGS if _is_seen(snapshot, READ_BY[flag]) and flags[flag] is not None)
    may_be_calm = all(_is_seen(snapshot, name) for name in CALM_NEEDS)
    return _turns(tuple(flags[flag] for flag in FLAGS), tuple(seen), may_be_calm, wanted)


@lru_cache(maxsize=COMBINATIONS_KEPT)
def _turns(
    voted: tuple[bool | None, ...], seen: tuple[str, ...], may_be_calm: bool, wanted: frozenset[State]
) -> tuple[Turn, ...]:
    """All who ask between two changes of the market ask the same: the table is tried once for them."""
    flags = dict(zip(FLAGS, voted, strict=True))
    for count in (1, 2):
        tried = (_tried(flags, group) for group in combinations(seen, count))
        reached = [one for one in tried if _state(one[1], may_be_calm=may_be_calm) in wanted]
        if reached or not wanted:
            return tuple(
                Turn(turned, _state(after, may_be_calm=may_be_calm))
                for turned, after in _simplest(flags, reached)
            )
    return ()


def _tried(flags: Flags, group: Iterable[str]) -> Tried:
    """The flags after these have turned, and whatever turns with them."""
    turned = tuple((flag, not flags[flag]) for flag in group)
    after = dict(flags)
    for flag, value in turned:
        after[flag] = value
        after.update(FORCES.get((flag, value), ()))
    return turned, after


def _simplest(flags: Flags, reached: list[Tried]) -> list[Tried]:
    """Without those that turn all that another one turns, and more: the other one comes first in the market."""
    changes = [{flag for flag, value in after.items() if flags[flag] != value} for _, after in reached]
    return [
        one
        for one, change in zip(reached, changes, strict=True)
        if not any(less < change for less in changes)
    ]


def _state(flags: Flags, *, may_be_calm: bool) -> State:
    """The table's answer; a calm one needs its inputs seen (7a.2)."""
    state = classify(flags).state
    return State.MIXED if state in CALM_STATES and not may_be_calm else state


def _is_seen(snapshot: Snapshot, owner: str) -> bool:
    reading = snapshot.reading(owner)
    return reading is not None and reading.presence is Presence.SEEN
