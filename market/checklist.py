"""The four checks before a trade: how many of them flash against a long or a short (quant.md section 7, 7a.2).

A flag of an input that is absent counts as not seen, false, and is named; of a stale input it is unknown. A check that does
not flash without such an input is unseen: like an unknown one it is no sign of calm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.formulas.logic import all_of, any_of, at_least, at_most, count_true
from market.observations import Side
from market.once import once
from market.reading import Presence
from market.rules import Rules
from market.sizing_rules import ChecklistRules
from market.snapshot import Snapshot

READ_BY: Mapping[str, str] = {
    **dict.fromkeys(("pd", "brk", "stab", "nc", "up"), "price"),
    **dict.fromkeys(("lc", "lb", "lc_short", "lb_short"), "liquidations"),
    **dict.fromkeys(("oe", "ou", "oc", "rolling_over"), "open_interest"),
    **dict.fromkeys(("fe", "fn", "fr", "fd"), "funding"),
    **dict.fromkeys(("ks", "kst", "ks_call"), "skew"),
    "vol_hi": "volatility",
}
"""Which reading answers for a flag."""


class Advice(StrEnum):
    """What is said of new risk, the mildest first. Checks alone never say NO_ADDS (see `market.sizing.advice`)."""

    PROCEED = "PROCEED"
    NO_ADDS = "NO_ADDS"
    REDUCE = "REDUCE"
    WAIT = "WAIT"


_STRENGTH = {advice: strength for strength, advice in enumerate(Advice)}


class Question(StrEnum):
    """What each check asks, in the order of the article."""

    OPEN_INTEREST = "open_interest"
    FUNDING = "funding"
    LIQUIDATIONS = "liquidations"
    SKEW = "skew"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `met` is True where it flashes, None where a stale input hides it.

    `flags` holds what it looked at, `absent` the readings it had to do without.
    """

    question: Question
    met: bool | None
    flags: Mapping[str, bool | None]
    absent: tuple[str, ...] = ()

    @property
    def is_unseen(self) -> bool:
        """Whether it is counted as not flashing for want of a reading, so that nothing is known of it."""
        return self.met is False and bool(self.absent)

    @property
    def known(self) -> bool | None:
        """Whether it flashes; None where that is unknown or cannot be seen."""
        return None if self.is_unseen else self.met


@dataclass(frozen=True, slots=True)
class Checklist:
    """The checks of one side with their count, and what they advise; `could_be` is that if every unknown flashed.

    `unknown` checks are hidden by a stale input, `unseen` ones by an absent one: no check is both. `is_flashing`: so many
    flash that size is reduced; `is_hidden`: so many are unknown or unseen that it is half at best.
    """

    side: Side
    checks: tuple[Check, ...]
    met: int
    unknown: int
    advice: Advice
    could_be: Advice
    unseen: int
    is_flashing: bool
    is_hidden: bool

    @property
    def absent(self) -> tuple[str, ...]:
        """The readings that were absent, each once, in the order of the checks."""
        return tuple(dict.fromkeys(name for check in self.checks for name in check.absent))


@once()
def run_checklist(snapshot: Snapshot, side: Side, rules: Rules) -> Checklist:
    """The four checks against one side of a snapshot; a short's are mirrored."""
    ask = _against_a_long if side is Side.LONG else _against_a_short
    return count(side, ask(snapshot, rules), rules.sizing.checklist)


def count(side: Side, checks: tuple[Check, ...], rules: ChecklistRules) -> Checklist:
    """Count the checks: "two or more = reduce, three or more = wait"; two unknown or unseen ones forbid an unqualified yes."""
    met, unknown = count_true(check.met for check in checks)
    unseen = sum(check.is_unseen for check in checks)
    is_hidden = unknown + unseen >= rules.unknown_reduces_at
    at_best = Advice.REDUCE if is_hidden else Advice.PROCEED
    return Checklist(
        side=side,
        checks=checks,
        met=met,
        unknown=unknown,
        advice=strongest(_advice(met, rules), at_best),
        could_be=strongest(_advice(met + unknown, rules), at_best),
        unseen=unseen,
        is_flashing=met >= rules.reduce_at,
        is_hidden=is_hidden,
    )


def strongest(*given: Advice) -> Advice:
    """The one that leaves the least: WAIT, REDUCE, NO_ADDS, PROCEED, in this order. ValueError where none is given."""
    return max(given, key=_STRENGTH.__getitem__)


def seen_flag(snapshot: Snapshot, flag: str) -> bool | None:
    """A flag as it may be voted with: False where its input is absent, None where it is stale or still unknown."""
    return _as_seen(snapshot, READ_BY[flag], snapshot.regime.flag(flag))


def is_absent(snapshot: Snapshot, name: str) -> bool:
    """Whether there is no feed for a reading at all, as against one that has grown old."""
    reading = snapshot.reading(name)
    return reading is None or reading.presence is Presence.ABSENT


def _against_a_long(snapshot: Snapshot, rules: Rules) -> tuple[Check, ...]:
    flags = _flags(snapshot, "ou", "nc", "oe", "pd", "fe", "lc", "lb", "ks", "kst")
    crowded = any_of(all_of(flags["ou"], flags["nc"]), all_of(flags["oe"], flags["pd"]))
    pays = _as_seen(snapshot, "funding", at_least(snapshot.fact("funding", "f24"), rules.funding.material))
    return (
        _check(snapshot, Question.OPEN_INTEREST, crowded, flags, "ou", "nc", "oe", "pd"),
        _check(snapshot, Question.FUNDING, any_of(flags["fe"], pays), flags, "fe"),
        _check(snapshot, Question.LIQUIDATIONS, any_of(flags["lc"], flags["lb"]), flags, "lc", "lb"),
        _check(snapshot, Question.SKEW, any_of(flags["ks"], flags["kst"]), flags, "ks", "kst"),
    )


def _against_a_short(snapshot: Snapshot, rules: Rules) -> tuple[Check, ...]:
    flags = _flags(snapshot, "ou", "oe", "up", "fd", "lc_short", "lb_short", "ks_call")
    crowded = all_of(any_of(flags["ou"], flags["oe"]), flags["up"])
    pays = _as_seen(snapshot, "funding", at_most(snapshot.fact("funding", "f24"), -rules.funding.material))
    squeezed = any_of(flags["lc_short"], flags["lb_short"])
    return (
        _check(snapshot, Question.OPEN_INTEREST, crowded, flags, "ou", "oe", "up"),
        _check(snapshot, Question.FUNDING, any_of(flags["fd"], pays), flags, "fd"),
        _check(snapshot, Question.LIQUIDATIONS, squeezed, flags, "lc_short", "lb_short"),
        _check(snapshot, Question.SKEW, flags["ks_call"], flags, "ks_call"),
    )


def _flags(snapshot: Snapshot, *names: str) -> dict[str, bool | None]:
    return {name: seen_flag(snapshot, name) for name in names}


def _as_seen(snapshot: Snapshot, name: str, claim: bool | None) -> bool | None:
    """A claim of a reading: absence is not seen, false; staleness makes it unknown, whatever it said."""
    reading = snapshot.reading(name)
    if reading is None or reading.presence is Presence.ABSENT:
        return False
    return None if reading.presence is Presence.STALE else claim


def _check(
    snapshot: Snapshot, question: Question, met: bool | None, flags: Mapping[str, bool | None], *names: str
) -> Check:
    read_by = dict.fromkeys(READ_BY[name] for name in names)
    absent = tuple(name for name in read_by if is_absent(snapshot, name))
    return Check(question, met, {name: flags[name] for name in names}, absent)


def _advice(met: int, rules: ChecklistRules) -> Advice:
    if met >= rules.wait_at:
        return Advice.WAIT
    return Advice.REDUCE if met >= rules.reduce_at else Advice.PROCEED
