"""The decision table: fourteen flags, each true, false or unknown, to one state (quant.md section 7).

Inside, a claim is 0 (false), 1 (unknown) or 2 (true), so that AND is min, OR is max and NOT is 2 - x: Kleene's logic.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The eight states of the decision table, and the honest ninth."""

    HEALTHY = "HEALTHY"
    STABILISING = "STABILISING"
    DIGESTING = "DIGESTING"
    MIXED = "MIXED"
    SQUEEZE_RISK = "SQUEEZE_RISK"
    CROWDING = "CROWDING"
    CAPITULATION = "CAPITULATION"
    UNWINDING = "UNWINDING"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


SEVERITY: Mapping[State, int] = {
    State.HEALTHY: 0,
    State.STABILISING: 0,
    State.DIGESTING: 1,
    State.MIXED: 2,
    State.SQUEEZE_RISK: 2,
    State.CROWDING: 3,
    State.CAPITULATION: 4,
    State.UNWINDING: 5,
}
"""How bad a state is for somebody who is long."""

CODED: tuple[State, ...] = (
    State.HEALTHY,
    State.STABILISING,
    State.DIGESTING,
    State.MIXED,
    State.SQUEEZE_RISK,
    State.CROWDING,
    State.CAPITULATION,
    State.UNWINDING,
    State.INSUFFICIENT_DATA,
)
"""The states by the number under which closed hours keep them: one that is added stands last, none changes its place."""

CALM_STATES = frozenset({State.HEALTHY, State.STABILISING, State.DIGESTING})

FLAGS = ("pd", "brk", "stab", "nc", "lc", "oe", "ou", "oc", "fe", "fn", "fr", "fd", "ks", "kst")
"""pd price weakness, brk fast break, stab stabilised, nc failing to confirm, lc long-liquidation cluster, oe elevated,
ou rising fast, oc compressing open interest, fe elevated, fn not reset, fr reset, fd deeply negative funding,
ks steep, kst steepening skew."""

FALSE, UNKNOWN, TRUE = 0, 1, 2
_CLAIM: Mapping[bool | None, int] = {False: FALSE, None: UNKNOWN, True: TRUE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The table's answer: the first state that holds, the ones before it that an unknown would allow, and the pro-tip."""

    state: State
    possible: tuple[State, ...]
    protip: bool | None


@dataclass(frozen=True, slots=True)
class _Claims:
    pd: int
    brk: int
    stab: int
    nc: int
    lc: int
    oe: int
    ou: int
    oc: int
    fe: int
    fn: int
    fr: int
    fd: int
    ks: int
    kst: int

    @property
    def calm_funding(self) -> int:
        return max(self.fr, self.fd)

    @property
    def protip(self) -> int:
        """Price falling, open interest elevated, funding not reset: not done unwinding."""
        return min(self.pd, self.oe, self.fn)


def _unwinding(on: _Claims) -> int:
    return min(on.pd, on.lc, max(on.brk, on.oc, 2 - on.stab))


def _capitulation(on: _Claims) -> int:
    return min(on.pd, on.oc, on.calm_funding, 2 - on.stab, 2 - on.lc)


def _squeeze_risk(on: _Claims) -> int:
    return min(on.fd, on.stab, max(on.oe, on.ou), 2 - on.oc, 2 - on.lc)


def _crowding(on: _Claims) -> int:
    return max(
        on.protip,
        min(max(on.oe, on.ou), on.fe),
        min(on.ou, max(on.pd, on.nc)),
        min(on.pd, on.fe),
        min(on.kst, on.fe),
        min(on.lc, on.oe),
    )


def _stabilising(on: _Claims) -> int:
    return min(on.stab, 2 - on.pd, max(on.oc, 2 - on.oe), on.calm_funding, 2 - on.kst, 2 - on.lc)


def _digesting(on: _Claims) -> int:
    return min(2 - on.lc, max(on.oc, 2 - max(on.oe, on.ou)), on.calm_funding, 2 - on.kst, max(on.pd, on.stab))


def _healthy(on: _Claims) -> int:
    return 2 - max(on.pd, on.lc, on.fe, on.ks, on.kst)


ROWS: tuple[tuple[State, Callable[[_Claims], int]], ...] = (
    (State.UNWINDING, _unwinding),
    (State.CAPITULATION, _capitulation),
    (State.SQUEEZE_RISK, _squeeze_risk),
    (State.CROWDING, _crowding),
    (State.STABILISING, _stabilising),
    (State.DIGESTING, _digesting),
    (State.HEALTHY, _healthy),
)
"""The rows in order; the first that holds is the state, and MIXED when none does."""


def classify(flags: Mapping[str, bool | None]) -> Verdict:
    """The state of these flags; a flag that is not named is unknown. Total over every combination."""
    on = _Claims(*[_CLAIM[flags.get(name)] for name in FLAGS])
    protip = (False, None, True)[on.protip]
    possible: list[State] = []
    for state, holds in ROWS:
        claim = holds(on)
        if claim == TRUE:
            return Verdict(state, tuple(possible), protip)
        if claim == UNKNOWN:
            possible.append(state)
    return Verdict(State.MIXED, tuple(possible), protip)


def is_valid(flags: Mapping[str, bool | None]) -> bool:
    """Whether known flags can stand together (pd implies nc, brk implies pd and not stab, and so on)."""

    def holds(name: str) -> bool:
        return flags.get(name) is True

    return not (
        (holds("pd") and not holds("nc"))
        or (holds("brk") and (not holds("pd") or holds("stab")))
        or (holds("fe") and not holds("fn"))
        or (holds("fd") and not holds("fr"))
        or (holds("fn") and holds("fr"))
        or (holds("ou") and holds("oc"))
    )
