"""Where everything is printed: answers and what the market does go above the line that is being typed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TextIO

from rich.console import RenderableType
from rich.text import Text as Styled

from bot.layout import clean
from bot.platforms.terminal.rendering import Paper, draw_reply, draw_shortcuts
from bot.platforms.terminal.spoken import speak, speak_line, speak_shortcuts
from commands.protocol.phrases import ORIGINAL, phrases_in
from commands.protocol.picture import Picture
from commands.protocol.reply import Action, Reply

PROMPT = "> "


class Place(Protocol):
    """Whoever shows the line that is being typed, and so knows where others may write."""

    def above(self, write: Callable[[], None]) -> None:
        """Let `write` print above that line, in the order of the calls; it may be called a moment later."""


class Screen:
    """A stream to print on; `place` shows a line that is being typed there, None where nobody types.

    `is_plain`: words alone, for ears and pipes; those for signs are of `language`.
    """

    def __init__(
        self, stream: TextIO, place: Place | None = None, *, is_plain: bool = False, language: str = ORIGINAL
    ) -> None:
        self._phrases = phrases_in(language)
        self._paper = Paper(stream, is_plain=is_plain)
        self._place = place
        self.is_plain = is_plain

    def speak_in(self, language: str) -> None:
        """Take the words for signs, and what stands below answers, from another language from now on."""
        self._phrases = phrases_in(language)

    @property
    def is_dumb(self) -> bool:
        """Whether nothing that was written can be drawn anew: no terminal, or one that moves no cursor."""
        return not self._paper.is_terminal or self._paper.is_dumb_terminal

    def say(self, *parts: RenderableType) -> None:
        """Print parts one below the other."""
        shown = tuple(self._line(part) if isinstance(part, str) else part for part in parts)

        def write() -> None:
            self._paper.put(*shown)

        if self._place is None:
            write()
        else:
            self._place.above(write)

    def draw(self, reply: Reply) -> tuple[RenderableType, ...]:
        """What is printed for a reply, from top to bottom, without its buttons.

        A terminal is read from its last line up: what is drawn stands above the words, so that they are not pushed out.
        """
        if self.is_plain:
            return tuple(map(Styled, speak(reply, self._phrases)))
        blocks = reply.blocks
        if not self.is_dumb:
            blocks = tuple(sorted(blocks, key=lambda block: not isinstance(block, Picture)))
        return tuple(draw_reply(replace(reply, blocks=blocks)))

    def draw_shortcuts(self, actions: Sequence[Action]) -> RenderableType:
        """What is printed for buttons that can be pressed by their number."""
        return Styled(speak_shortcuts(actions)) if self.is_plain else draw_shortcuts(actions)

    def draw_commands(self, actions: Sequence[Action]) -> RenderableType:
        """What is printed for buttons where nobody can press them: the lines they stand for."""
        lines = (", " if self.is_plain else " | ").join(clean(action.command) for action in actions)
        return Styled(
            self._phrases.say("terminal.also", commands=lines), style="" if self.is_plain else "cyan"
        )

    def _line(self, text: str) -> Styled:
        return Styled(speak_line(text, self._phrases) if self.is_plain else text)
