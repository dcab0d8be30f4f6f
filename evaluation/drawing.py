"""Pictures of the document: figures with their intervals, drawn as SVG by hand so that the same figures give the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

INK, FAINT, MARK, OTHER = "#1f2933", "#b8c2cc", "#b03a2e", "#2f6f9f"
ROW, LEFT, WIDTH, TOP, RIGHT = 22, 210, 420, 48, 20


@dataclass(frozen=True)
class Line:
    """One row of a picture: a figure and its interval (NaN: none), and a second figure beside it where there is one."""

    name: str
    value: float
    low: float = float("nan")
    high: float = float("nan")
    other: float = float("nan")


@dataclass(frozen=True)
class Axis:
    """What is measured, from where to where, in steps, and how a number on it is written."""

    title: str
    low: float
    high: float
    step: float
    style: str = ".0%"

    def at(self, value: float) -> float:
        """Where a value stands, in points from the left; what is beyond the end stands at it."""
        inside = min(max(value, self.low), self.high)
        return LEFT + WIDTH * (inside - self.low) / (self.high - self.low)


def forest(lines: Sequence[Line], axis: Axis, title: str, other: str = "") -> bytes:
    """Rows of dots with intervals. `other` says what the second dots are."""
    height, wide = TOP + ROW * len(lines) + 44, LEFT + WIDTH + RIGHT
    frame = f'width="{wide}" height="{height}" viewBox="0 0 {wide} {height}"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(10, 20, title, INK, "font-weight='bold'"),
        *_ticks(axis, height),
    ]
    for place, line in enumerate(lines):
        drawn += _row(line, axis, TOP + ROW * place + ROW / 2)
    if other:
        drawn += [_dot(LEFT, 38, OTHER, hollow=True), _text(LEFT + 8, 42, other, OTHER)]
    return ("\n".join([*drawn, "</svg>"]) + "\n").encode()


def _ticks(axis: Axis, height: float) -> list[str]:
    drawn = []
    for place in range(round((axis.high - axis.low) / axis.step) + 1):
        value = axis.low + place * axis.step
        x = axis.at(value)
        drawn.append(
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 40}" stroke="{FAINT}" stroke-width="0.5"/>'
        )
        drawn.append(_text(x, height - 26, format(value, axis.style), INK, "text-anchor='middle'"))
    return [*drawn, _text(LEFT + WIDTH / 2, height - 8, axis.title, INK, "text-anchor='middle'")]


def _row(line: Line, axis: Axis, y: float) -> list[str]:
    drawn = [_text(LEFT - 10, y + 4, line.name, INK, "text-anchor='end'")]
    if isfinite(line.low) and isfinite(line.high):
        left, right = axis.at(line.low), axis.at(line.high)
        drawn.append(
            f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="{MARK}" stroke-width="2"/>'
        )
    if isfinite(line.other):
        drawn.append(_dot(axis.at(line.other), y, OTHER, hollow=True))
    if isfinite(line.value):
        drawn.append(_dot(axis.at(line.value), y, MARK))
    return drawn


def _dot(x: float, y: float, colour: str, *, hollow: bool = False) -> str:
    fill = "white" if hollow else colour
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'


def _text(x: float, y: float, said: str, colour: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {more}>{escape(said)}</text>'
