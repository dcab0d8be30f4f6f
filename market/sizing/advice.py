"""What is advised of new risk on one side, and why: the one answer that every command, message and number gives.

WAIT and REDUCE are what the checks say (section 7); signs that do not agree, or too few of them, leave half of a new size at
best (section 8); a market that has turned against the side forbids adding, before any line of the trader's own (8.9).
"""

from dataclasses import dataclass
from enum import StrEnum

from market.checklist import Advice, Checklist, strongest
from market.observations import Side
from market.once import once
from market.rules import Rules
from market.sizing.conditions import Conditions, conditions_of
from market.snapshot import Snapshot


class Ground(StrEnum):
    """Why it is advised, the most telling first."""

    FLASHING = "flashing"
    UNSEEN = "unseen"
    UNCERTAIN = "uncertain"
    TURNED = "turned"


@dataclass(frozen=True, slots=True)
class Advised:
    """What is advised of one side, with its checks and every ground there is; () where nothing stands against it.

    Adding is forbidden wherever TURNED is a ground, whatever else is advised.
    """

    checklist: Checklist
    advice: Advice
    grounds: tuple[Ground, ...]

    @property
    def side(self) -> Side:
        """The side it is of."""
        return self.checklist.side

    @property
    def could_be(self) -> Advice:
        """What it would be if every unknown check flashed."""
        return strongest(self.advice, self.checklist.could_be)

    @property
    def has_turned(self) -> bool:
        """Whether the market has turned against the side: no adds, rungs are pulled in."""
        return Ground.TURNED in self.grounds


def advise(snapshot: Snapshot, side: Side, rules: Rules) -> Advised:
    """What is advised of new risk on one side of a market."""
    return advised_in(conditions_of(snapshot, rules), side)


@once()
def advised_in(conditions: Conditions, side: Side) -> Advised:
    """The same of conditions that are known already."""
    against = conditions.against(side)
    checklist = against.checklist
    waits = checklist.advice is Advice.WAIT
    grounds = {
        Ground.FLASHING: checklist.is_flashing,
        Ground.UNSEEN: checklist.is_hidden and not waits,
        Ground.UNCERTAIN: conditions.uncertain and not waits,
        Ground.TURNED: against.risk_invalidated is True,
    }
    held = tuple(ground for ground, holds in grounds.items() if holds)
    return Advised(checklist, strongest(checklist.advice, *(_AT_BEST[ground] for ground in held)), held)


_AT_BEST = {
    Ground.FLASHING: Advice.REDUCE,
    Ground.UNSEEN: Advice.REDUCE,
    Ground.UNCERTAIN: Advice.REDUCE,
    Ground.TURNED: Advice.NO_ADDS,
}
"""The mildest that a ground leaves."""
