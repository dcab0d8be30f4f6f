"""Where everything is printed: answers and what the market does go above the line that is being typed."""

from collections.abc import Callable
from typing import Protocol, TextIO

from rich.console import RenderableType
from rich.text import Text as Styled

from bot.platforms.terminal.rendering import Paper

PROMPT = "> "


class Place(Protocol):
    """Whoever shows the line that is being typed, and so knows where others may write."""

    def above(self, write: Callable[[], None]) -> None:
        """Let `write` print above that line, in the order of the calls; it may be called a moment later."""


class Screen:
    """A stream to print on; `place` shows a line that is being typed there, None where nobody types.

    `is_plain`: words alone, for ears and pipes.
    """

    def __init__(self, stream: TextIO, place: Place | None = None, *, is_plain: bool = False) -> None:
        self._paper = Paper(stream, is_plain=is_plain)
        self._place = place
        self.is_plain = is_plain

    @property
    def is_dumb(self) -> bool:
        """Whether nothing that was written can be drawn anew: no terminal, or one that moves no cursor."""
        return not self._paper.is_terminal or self._paper.is_dumb_terminal

    def say(self, *parts: RenderableType) -> None:
        """Print parts one below the other."""
        shown = tuple(Styled(part) if isinstance(part, str) else part for part in parts)

        def write() -> None:
            self._paper.put(*shown)

        if self._place is None:
            write()
        else:
            self._place.above(write)
