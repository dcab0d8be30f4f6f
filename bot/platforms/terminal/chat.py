"""The chat at a prompt: commands, their numbered shortcuts, answers to what is asked, and the words that steer market time."""

from collections.abc import Awaitable, Callable, Mapping

from rich.console import RenderableType
from rich.text import Text as Styled

from bot.chat_platform import command_of
from bot.layout import clean
from bot.pace import Pace
from bot.platforms.terminal.screen import PROMPT, Screen
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Prompt, Reply

MINUTE_MS = 60_000
GOODBYES = ("quit", "exit", "q")
LONGEST_NUMBER = 9
"""Digits of a button's number: beyond this no line is one."""

Ask = Callable[[str], Awaitable[Reply]]


def _no_stamp() -> str:
    return ""


class Chat:
    """One conversation: `hear` a line, print what it asks for.

    `ask` is the door to the commands. `pace` is market time that can be steered, None where it is the clock on the wall.
    `stamp` gives the line under every answer (what market, what time), or nothing. `echoes`: each line is printed with what is
    answered to it, where nobody typed it.
    """

    def __init__(
        self,
        screen: Screen,
        ask: Ask,
        pace: Pace | None = None,
        stamp: Callable[[], str] = _no_stamp,
        language: str = "en",
        *,
        echoes: bool = False,
    ) -> None:
        self._screen, self._ask, self._stamp, self._echoes = screen, ask, stamp, echoes
        self._echo: tuple[RenderableType, ...] = ()
        self._phrases: Phrases = phrases_in(language)
        self._shortcuts: tuple[Action, ...] = ()
        self._prompt: Prompt | None = None
        self._words: Mapping[str, Callable[[], str]] = (
            {} if pace is None else Steering(pace, lambda: self._phrases).words
        )

    @property
    def language(self) -> str:
        """The one of the last answer."""
        return self._phrases.language

    @property
    def steering(self) -> Mapping[str, str]:
        """The words beside the commands, with what they do."""
        table = self._phrases
        return {word: table.word("steering", word) for word in (*self._words, GOODBYES[0])}

    async def hear(self, line: str) -> bool:
        """Answer one line; False when it says goodbye. Where something was asked for, any line but a command says it."""
        said = line.strip()
        word = said.removeprefix("/").lower()
        self._echo = (Styled(PROMPT + clean(said)),) if said and self._echoes else ()
        if word in GOODBYES:
            self._say()
            return False
        if word in self._words:
            self._say(self._words[word]())
        elif self._is_press(said):
            await self._press(int(said))
        elif said and self._prompt is not None and command_of(said) is None and not said.startswith("/"):
            await self._answer(self._prompt.filled(said))
        elif said:
            await self._answer(said)
        return True

    def _is_press(self, said: str) -> bool:
        """Whether this is the number of a button; where something is asked for, other numbers say it."""
        if not (said.isascii() and said.isdigit() and len(said) <= LONGEST_NUMBER):
            return False
        return self._prompt is None or 1 <= int(said) <= len(self._shortcuts)

    async def _press(self, number: int) -> None:
        """Do what the button of that number under the last answer stands for."""
        if not 1 <= number <= len(self._shortcuts):
            self._say(self._phrases.say("terminal.no_such", number=number))
            return
        command = self._shortcuts[number - 1].command
        self._say(Styled(PROMPT + clean(command)))
        await self._answer(command)

    async def _answer(self, line: str) -> None:
        reply = await self._ask(line)
        self._turn_to(reply.language)
        self._shortcuts, self._prompt = reply.actions, reply.prompt
        parts = list(self._screen.draw(reply))
        if reply.actions:
            parts.append(self._screen.draw_shortcuts(reply.actions))
        if reply.prompt is not None:
            asked = self._phrases.say("platform.next_line", example=reply.prompt.example)
            parts.append(Styled(clean(asked), style="dim"))
        if stamp := self._stamp():
            parts.append(Styled(stamp, style="dim"))
        self._say(*parts)

    def _say(self, *parts: RenderableType) -> None:
        """Print parts below the line that they answer: nothing the market does comes between."""
        echo, self._echo = self._echo, ()
        if echo or parts:
            self._screen.say(*echo, *parts)

    def _turn_to(self, language: str) -> None:
        """Go on in the language of an answer: somebody may have chosen it a moment ago."""
        if language and language != self._phrases.language:
            self._phrases = phrases_in(language)
            self._screen.speak_in(language)


class Steering:
    """The words that steer market time, each with what it does and then says."""

    def __init__(self, pace: Pace, phrases: Callable[[], Phrases]) -> None:
        self._pace, self._phrases = pace, phrases
        self.words: Mapping[str, Callable[[], str]] = {
            "pause": self._pause,
            "go": self._go,
            "faster": lambda: self._change(2.0),
            "slower": lambda: self._change(0.5),
        }

    def _pause(self) -> str:
        if self._pace.is_paused:
            return self._go()
        self._pace.pause(True)
        return self._phrases().say("terminal.paused")

    def _go(self) -> str:
        self._pace.pause(False)
        return self._phrases().say("terminal.goes_on", speed=self._speed())

    def _change(self, factor: float) -> str:
        changed = self._pace.change(factor)
        return self._speed() if changed else self._phrases().say("terminal.limit", speed=self._speed())

    def _speed(self) -> str:
        speed = self._pace.market_ms_per_s
        if speed is None:
            return self._phrases().say("terminal.no_waiting")
        return self._phrases().say("terminal.speed", minutes=f"{speed / MINUTE_MS:g}")
