"""The chat at a prompt: commands, their numbered shortcuts, answers to what is asked, and the words that steer market time."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TextIO

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text as Styled

from bot.chat_platform import Sentence, command_of
from bot.layout import clean
from bot.pace import Pace
from bot.platforms.terminal.rendering import Paper, draw_reply, draw_shortcuts
from commands.protocol.reply import Action, Prompt, Reply

PROMPT = "> "
MINUTE_MS = 60_000

Ask = Callable[[str], Awaitable[Reply]]


class Screen:
    """Where everything is printed: market lines and answers go above the prompt and what is typed behind it.

    `typed` gives the half-typed line; without it nobody types and there is no prompt.
    """

    def __init__(self, stream: TextIO, typed: Callable[[], str] | None = None) -> None:
        self.paper = Paper(stream)
        self._stream = stream
        self._typed = typed
        self._prompted = 0

    def say(self, *parts: RenderableType) -> None:
        """Print parts, and the prompt again below them."""
        self.lift()
        self.paper.put(*(Styled(part) if isinstance(part, str) else part for part in parts))
        self.prompt()

    def lift(self) -> None:
        """Take the prompt away, as before something longer is printed."""
        if self._prompted and self._typed is not None:
            columns = max(self._prompted, cell_len(PROMPT + self._typed()))
            self._stream.write("\r" + " " * columns + "\r")
            self._prompted = 0

    def prompt(self) -> None:
        """Show the prompt with what is typed behind it."""
        if self._typed is None:
            return
        shown = PROMPT + self._typed()
        self._stream.write(shown)
        self._stream.flush()
        self._prompted = cell_len(shown)

    def entered(self) -> None:
        """The line behind the prompt was finished: the prompt stays where it is, above."""
        self._prompted = 0


class Chat:
    """One conversation: `hear` a line, print what it asks for.

    `ask` is the door to the commands, `stamp` gives the line under every answer (what market, what time), or nothing.
    """

    def __init__(self, screen: Screen, ask: Ask, pace: Pace, stamp: Callable[[], str]) -> None:
        self._screen = screen
        self._ask = ask
        self._pace = pace
        self._stamp = stamp
        self._shortcuts: tuple[Action, ...] = ()
        self._prompt: Prompt | None = None
        self._words: Mapping[str, Callable[[], str]] = {
            "pause": self._pause,
            "go": self._go,
            "faster": lambda: self._change(2.0),
            "slower": lambda: self._change(0.5),
        }

    async def hear(self, line: str) -> bool:
        """Answer one line; False when it says goodbye. Where something was asked for, any line but a command says it."""
        said = line.strip()
        word = said.removeprefix("/").lower()
        if word in {"quit", "exit", "q"}:
            return False
        if word in self._words:
            self._screen.say(self._words[word]())
        elif self._is_press(said):
            await self._press(int(said))
        elif said and self._prompt is not None and command_of(said) is None and not said.startswith("/"):
            await self._answer(self._prompt.filled(said))
        elif said:
            await self._answer(said if said.startswith("/") else f"/{said}")
        else:
            self._screen.prompt()
        return True

    def _is_press(self, said: str) -> bool:
        """Whether this is the number of a button; where something is asked for, other numbers say it."""
        if not (said.isascii() and said.isdigit()):
            return False
        return self._prompt is None or 1 <= int(said) <= len(self._shortcuts)

    async def _press(self, number: int) -> None:
        """Do what the button of that number under the last answer stands for."""
        if not 1 <= number <= len(self._shortcuts):
            self._screen.say(f"There is no [{number}] under the last answer. Try /help.")
            return
        command = self._shortcuts[number - 1].command
        self._screen.say(PROMPT + clean(command))
        await self._answer(command)

    async def _answer(self, line: str) -> None:
        reply = await self._ask(line)
        self._shortcuts, self._prompt = reply.actions, reply.prompt
        parts = list(draw_reply(reply))
        if reply.actions:
            parts.append(draw_shortcuts(reply.actions))
        if reply.prompt is not None:
            asked = Sentence.NEXT_LINE.in_words("en", example=reply.prompt.example)
            parts.append(Styled(clean(asked), style="dim"))
        if stamp := self._stamp():
            parts.append(Styled(stamp, style="dim"))
        self._screen.say(*parts)

    def _pause(self) -> str:
        if self._pace.is_paused:
            return self._go()
        self._pace.pause(True)
        return "Paused: market time stands still, commands still answer. `go` goes on."

    def _go(self) -> str:
        self._pace.pause(False)
        return f"Market time goes on. {self._speed()}"

    def _change(self, factor: float) -> str:
        changed = self._pace.change(factor)
        return self._speed() if changed else f"That is as far as it goes. {self._speed()}"

    def _speed(self) -> str:
        speed = self._pace.market_ms_per_s
        return "Nothing waits." if speed is None else f"1 s = {speed / MINUTE_MS:g} min."
