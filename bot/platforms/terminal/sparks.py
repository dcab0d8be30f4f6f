"""Pictures in letters: a line of small bars for each series, a line of signs for each ribbon, gaps where nothing is known.

Where nobody looks at a screen (a pipe, a dumb terminal) a picture is said in words.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as Styled

from bot.layout import clean
from commands.protocol.picture import Band, Ink, Known, Mark, Panel, Picture, Series
from commands.wording.numbers import price

T = TypeVar("T")
Scale = tuple[float, float]

BARS = "▁▂▃▄▅▆▇█"
SIGNS = {Ink.CALM: "·", Ink.SECOND: "-", Ink.FAINT: "~", Ink.MAIN: "+", Ink.CAUTION: "!", Ink.STRESS: "#"}
"""Of the cells of a ribbon; no two look alike, whatever the colours."""
GAP = " "
MOST_LETTERS = 72
COLOUR = {Ink.MAIN: "cyan", Ink.SECOND: "yellow", Ink.CALM: "green", Ink.CAUTION: "yellow", Ink.STRESS: "red"}


@dataclass(frozen=True, slots=True)
class Sparks:
    """A picture as a terminal shows it; rich asks it for its lines and tells what it prints on."""

    picture: Picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, or the words where letters of this kind would not be seen."""
        is_seen = console.is_terminal and not console.is_dumb_terminal and not options.ascii_only
        yield from (
            self._lines(min(MOST_LETTERS, options.max_width))
            if is_seen
            else [Styled(clean(self.picture.alt))]
        )

    def _lines(self, letters: int) -> Iterator[Styled]:
        for panel in self.picture.panels:
            yield Styled(clean(f"{panel.title}  {panel.says or _ends(panel)}").rstrip(), style="bold")
            scale = _scale(panel, letters)
            for one in panel.series:
                yield from _series(panel, one, letters, scale)
            if panel.band is not None:
                yield _ribbon(panel.band, letters)
                yield Styled(
                    clean("  ".join(f"{SIGNS[ink]} {name}" for name, ink in panel.band.keys)), style="dim"
                )


def spark(
    values: Sequence[Known], letters: int, *, is_from_zero: bool = False, scale: Scale | None = None
) -> str:
    """Numbers as at most so many bars; a gap where none of a bar's is known.

    Between their least and their largest, or between the two ends of a `scale` that others share.
    """
    told = [_mean(part) for part in _parts(values, letters)]
    seen = [value for value in told if value is not None]
    if not seen:
        return GAP * len(told)
    low, high = scale or (min(seen), max(seen))
    if is_from_zero:
        low, high = min(0.0, low), max(0.0, high)
    return "".join(GAP if value is None else _bar(value, low, high) for value in told)


def _scale(panel: Panel, letters: int) -> Scale | None:
    """The ends between which all series of a panel lie, so that they are as high as they compare."""
    told = [_mean(part) for one in panel.series for part in _parts(one.values, letters)]
    seen = [value for value in told if value is not None]
    return (min(seen), max(seen)) if seen else None


def _ends(panel: Panel) -> str:
    """From where to where a panel reaches that is not over time."""
    if panel.step_ms or not panel.step_x or not panel.series:
        return ""
    last_x = panel.first_x + panel.step_x * (len(panel.series[0].values) - 1)
    return f"{price(panel.first_x)} .. {price(last_x)}"


def _series(panel: Panel, one: Series, letters: int, scale: Scale | None) -> Iterator[Styled]:
    if len(panel.series) > 1:
        yield Styled(clean(one.name), style="dim")
    bars = spark(one.values, letters, is_from_zero=one.mark is Mark.BARS, scale=scale)
    yield _fixed(bars, COLOUR.get(one.ink, ""))


def _ribbon(band: Band, letters: int) -> Styled:
    shown = Styled(no_wrap=True, overflow="ignore")
    for part in _parts(band.cells, letters):
        key = Counter(part).most_common(1)[0][0]
        if band.events:
            key = max((cell for cell in part if cell is not None), default=None)
        ink = None if key is None else band.keys[key][1]
        shown.append(GAP if ink is None else SIGNS[ink], "" if ink is None else COLOUR.get(ink, ""))
    return shown


def _parts(values: Sequence[T], letters: int) -> Iterator[Sequence[T]]:
    """The values in at most so many runs of nearly equal length."""
    count = min(letters, len(values))
    for place in range(count):
        yield values[place * len(values) // count : (place + 1) * len(values) // count]


def _mean(values: Sequence[Known]) -> Known:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def _bar(value: float, low: float, high: float) -> str:
    share = (value - low) / (high - low) if high > low else 0.5
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]


def _fixed(line: str, style: str) -> Styled:
    return Styled(line, style=style, no_wrap=True, overflow="ignore")
