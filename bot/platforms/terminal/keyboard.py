"""Lines typed where nothing may be drawn anew: a dumb terminal, or a reader who listens to what comes.

The terminal is put into its cbreak mode and given back as it was; Ctrl-Z keeps its meaning, and Ctrl-C is a key: it forgets
what is typed, and ends the lines where nothing is. A line is edited at its end: only letters, backspace and new lines are
written. Tab types what is certain and lists what is not.
"""

import asyncio
import codecs
import os
import signal
import termios
import tty
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TextIO

from rich.cells import cell_len

from bot.layout import clean
from bot.platforms.terminal.completion import Candidate, completed
from bot.platforms.terminal.ears import LONGEST_LINE, Ears
from bot.platforms.terminal.screen import PROMPT

READ_BYTES = 65_536
ESCAPE, CTRL_C, CTRL_D = "\x1b", "\x03", "\x04"
SPECIAL, NO_KEY = 6, b"\x00"
"""Where `tcgetattr` gives the special keys, and the one that nobody can press (termios, _POSIX_VDISABLE on Linux)."""
UP, DOWN = "A", "B"


def read_lines(stdin: TextIO, stdout: TextIO, ears: Ears) -> "Keyboard":
    """The lines typed at `stdin`, echoed on `stdout`."""
    return Keyboard(stdin, stdout, ears)


class Line:
    """A line being typed: letters go in, an echo comes out, and the finished line when there is one."""

    def __init__(self, earlier: Sequence[str] = ()) -> None:
        self.text = ""
        self._earlier = list(earlier)
        self._place = len(self._earlier)
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

    def forget(self) -> bool:
        """Whether something was typed, which now is not."""
        had_text, self.text, self._escape = bool(self.text), "", ""
        self._place = len(self._earlier)
        return had_text

    def complete(self, found: Sequence[Candidate]) -> str | None:
        """Type what all candidates for the last word share: what to write; None where that is no more than stands there."""
        grown = completed(self.text, found)
        if grown is None:
            return None
        taken, added = grown
        echo = self._erase(taken) + added
        self.text += added
        return echo

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
    """The lines of a terminal, as an asynchronous iterator that ends with Ctrl-D, a hang-up or `close()`."""

    def __init__(self, stdin: TextIO, stdout: TextIO, ears: Ears) -> None:
        self._fd = stdin.fileno()
        self._stdout = stdout
        self._ears = ears
        self._line = Line(ears.history.lines)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: asyncio.Queue[tuple[str, bool] | None] = asyncio.Queue()
        self._before: list[Any] = []
        self._is_prompted = self._is_waited_for = False

    async def __aenter__(self) -> Self:
        self._before = termios.tcgetattr(self._fd)
        self._see_letters()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._fd, self._read)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_signal_handler(signal.SIGCONT)
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
        if self._is_prompted:
            with suppress(OSError):
                self._leave_line()
                self._stdout.flush()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        self._is_waited_for = True
        if self._lines.empty():
            self._prompt()
        found = await self._lines.get()
        self._is_waited_for = False
        if found is None:
            raise StopAsyncIteration
        line, is_shown = found
        if not is_shown:
            self._stdout.write(f"{PROMPT}{clean(line)}\n")
        return line

    def close(self) -> None:
        """End the lines."""
        self._lines.put_nowait(None)

    def above(self, write: Callable[[], None]) -> None:
        """Leave the line as it stands, let `write` print below it, and begin the line once more."""
        self._leave_line()
        write()
        self._prompt()

    def _prompt(self) -> None:
        """Show the prompt with what is typed behind it, once somebody waits for a line."""
        if self._is_waited_for and not self._is_prompted:
            self._stdout.write(PROMPT + self._line.text)
            self._stdout.flush()
            self._is_prompted = True

    def _leave_line(self) -> None:
        """Let what follows begin on a line of its own: a prompt with nothing behind it is written over."""
        if self._is_prompted:
            self._stdout.write("\n" if self._line.text else "\r" + " " * len(PROMPT) + "\r")
        self._is_prompted = False

    def _see_letters(self) -> None:
        with suppress(termios.error):
            tty.setcbreak(self._fd, termios.TCSADRAIN)
            kept = termios.tcgetattr(self._fd)
            kept[SPECIAL][termios.VINTR] = NO_KEY
            termios.tcsetattr(self._fd, termios.TCSADRAIN, kept)

    def _go_on(self) -> None:
        """Somebody stopped the program and lets it go on: the line stands below what the shell has said meanwhile."""
        self._see_letters()
        self._is_prompted = False
        self._prompt()

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
        self._ears.typing(bool(self._line.text))

    def _press(self, key: str) -> None:
        if key == CTRL_D and not self._line.text:
            self.close()
            return
        if key == CTRL_C:
            self._forget()
            return
        if key == "\t":
            self._complete()
            return
        echo, line = self._line.press(key)
        if self._is_prompted:
            self._stdout.write(echo)
        if line is not None:
            self._ears.history.keep(line.strip())
            self._lines.put_nowait((line, self._is_prompted))
            self._is_prompted = False

    def _forget(self) -> None:
        """Forget what is typed and what waits to be answered; where there is neither, or only the end waits, end the lines."""
        waited = [self._lines.get_nowait() for _ in range(self._lines.qsize())]
        self._leave_line()
        if (self._line.forget() or waited) and None not in waited:
            self._prompt()
        else:
            self.close()

    def _complete(self) -> None:
        found = self._ears.offer(self._line.text)
        echo = self._line.complete(found)
        if echo is None and found:
            self.above(lambda: self._list(found))
        elif self._is_prompted:
            self._stdout.write(echo or "")

    def _list(self, found: Sequence[Candidate]) -> None:
        self._stdout.write("  ".join(one.word for one in found) + "\n")
