"""The line at a terminal that can be drawn on: prompt_toolkit edits it, shows what Tab offers and finds earlier lines.

One application runs from the first line to the last, so that no key is echoed twice and the market prints above at any time.
"""

import asyncio
import os
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from bot.layout import clean
from bot.platforms.terminal.completion import Candidate, completed
from bot.platforms.terminal.ears import LONGEST_LINE, MOST_PASTED, Ears
from bot.platforms.terminal.screen import PROMPT

ROWS, COLUMNS = 24, 80
"""Of a terminal that does not tell."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A finished line, and whether it stands above the prompt already."""

    line: str
    is_shown: bool


def read_lines(stdin: TextIO, stdout: TextIO, ears: Ears) -> "Editor":
    """The lines typed at `stdin`, shown on `stdout`."""
    return Editor(stdin, stdout, ears)


class Editor:
    """The lines of a terminal, as an asynchronous iterator."""

    def __init__(self, stdin: TextIO, stdout: TextIO, ears: Ears) -> None:
        self._stdin, self._stdout, self._ears = stdin, stdout, ears
        self._lines: asyncio.Queue[Typed | BaseException | None] = asyncio.Queue()
        self._is_waited_for = False
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        keys = _Keys(self._stdin)
        screen = Vt100_Output(
            self._stdout,
            self._size,
            term=os.environ.get("TERM"),
            default_color_depth=ColorDepth.from_env(),  # none where NO_COLOR is set
            enable_cpr=False,
        )
        self._stack.enter_context(create_app_session(input=keys, output=screen))
        self._session: PromptSession[None] = PromptSession(
            PROMPT,
            input=keys,
            output=screen,
            completer=_Offered(self._ears.offer),
            complete_while_typing=False,
            history=InMemoryHistory(list(self._ears.history.lines)),
            key_bindings=self._bindings(),
            enable_suspend=True,
            erase_when_done=True,
        )
        self._session.default_buffer.on_text_changed += self._changed
        self._running = asyncio.create_task(self._run())
        try:
            await self._drawn()
        except asyncio.CancelledError:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            app = self._session.app
            if app.is_running and not app.is_done:
                app.exit(exception=EOFError)
            await self._running

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        self._is_waited_for = True
        found = await self._lines.get()
        self._is_waited_for = False
        if found is None:
            raise StopAsyncIteration
        if isinstance(found, BaseException):
            raise found
        if not found.is_shown:
            self._write(PROMPT + clean(found.line))
        return found.line

    def close(self) -> None:
        """End the lines."""
        self._lines.put_nowait(None)

    def above(self, write: Callable[[], None]) -> None:
        """Take the line away, let `write` print, and draw it again below.

        The library's own way (run_in_terminal) gives the terminal back meanwhile: keys pressed then are echoed, and Ctrl-C ends
        the program.
        """
        app = self._session.app
        is_shown = app.is_running and not app.is_done
        if is_shown:
            app.renderer.erase()
        write()
        if is_shown:
            app.invalidate()

    async def _drawn(self) -> None:
        """Until the line is there: a key pressed before would be echoed by the terminal itself, and Ctrl-C take all of them away."""
        shown = asyncio.Event()

        def show(_: object) -> None:
            shown.set()

        self._session.app.after_render += show
        waiting = asyncio.create_task(shown.wait())
        try:
            await asyncio.wait({waiting, self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            self._session.app.after_render -= show

    def _size(self) -> Size:
        """As many rows and columns as the terminal has now."""
        try:
            columns, rows = os.get_terminal_size(self._stdout.fileno())
        except (OSError, ValueError):
            columns = rows = 0
        return Size(rows=rows or ROWS, columns=columns or COLUMNS)

    async def _run(self) -> None:
        """Until the application is told to end, the terminal goes away or cannot be written to."""
        try:
            await self._session.prompt_async(set_exception_handler=False, handle_sigint=False)
        except EOFError:
            self.close()
        except OSError as gone:
            self._lines.put_nowait(gone)

    def _changed(self, _: object) -> None:
        text = self._session.default_buffer.text
        if len(text) > LONGEST_LINE:
            self._session.default_buffer.text = text[:LONGEST_LINE]
        self._ears.typing(bool(text))

    def _finish(self, buffer: Buffer) -> None:
        line = buffer.text
        buffer.reset(append_to_history=bool(line.strip()))
        self._changed(buffer)
        if line.strip():
            self._take(line)

    def _take(self, line: str) -> None:
        """A line is finished: it stays to be seen, once those before it were answered, so that its own answer stands below it."""
        self._ears.history.keep(line.strip())
        is_next = self._is_waited_for and self._lines.empty()
        if is_next:
            self._write(PROMPT + clean(line))
        self._lines.put_nowait(Typed(line, is_next))

    def _write(self, line: str) -> None:
        def write() -> None:
            self._stdout.write(f"{line}\n")
            self._stdout.flush()

        self.above(write)

    def _forget_waiting(self) -> bool:
        """Whether lines waited to be answered, which now are not; the end of the lines is not forgotten."""
        waited = [self._lines.get_nowait() for _ in range(self._lines.qsize())]
        for one in waited:
            if not isinstance(one, Typed):
                self._lines.put_nowait(one)
        return bool(waited)

    def _bindings(self) -> KeyBindings:
        keys, on_line = KeyBindings(), has_focus(DEFAULT_BUFFER)

        @keys.add("enter", filter=on_line)
        def _(event: KeyPressEvent) -> None:
            self._finish(event.current_buffer)

        @keys.add("tab", filter=on_line)
        def _(event: KeyPressEvent) -> None:
            self._complete(event.current_buffer)

        @keys.add("c-c", filter=on_line, eager=True)  # the library waits for what may follow it
        def _(event: KeyPressEvent) -> None:
            had_text = bool(event.current_buffer.text)
            event.current_buffer.reset()
            self._changed(event)
            if not self._forget_waiting() and not had_text:
                self.close()

        @keys.add(Keys.BracketedPaste, filter=on_line)
        def _(event: KeyPressEvent) -> None:
            self._paste(event)

        return keys

    def _complete(self, buffer: Buffer) -> None:
        """Type what is certain at once; show what there is where several fit, and go through them from then on."""
        if buffer.complete_state is not None:
            buffer.complete_next()
            return
        line = buffer.document.text_before_cursor
        grown = completed(line, self._ears.offer(line))
        if grown is None:
            buffer.start_completion()
        else:
            buffer.delete_before_cursor(grown[0])
            buffer.insert_text(grown[1])

    def _paste(self, event: KeyPressEvent) -> None:
        """Lines that were pasted are typed one after the other; what stands behind the last line end waits for Enter."""
        buffer = event.current_buffer
        first, *others = _without_returns(event.data).split("\n")
        buffer.insert_text(first[:LONGEST_LINE])
        for line in others[:MOST_PASTED]:
            self._finish(buffer)
            buffer.insert_text(line[:LONGEST_LINE])
        if len(others) > MOST_PASTED:
            buffer.reset()
            self._write(self._ears.phrases.say("terminal.pasted", count=MOST_PASTED))


class _Keys(Vt100Input):
    """The keys of a terminal, which end when it is gone: the library reads on where only an error comes back."""

    @property
    def closed(self) -> bool:
        """Whether nothing more can be typed."""
        if super().closed:
            return True
        try:
            termios.tcgetattr(self.fileno())
        except (termios.error, OSError, ValueError):
            return True
        return False


class _Offered(Completer):
    """What may follow, as the library asks for it."""

    def __init__(self, offer: Callable[[str], Any]) -> None:
        self._offer = offer

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """The candidates for the word before the cursor."""
        line = document.text_before_cursor
        begun = "" if line[-1:].isspace() else (line.split() or [""])[-1]
        found: tuple[Candidate, ...] = tuple(self._offer(line))
        for one in found:
            yield Completion(one.word, start_position=-len(begun), display_meta=one.meaning)


def _without_returns(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
