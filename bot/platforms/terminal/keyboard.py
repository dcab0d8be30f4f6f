"""Lines typed at a terminal, seen letter by letter so that the market can wait for them.

The terminal is put into its cbreak mode and given back as it was; Ctrl-C and Ctrl-Z keep their meaning. Only carriage
return, backspace and plain letters are written, so it works where TERM is dumb as well.
"""

import asyncio
import codecs
import os
import signal
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TextIO

from rich.cells import cell_len

LONGEST_LINE = 4_096
READ_BYTES = 65_536
ESCAPE = "\x1b"
UP, DOWN = "A", "B"


class Line:
    """A line being typed: letters go in, an echo comes out, and the finished line when there is one."""

    def __init__(self) -> None:
        self.text = ""
        self._earlier: list[str] = []
        self._place = 0
        self._escape = ""

    def press(self, key: str) -> tuple[str, str | None]:
        """Take one character: what to write on the screen, and the line if it is finished."""
        if self._escape or key == ESCAPE:
            return self._follow_escape(key), None
        if key in "\r\n":
            return self._finish()
        if key in "\x7f\b":
            return self._erase(1), None
        if key == "\x15":
            return self._erase(len(self.text)), None
        if key == "\x17":
            return self._erase(len(self.text) - (self.text.rstrip().rfind(" ") + 1)), None
        if not key.isprintable() or len(self.text) >= LONGEST_LINE:
            return "", None
        self.text += key
        return key, None

    def _finish(self) -> tuple[str, str]:
        done, self.text = self.text, ""
        if done.strip() and done not in self._earlier[-1:]:
            self._earlier.append(done)
        self._place = len(self._earlier)
        return "\n", done

    def _erase(self, letters: int) -> str:
        gone = self.text[len(self.text) - letters :] if letters else ""
        self.text = self.text[: len(self.text) - len(gone)]
        return "\b \b" * cell_len(gone)

    def _follow_escape(self, key: str) -> str:
        """Swallow the escape sequence of a key; the arrows up and down bring earlier lines back."""
        self._escape += key
        if self._escape in {ESCAPE, ESCAPE + "[", ESCAPE + "O"}:
            return ""
        if len(self._escape) > 2 and not key.isalpha() and key != "~":
            return ""
        asked, self._escape = self._escape[2:], ""
        return self._recall({UP: -1, DOWN: 1}.get(asked, 0))

    def _recall(self, step: int) -> str:
        place = self._place + step
        if not step or not 0 <= place <= len(self._earlier):
            return ""
        echo = self._erase(len(self.text))
        self._place = place
        self.text = self._earlier[place] if place < len(self._earlier) else ""
        return echo + self.text


class Keyboard:
    """The lines of a terminal, as an asynchronous iterator that ends with Ctrl-D, a hang-up or `close()`.

    `typing(True)` is called when a line is begun and `typing(False)` when it is finished or empty again.
    """

    def __init__(self, stdin: TextIO, stdout: TextIO, typing: Callable[[bool], None]) -> None:
        self._fd = stdin.fileno()
        self._stdout = stdout
        self._typing = typing
        self._line = Line()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._before: list[Any] = []

    async def __aenter__(self) -> Self:
        self._before = termios.tcgetattr(self._fd)
        self._see_letters()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._fd, self._read)
        loop.add_signal_handler(signal.SIGCONT, self._see_letters)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_signal_handler(signal.SIGCONT)
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if line is None:
            raise StopAsyncIteration
        return line

    @property
    def typed(self) -> str:
        """The line that is being typed, not finished yet."""
        return self._line.text

    def close(self) -> None:
        """End the lines."""
        self._lines.put_nowait(None)

    def _see_letters(self) -> None:
        with suppress(termios.error):
            tty.setcbreak(self._fd, termios.TCSADRAIN)

    def _read(self) -> None:
        try:
            pressed = os.read(self._fd, READ_BYTES)
        except OSError:
            pressed = b""
        if not pressed:
            asyncio.get_running_loop().remove_reader(self._fd)
            self.close()
            return
        for key in self._decoder.decode(pressed):
            self._press(key)
        self._stdout.flush()
        self._typing(bool(self._line.text))

    def _press(self, key: str) -> None:
        if key == "\x04" and not self._line.text:
            self.close()
            return
        echo, line = self._line.press(key)
        self._stdout.write(echo)
        if line is not None:
            self._lines.put_nowait(line)
