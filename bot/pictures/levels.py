"""The lines across a field, each with its words where they hide the least of the numbers and of each other."""

from dataclasses import dataclass

from bot.pictures import theme
from bot.pictures.fields import Field, is_number, signed, slot_of
from bot.pictures.sheet import Sheet
from commands.protocol.picture import Panel, Rule

SIZE = theme.SMALL - 2.0
BESIDE, ABOVE = 8.0, 14.0
PLACES = 5
"""So many places along a level are looked at for its words."""
COVERED = 2
"""A letter of another label hides as much as so many numbers."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where words may stand: their left end and their middle."""

    x: float
    y: float
    width: float

    def meets(self, other: "Spot") -> bool:
        """Whether two of them would cover each other."""
        return (
            abs(self.y - other.y) < SIZE * 1.2
            and self.x < other.x + other.width
            and other.x < self.x + self.width
        )


def draw_rules(sheet: Sheet, panel: Panel, field: Field) -> None:
    """Draw the rules of a panel; a level outside the field is told at the edge it lies beyond."""
    known = [rule for rule in panel.rules if is_number(rule.at)]
    for rule in known:
        _draw_line(sheet, panel, rule, field)
    taken: list[Spot] = []
    for rule in known:
        words, spots = _spots(sheet, panel, rule, field)
        if words and spots:
            best = min(spots, key=lambda spot: _hidden(spot, panel, field, taken))
            sheet.label(best.x, best.y, words, SIZE, theme.COLOUR[rule.ink], theme.FIELD)
            taken.append(best)


def _draw_line(sheet: Sheet, panel: Panel, rule: Rule, field: Field) -> None:
    colour, dashes = theme.COLOUR[rule.ink], theme.DASHES[1]
    if rule.is_upright:
        x = field.x(slot_of(panel, rule.at))
        if field.left <= x <= field.right:
            sheet.line([(x, field.upper), (x, field.lower)], colour, theme.THIN, dashes)
    elif field.holds(rule.at):
        y = field.y(rule.at)
        sheet.line([(field.left, y), (field.right, y)], colour, theme.THIN, dashes)


def _spots(sheet: Sheet, panel: Panel, rule: Rule, field: Field) -> tuple[str, list[Spot]]:
    """The words of a rule, and where they may stand: beside an upright, above or below a level, at an edge."""
    if not rule.label:
        return "", []
    if rule.is_upright:
        x, width = field.x(slot_of(panel, rule.at)), sheet.width_of(rule.label, SIZE)
        if not field.left <= x <= field.right:
            return "", []
        rows = [field.upper + ABOVE, field.lower - ABOVE, (field.upper + field.lower) / 2]
        sides = [
            left for left in (x + BESIDE, x - BESIDE - width) if field.left <= left <= field.right - width
        ]
        return rule.label, [Spot(left, row, width) for row in rows for left in sides]
    words = _edged(rule, field)
    width = sheet.width_of(words, SIZE)
    step = max(0.0, field.right - field.left - 2 * BESIDE - width) / (PLACES - 1)
    lefts = [field.left + BESIDE + number * step for number in range(PLACES)]
    return words, [Spot(left, row, width) for row in _rows(rule, field) for left in lefts]


def _edged(rule: Rule, field: Field) -> str:
    if field.holds(rule.at):
        return rule.label
    return f"{'↑' if rule.at > field.high else '↓'} {rule.label}"


def _rows(rule: Rule, field: Field) -> list[float]:
    if not field.holds(rule.at):
        return [field.upper + ABOVE if rule.at > field.high else field.lower - ABOVE]
    y = field.y(rule.at)
    return [
        row
        for row in (y - ABOVE, y + ABOVE)
        if field.upper + ABOVE <= row + 4.0 and row - 4.0 <= field.lower - ABOVE
    ]


def _hidden(spot: Spot, panel: Panel, field: Field, taken: list[Spot]) -> float:
    """How much words would hide there: numbers below them, and other words."""
    first = max(0, int((spot.x - field.left) / field.slot))
    behind = int((spot.x + spot.width - field.left) / field.slot) + 1
    numbers = sum(
        1
        for one in panel.series
        for value in signed(panel, one)[first:behind]
        if value is not None and is_number(value) and abs(field.y(value) - spot.y) < SIZE
    )
    return numbers / max(1, behind - first) + COVERED * sum(spot.meets(other) for other in taken)
