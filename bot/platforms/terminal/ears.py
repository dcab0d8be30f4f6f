"""Lines as somebody types them: edited anywhere and completed in a menu, or letter by letter where nothing may be drawn anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from bot.platforms.terminal.completion import Candidate
from bot.platforms.terminal.history import StoredLines
from bot.platforms.terminal.screen import Place
from commands.protocol.phrases import Phrases, phrases_in

EDITOR = "bot.platforms.terminal.editor"
KEYBOARD = "bot.platforms.terminal.keyboard"
LONGEST_LINE = 4_096
MOST_PASTED = 20
"""So many lines of one paste are taken: each is a question."""


def _nothing(_: object) -> tuple[Candidate, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Ears:
    """What a line that is typed is connected with.

    `typing` is told when a line is begun (True) and when it is finished or empty again (False), `offer` what half a line
    may go on with, `history` the lines before it, `phrases` the words of what is said besides.
    """

    typing: Callable[[bool], None]
    offer: Callable[[str], Sequence[Candidate]] = _nothing
    history: StoredLines = field(default_factory=lambda: StoredLines(None))
    phrases: Phrases = field(default_factory=lambda: phrases_in("en"))


class TypedLines(Place, Protocol):
    """The lines of a terminal, which end with Ctrl-D, with Ctrl-C on an empty line, a hang-up or `close()`."""

    async def __aenter__(self) -> Self:
        """Take the terminal; it is given back as it was at the end of the block."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""

    def __aiter__(self) -> Self:
        """The lines one after the other."""

    async def __anext__(self) -> str:
        """The next line, once it is finished."""

    def close(self) -> None:
        """End the lines."""


def typed_lines(stdin: TextIO, stdout: TextIO, ears: Ears, *, is_plain: bool) -> TypedLines:
    """What reads lines here; `is_plain` (also where a terminal is dumb): nothing that was written is drawn anew.

    Either is imported only where it is used: a pipe pays for none of them.
    """
    module: Any = import_module(KEYBOARD if is_plain else EDITOR)
    made: TypedLines = module.read_lines(stdin, stdout, ears)
    return made
