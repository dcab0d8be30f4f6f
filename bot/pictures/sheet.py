"""A sheet to draw on, in pixels from its upper left corner: the one place that knows matplotlib.

There are no axes: what a panel needs of them is a few lines and words, and drawing those directly takes a third of the time
(benchmarks/pictures.py). Whoever imports this pays for matplotlib, so only the process that draws does.
"""

import io
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

Side = Literal["left", "center", "right"]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, upper, right, lower."""

FAMILY = "DejaVu Sans"
PIXELS_AN_INCH = 72
"""So that a point of type is a pixel."""
COMPRESSION = 3
NO_GLYPH = "?"
LONGEST_WORDS = 200
NEARLY = 0.98
"""Letters are set to whole pixels: words a tenth smaller are not quite a tenth narrower."""
CUT = "…"

mpl.rcdefaults()  # not what a file of settings on this machine says
mpl.rcParams["hatch.linewidth"] = 1.6
_FONTS = {bold: FontProperties(family=FAMILY, weight="bold" if bold else "normal") for bold in (False, True)}
_GLYPHS = get_font(findfont(_FONTS[False])).get_charmap()
_PIXELS = IdentityTransform()


class Sheet:
    """So many pixels of one colour, to be drawn on."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        size = width / PIXELS_AN_INCH, height / PIXELS_AN_INCH
        self._figure = Figure(figsize=size, dpi=PIXELS_AN_INCH, facecolor=ground)
        self._canvas = FigureCanvasAgg(self._figure)
        self._height = height
        self._drawn = 0

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: str,
        *,
        side: Side = "left",
        bold: bool = False,
        opacity: float = 1.0,
        angle: float = 0.0,
    ) -> None:
        """Words that begin, stand around or end at `x`, their middle at `y`; a letter the font lacks is a question mark."""
        self._add(
            Text(
                x,
                self._height - y,
                _legible(words),
                color=colour,
                fontproperties=_sized(size, bold=bold),
                horizontalalignment=side,
                verticalalignment="center",
                rotation=angle,
                alpha=opacity,
                transform=_PIXELS,
                parse_math=False,
            )
        )

    def text_within(
        self, x: float, y: float, words: str, sizes: tuple[float, float], colour: str, room: float, *,
        side: Side = "left", bold: bool = False,
    ) -> float:  # fmt: skip
        """The same in at most `room` pixels: smaller down to the second size, then cut short. Gives its width."""
        size, least = sizes
        words = words[:LONGEST_WORDS]
        taken = self.width_of(words, size, bold=bold)
        if taken > room:
            size = max(least, size * room / taken * NEARLY)
        while len(words) > 1 and (taken := self.width_of(words, size, bold=bold)) > room:
            words = words[: min(len(words) - 2, int(len(words) * room / taken))].rstrip() + CUT
        self.text(x, y, words, size, colour, side=side, bold=bold)
        return taken

    def width_of(self, words: str, size: float, *, bold: bool = False) -> float:
        """How wide words are."""
        renderer: Any = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        width, _, _ = renderer.get_text_width_height_descent(_legible(words), _sized(size, bold=bold), False)
        return float(width)

    def line(
        self, points: Sequence[Point], colour: str, width: float, dashes: tuple[float, ...] = ()
    ) -> None:
        """A line through points; one that is no number (NaN) is a gap."""
        xs, ys = zip(*points, strict=True)
        drawn = Line2D(
            xs, [self._height - y for y in ys], color=colour, linewidth=width, transform=_PIXELS,
            solid_joinstyle="round", solid_capstyle="butt",
        )  # fmt: skip
        if dashes:
            drawn.set_dashes([length / width for length in dashes])
        self._add(drawn)

    def dots(self, points: Sequence[Point], colour: str, size: float, rim: str) -> None:
        """Round dots with a rim."""
        if points:
            xs, ys = zip(*points, strict=True)
            self._add(
                Line2D(
                    xs,
                    [self._height - y for y in ys],
                    linestyle="none",
                    marker="o",
                    markersize=size,
                    markerfacecolor=colour,
                    markeredgecolor=rim,
                    markeredgewidth=1.5,
                    transform=_PIXELS,
                )
            )

    def label(self, x: float, y: float, words: str, size: float, colour: str, ground: str) -> None:
        """Words that begin at `x` on a patch of ground, so that what lies below does not cross them."""
        taken = self.width_of(words, size)
        self.boxes([(x - 4.0, y - size * 0.6, x + taken + 4.0, y + size * 0.6)], ground)
        self.text(x, y, words, size, colour)

    def boxes(
        self,
        boxes: Sequence[Box],
        colour: str,
        *,
        hatch: str = "",
        ground: str | None = None,
        is_narrow: bool = False,
    ) -> None:
        """Filled boxes, all in one; the lines of a hatch in the colour of the ground.

        `is_narrow`: not moved to whole pixels, which would make equal ones of a few pixels unequal.
        """
        if boxes:
            patch = PathPatch(
                self._path(boxes), facecolor=colour, edgecolor=ground or colour, linewidth=0.0, hatch=hatch,
                transform=_PIXELS,
            )  # fmt: skip
            if is_narrow:
                patch.set_snap(False)
            self._add(patch)

    def frames(self, boxes: Sequence[Box], colour: str, width: float) -> None:
        """Empty boxes with a rim."""
        if boxes:
            patch = PathPatch(
                self._path(boxes), fill=False, edgecolor=colour, linewidth=width, transform=_PIXELS
            )
            self._add(patch)

    def png(self) -> bytes:
        """What was drawn, as a PNG."""
        file = io.BytesIO()
        self._canvas.print_png(file, pil_kwargs={"compress_level": COMPRESSION})  # type: ignore[no-untyped-call]
        return file.getvalue()

    def _add(self, drawn: Artist) -> None:
        """Above all that was drawn before."""
        self._drawn += 1
        drawn.set_zorder(self._drawn)
        self._figure.add_artist(drawn)

    def _path(self, boxes: Sequence[Box]) -> Path:
        corners: list[Point] = []
        for left, upper, right, lower in boxes:
            top, bottom = self._height - upper, self._height - lower
            corners += [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        one = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
        return Path(corners, one * len(boxes))


def _sized(size: float, *, bold: bool) -> FontProperties:
    font = _FONTS[bold].copy()
    font.set_size(size)
    return font


def _legible(words: str) -> str:
    return "".join(sign if ord(sign) in _GLYPHS else NO_GLYPH for sign in words)
