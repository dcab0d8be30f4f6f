"""Replies as lines of a terminal: words and symbols first, colour only on top of them."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table as Grid
from rich.text import Text as Styled

from bot.layout import SYMBOL, align, clean, plainly
from bot.platforms.terminal.sparks import Sparks
from commands.protocol.picture import Picture
from commands.protocol.reply import (
    Action,
    Block,
    Evidence,
    Heading,
    Lines,
    Note,
    Reply,
    Table,
    Text,
    Told,
    Tone,
)

STYLE: Mapping[Tone, str] = {
    Tone.GOOD: "green",
    Tone.PLAIN: "",
    Tone.CAUTION: "yellow",
    Tone.STRESS: "bold red",
}
SHORTCUT, BETWEEN = "cyan", "  "
MARKED_STRESS = re.compile(r"(?<!\S)!!\S+")
MARKED_CAUTION = re.compile(r"(?<!\S)!(?!!)\S+")


class Paper(Console):
    """A console that lets a broken pipe be its caller's business, and never reads markup into what it prints.

    Colour is left out where the stream is no terminal, TERM is dumb or NO_COLOR is set; `is_plain`: as into a pipe.
    """

    def __init__(self, stream: TextIO, *, is_plain: bool = False) -> None:
        is_terminal = False if is_plain else None  # None: rich looks for itself
        super().__init__(file=stream, markup=False, highlight=False, emoji=False, force_terminal=is_terminal)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError again, where rich would end the program."""
        raise BrokenPipeError

    @property
    def size(self) -> ConsoleDimensions:
        """As wide as the terminal that is written to is now; rich looks at this process' own streams alone."""
        with suppress(OSError, ValueError):
            columns, rows = os.get_terminal_size(self.file.fileno())
            if columns and rows:
                return ConsoleDimensions(columns, rows)
        return super().size

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def put(self, *parts: RenderableType) -> None:
        """Print parts one below the other, so that a reader at the other end has them at once.

        Where somebody reads them on a screen, also in words alone, no word is broken; what goes elsewhere keeps its lines.
        """
        is_seen = self.is_terminal or self.file.isatty()
        for part in parts:
            self.print(part, soft_wrap=not is_seen, crop=False)
        self.file.flush()


def draw_reply(reply: Reply) -> Iterator[RenderableType]:
    """Give what to print for `reply`, from top to bottom, without its buttons."""
    return map(draw_block, reply.blocks)


def draw_block(block: Block) -> RenderableType:
    """Give one block as rich prints it; tone is a symbol as well as a colour."""
    match block:
        case Heading(text, tone):
            return Styled(clean(text), style=f"bold {STYLE[tone]}".strip())
        case Note(text, tone):
            return Styled(_marked(clean(text), tone), style=STYLE[tone])
        case Text(text):
            return Styled(clean(text))
        case Picture():
            return Sparks(block)
        case Told():
            return Styled(plainly(block))
        case Evidence(lines):
            return Styled("\n".join(map(clean, lines)), style="dim")
        case Lines(lines):
            return _toned(_fixed(map(clean, lines)))
        case Table():
            return Columns(block)


def draw_shortcuts(actions: Sequence[Action]) -> RenderableType:
    """Give the buttons as numbers to type: `[1] Why  [2] Size`."""
    return Shortcuts(tuple(f"[{number}] {clean(action.label)}" for number, action in enumerate(actions, 1)))


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Buttons with their numbers, as many in a line as there is room for: none is broken in two."""

    labels: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines; one where lines are not to be broken at all."""
        line = ""
        for label in self.labels:
            grown = f"{line}{BETWEEN}{label}" if line else label
            if line and not options.no_wrap and cell_len(grown) > options.max_width:
                yield Styled(line, style=SHORTCUT)
                grown = label
            line = grown
        yield Styled(line, style=SHORTCUT)


@dataclass(frozen=True, slots=True)
class Columns:
    """A table: at a terminal as rich sets one, else its aligned lines alone."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The head apart from the rows by its style; what marks a value is coloured as well."""
        if not console.is_terminal or not self.table.rows:
            yield _fixed(align(self.table))
            return
        count = max(map(len, (self.table.head, *self.table.rows)))
        shown = Grid(
            box=None,
            padding=(0, 1, 0, 0),
            pad_edge=False,
            show_header=bool(self.table.head),
            header_style="dim",
        )
        for place in range(count):
            head = self.table.head[place] if place < len(self.table.head) else ""
            is_right = self.table.align[place : place + 1] == "r"
            shown.add_column(
                Styled(_one_line(head)), justify="right" if is_right else "left", overflow="fold"
            )
        for row in self.table.rows:
            shown.add_row(*(_cell(cell) for cell in row))
        yield shown


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _cell(text: str) -> Styled:
    said = _one_line(text)
    tone = Tone.STRESS if "!!" in said else Tone.CAUTION if said.lstrip().startswith("!") else Tone.PLAIN
    return Styled(said, style=STYLE[tone])


def _fixed(lines: Iterable[str]) -> Styled:
    return Styled("\n".join(lines), no_wrap=True, overflow="ignore")


def _toned(lines: Styled) -> Styled:
    """The lines with the values in colour that are marked as a caution or as stress."""
    lines.highlight_regex(MARKED_STRESS, STYLE[Tone.STRESS])
    lines.highlight_regex(MARKED_CAUTION, STYLE[Tone.CAUTION])
    return lines


def _marked(text: str, tone: Tone) -> str:
    return text if text.startswith("!") else SYMBOL.get(tone, "") + text
