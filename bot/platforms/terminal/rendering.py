"""Replies as lines of a terminal: words and symbols first, colour only on top of them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TextIO

from rich.console import Console, ConsoleDimensions, RenderableType
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
        """Print parts one below the other, so that a reader at the other end has them at once."""
        for part in parts:
            self.print(part, soft_wrap=not self.is_terminal, crop=False)
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
            return _fixed(map(clean, lines))
        case Table():
            return _fixed(align(block))


def draw_shortcuts(actions: Sequence[Action]) -> RenderableType:
    """Give the buttons as numbers to type: `[1] Why  [2] Size`."""
    shown = "  ".join(f"[{number}] {clean(action.label)}" for number, action in enumerate(actions, 1))
    return Styled(shown, style="cyan")


def _fixed(lines: Iterable[str]) -> Styled:
    return Styled("\n".join(lines), no_wrap=True, overflow="ignore")


def _marked(text: str, tone: Tone) -> str:
    return text if text.startswith("!") else SYMBOL.get(tone, "") + text
