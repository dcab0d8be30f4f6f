"""A picture as plain data: what is drawn, said once; a platform has it drawn, or says what it shows."""

from dataclasses import dataclass
from enum import StrEnum

from commands.protocol.style import ENGLISH, Style

Known = float | None
"""A number of a picture; None where it is not known: a gap, never a line across it."""


class Mark(StrEnum):
    """How the numbers of a series are drawn."""

    LINE = "line"
    BARS = "bars"
    STEPS = "steps"


class Ink(StrEnum):
    """What a series or a rule stands for: platforms choose colours that are told apart without colour vision, and a hatch or dash."""

    MAIN = "main"
    SECOND = "second"
    CALM = "calm"
    CAUTION = "caution"
    STRESS = "stress"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers in equal steps, oldest first, beneath one name."""

    name: str
    values: tuple[Known, ...]
    mark: Mark = Mark.LINE
    ink: Ink = Ink.MAIN


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across a panel: a threshold, a strike, the price now, with the words that stand at it."""

    at: float
    label: str
    ink: Ink = Ink.FAINT
    is_upright: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A ribbon of coloured cells beneath a panel, one a step: an index into `keys`, None where it is not known.

    Where several cells share a sign the commonest is shown, or, where they are `events`, the highest: none may vanish.
    """

    cells: tuple[int | None, ...]
    keys: tuple[tuple[str, Ink], ...]
    events: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One strip of a picture: series over one axis, what they are measured in, and the last value in words.

    The axis is time where `step_ms` is set: the first value is of `first_ms` (UTC). Otherwise it is the numbers from
    `first_x` in steps of `step_x`, named `axis`. `unit` is one of "usd", "coins", "percent" (of fractions), "points", "bps",
    "number". `heights` is the panel's share of the picture.
    """

    title: str
    unit: str
    series: tuple[Series, ...] = ()
    band: Band | None = None
    rules: tuple[Rule, ...] = ()
    first_ms: int = 0
    step_ms: int = 0
    first_x: float = 0.0
    step_x: float = 0.0
    axis: str = ""
    says: str = ""
    height: float = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A block of a reply: panels from top to bottom, and `alt`, which says in words what they show, from the same numbers.

    `key` names the picture and the bar it is of ("regime:live:BTC:1700000000000"): two of one key are the same picture, and
    it is drawn once for all who ask. `source` is "live", "simulated" or "history": one that is not live says so in it, by the
    word `mark`. `style` is how its language writes what stands at the axes.
    """

    key: str
    title: str
    panels: tuple[Panel, ...]
    alt: str
    source: str = "live"
    mark: str = ""
    style: Style = ENGLISH
