"""How pictures look: one theme with a ground of its own, so that a dark client and a light one show the same.

Inks are told apart without colour vision (Okabe and Ito's palette, lightened for a dark ground), and never by colour alone:
series of a panel differ in dash, bars in hatch or side, cells in hatch. Lengths are pixels; a phone shows a picture at about
two fifths of them.
"""

from collections.abc import Mapping

from commands.protocol.picture import Ink

REVISION = "1"
"""Raised when the same picture is drawn in another way: what is kept of the old way is then not found."""

GROUND = "#10151d"
FIELD = "#182029"
GRID = "#34404d"
WORDS = "#f1f4f8"
QUIET = "#aab6c3"

COLOUR: Mapping[Ink, str] = {
    Ink.MAIN: "#56b4e9",
    Ink.SECOND: "#e69f00",
    Ink.CALM: "#1fbf92",
    Ink.CAUTION: "#f0e442",
    Ink.STRESS: "#ff6f3c",
    Ink.FAINT: "#93a1b0",
}
HATCH: Mapping[Ink, str] = {
    Ink.MAIN: "xx",
    Ink.SECOND: "\\\\\\",
    Ink.CALM: "",
    Ink.CAUTION: "//",
    Ink.STRESS: "||",
    Ink.FAINT: "..",
}
"""Of cells; in the signs of matplotlib."""

DASHES: tuple[tuple[float, ...], ...] = ((), (9.0, 4.0), (2.5, 3.0), (9.0, 3.0, 2.5, 3.0))
"""Of the lines of a panel, in their order; the first is drawn through."""
BAR_HATCHES = ("", "////", "....")
"""Of the bars of a panel, in their order, where they are wide enough to show one."""
HATCHED_FROM = 7.0

WIDTH = 900
MOST_HEIGHT = 2_400
LEFT, RIGHT = 28, 122
"""The margin at the left, and at the right the gutter in which the numbers stand."""
HEAD, FOOT, GAP = 66, 44, 18
TITLE, LEGEND, TIMES = 42, 34, 32
"""The rows of a panel above and below its field."""
FIELD_HEIGHT, LEAST_FIELD = 150.0, 36.0
RIBBON = 26.0

BIG, MIDDLE, SMALL, LEAST = 30.0, 24.0, 20.0, 15.0
"""Sizes of letters; what is too wide is set smaller, down to the least."""
MARK = 120.0
LINE, THIN = 3.2, 1.4
DOT = 11.0
