"""Where the numbers of a panel stand on the sheet: its slots from left to right, and its range from bottom to top."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commands.protocol.picture import Known, Mark, Panel, Rule, Series

HEADROOM = 0.08
"""What stays free above and below the numbers, of their range."""
RULES_STRETCH = 2.5
"""A rule that would make the range so many times what the numbers need is told at the edge instead."""
TWO = 2

Runs = Iterator[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field between pixels, for `count` slots and numbers from `low` to `high`."""

    left: float
    upper: float
    right: float
    lower: float
    count: int
    low: float
    high: float

    @property
    def slot(self) -> float:
        """How wide a slot is, pixels."""
        return (self.right - self.left) / max(1, self.count)

    def x(self, place: float) -> float:
        """The middle of a slot."""
        return self.left + (place + 0.5) * self.slot

    def y(self, value: float) -> float:
        """The height of a number."""
        return self.lower - (value - self.low) / (self.high - self.low) * (self.lower - self.upper)

    def holds(self, value: float) -> bool:
        """Whether a number lies within the range."""
        return self.low <= value <= self.high


def slots(panel: Panel) -> int:
    """How many steps a panel has."""
    cells = (len(panel.band.cells),) if panel.band is not None else ()
    return max((*(len(one.values) for one in panel.series), *cells), default=0)


def slot_of(panel: Panel, at: float) -> float:
    """The place of a time (ms) or number among a panel's slots."""
    if panel.step_ms:
        return (at - panel.first_ms) / panel.step_ms
    return (at - panel.first_x) / panel.step_x if panel.step_x else -1.0


def is_told(panel: Panel) -> bool:
    """Whether any number of a panel is known."""
    return any(is_number(value) for one in panel.series for value in one.values)


def is_number(value: Known) -> bool:
    """Whether a number is known and can be drawn."""
    return value is not None and math.isfinite(value)


def hangs(panel: Panel) -> bool:
    """Whether the second of two kinds of bars hangs below zero, the first standing on it: no colour tells them apart then."""
    bars = [one for one in panel.series if one.mark is Mark.BARS]
    both = [value for one in bars for value in one.values if value is not None]
    return len(bars) == TWO and all(value >= 0.0 for value in both)


def signed(panel: Panel, one: Series) -> Sequence[Known]:
    """The numbers of a series as they are drawn: those of hanging bars below zero."""
    bars = [other for other in panel.series if other.mark is Mark.BARS]
    if not hangs(panel) or one is not bars[-1]:
        return one.values
    return [None if value is None else -value for value in one.values]


def spread(panel: Panel) -> tuple[float, float]:
    """The least and the largest number the field shows, with some room; bars stand on zero, near rules are within."""
    seen = [
        value
        for one in panel.series
        for value in signed(panel, one)
        if value is not None and is_number(value)
    ]
    if any(one.mark is Mark.BARS for one in panel.series):
        seen.append(0.0)
    if not seen:
        return 0.0, 1.0
    low, high = _with_rules(min(seen), max(seen), panel.rules)
    if high <= low:
        low, high = low - (abs(low) * HEADROOM or 1.0), high + (abs(high) * HEADROOM or 1.0)
    room = (high - low) * HEADROOM
    has_ground = low == 0.0 and any(one.mark is Mark.BARS for one in panel.series)
    return low - (0.0 if has_ground else room), high + room


def runs(values: Sequence[object]) -> Runs:
    """The first place and the one behind the last of each run of known values."""
    first: int | None = None
    for place, value in enumerate((*values, None)):
        if value is not None and first is None:
            first = place
        elif value is None and first is not None:
            yield first, place
            first = None


def _with_rules(low: float, high: float, rules: Sequence[Rule]) -> tuple[float, float]:
    for rule in (rule for rule in rules if not rule.is_upright and is_number(rule.at)):
        wide_low, wide_high = min(low, rule.at), max(high, rule.at)
        if high <= low or wide_high - wide_low <= RULES_STRETCH * (high - low):
            low, high = wide_low, wide_high
    return low, high
