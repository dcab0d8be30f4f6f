"""The line that can be drawn on: edited in the middle, completed in a menu, with the market going on above it."""

import asyncio
import os
import pty
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.platforms.terminal.completion import candidates
from bot.platforms.terminal.ears import LONGEST_LINE, MOST_PASTED, Ears
from bot.platforms.terminal.editor import Editor
from bot.platforms.terminal.history import StoredLines
from commands.protocol.phrases import phrases_in
from tests.bot.terminal.ptys import Terminal, pseudo_terminal
from tests.doubles.waiting import PATIENCE_S

ENGLISH = phrases_in("en")
CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_K, CTRL_R = "\x01", "\x03", "\x04", "\x05", "\x0b", "\x12"
LINES = ("/why", "/scan", "/id")
LEFT, UP = "\x1b[D", "\x1b[A"


class Desk:
    """An editor on a terminal, and what it tells of typing."""

    def __init__(self, editor: Editor, terminal: Terminal, typing: list[bool]) -> None:
        self.editor, self.terminal, self.typing = editor, terminal, typing
        self.types, self.sees = terminal.types, terminal.sees

    @property
    def shown(self) -> str:
        return self.terminal.shown

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await anext(self.editor)

    def prints(self, text: str) -> None:
        def write() -> None:
            self.terminal.stdout.write(f"{text}\n")
            self.terminal.stdout.flush()

        self.editor.above(write)


@asynccontextmanager
async def desk(history: StoredLines | None = None, columns: int = 80) -> AsyncIterator[Desk]:
    typing: list[bool] = []
    ears = Ears(
        typing.append,
        lambda line: candidates(line, ("BTC", "ETH"), ENGLISH),
        history or StoredLines(None),
    )
    with pseudo_terminal(columns) as terminal:
        async with Editor(terminal.stdin, terminal.stdout, ears) as editor:
            await terminal.sees(">")
            yield Desk(editor, terminal, typing)


async def test_a_typed_line_arrives_stays_above_and_the_typing_is_told() -> None:
    async with desk() as here:
        here.types("/size btc 5x 10k – 幅ä")
        await here.sees("幅ä")
        here.types("\r")
        assert await here.line() == "/size btc 5x 10k – 幅ä"
        assert (here.typing[0], here.typing[-1]) == (True, False)
        await here.sees("> /size btc 5x 10k – 幅ä\r\n")


async def test_a_program_that_is_ended_before_its_line_is_there_gives_the_terminal_back() -> None:
    with pseudo_terminal() as terminal:
        editor = Editor(terminal.stdin, terminal.stdout, Ears(lambda _: None))
        entering = asyncio.create_task(editor.__aenter__())
        await asyncio.sleep(0)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        assert len(asyncio.all_tasks()) == 1


async def test_a_line_is_mended_in_its_middle() -> None:
    async with desk() as here:
        here.types(f"size bt 5x{LEFT * 3}c{CTRL_A}/{CTRL_E} long\r")
        assert await here.line() == "/size btc 5x long"
        here.types(f"/why btc{LEFT * 4}{CTRL_K}\r")
        assert await here.line() == "/why"


async def test_tab_completes_what_is_certain() -> None:
    async with desk() as here:
        here.types("/subs\t")
        await here.sees("/subscribe")
        here.types("et\t\r")
        assert await here.line() == "/subscribe ETH "


async def test_tab_shows_what_there_is_with_its_meaning_where_several_fit() -> None:
    async with desk() as here:
        here.types("/s\t")
        await here.sees("/size")
        await here.sees("/stress")
        here.types("\t\r")
        assert (await here.line()).startswith("/s")


async def test_what_is_offered_has_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk() as here:
        here.types("/s\t\t")
        await here.sees("all watched assets")
        assert not re.search(rb"\x1b\[[0-9;]*[34]8;5", here.terminal.raw)


async def test_earlier_lines_come_back_by_arrow_and_by_what_they_hold(tmp_path: Path) -> None:
    history = StoredLines(tmp_path / "chat_history")
    for line in ("/why eth", "/scan"):
        history.keep(line)
    async with desk(history) as here:
        here.types(f"{UP}\r")
        assert await here.line() == "/scan"
        await here.sees("> /scan >")
        here.types(f"{CTRL_R}why\r\r")
        assert await here.line() == "/why eth"
    assert StoredLines(tmp_path / "chat_history").lines[-1] == "/why eth"


async def test_what_the_market_does_is_printed_above_half_a_line() -> None:
    async with desk() as here:
        here.types("/regi")
        await here.sees("/regi")
        for number in range(3):
            here.prints(f"BTC {number}")
        await here.sees("BTC 2")
        here.types("me\r")
        assert await here.line() == "/regime"
        await here.sees("> /regime\r\n")
        places = [here.shown.index(said) for said in ("BTC 0", "BTC 1", "BTC 2", "> /regime\r\n")]
        assert places == sorted(places)


async def test_pasted_lines_are_answered_one_by_one_and_the_last_waits_for_enter() -> None:
    async with desk() as here:
        here.types("\x1b[200~/why\r\n/scan\n\n/size\x1b[201~")
        assert [await here.line(), await here.line()] == ["/why", "/scan"]
        await here.sees("/size")
        here.types(" btc 5x\r")
        assert await here.line() == "/size btc 5x"


async def test_each_of_several_lines_is_shown_when_its_turn_comes_so_that_its_answer_stands_below_it() -> (
    None
):
    async with desk() as here:
        here.types("\x1b[200~" + "".join(f"{line}\n" for line in LINES) + "\x1b[201~")
        for line in LINES:
            assert await here.line() == line
            here.prints(f"answer to {line}")
        await here.sees("answer to /id")
        said = [
            f"> {line}\r\n" if is_line else f"answer to {line}" for line in LINES for is_line in (True, False)
        ]
        places = [here.shown.index(words) for words in said]
        assert places == sorted(places)


async def test_of_a_long_paste_the_first_lines_are_taken_and_that_is_said() -> None:
    async with desk() as here:
        here.types("\x1b[200~" + "/why\n" * (MOST_PASTED + 5) + "\x1b[201~")
        assert [await here.line() for _ in range(MOST_PASTED)] == ["/why"] * MOST_PASTED
        await here.sees(f"first {MOST_PASTED} lines")
        here.types(CTRL_D)
        with pytest.raises(StopAsyncIteration):
            await here.line()


async def test_a_line_longer_than_any_command_stops_growing() -> None:
    async with desk() as here:
        here.types("\x1b[200~" + "x" * (LONGEST_LINE + 500) + "\x1b[201~\r")
        assert len(await here.line()) == LONGEST_LINE


async def test_ctrl_c_forgets_what_is_typed_and_then_ends_the_lines() -> None:
    async with desk() as here:
        here.types("/forget this")
        await here.sees("this")
        here.types(f"{CTRL_C}/why\r")
        assert await here.line() == "/why"
        here.types(CTRL_C)
        with pytest.raises(StopAsyncIteration):
            await here.line()


async def test_a_second_ctrl_c_while_an_answer_is_waited_for_does_not_take_the_first_back() -> None:
    async with desk() as here:
        here.types("/id\r")
        assert await here.line() == "/id"
        here.types(CTRL_C + CTRL_C)
        with pytest.raises(StopAsyncIteration):
            await here.line()


async def test_ctrl_d_ends_the_lines() -> None:
    async with desk() as here:
        here.types(CTRL_D)
        with pytest.raises(StopAsyncIteration):
            await here.line()


async def test_a_line_wider_than_the_terminal_is_wrapped_and_comes_whole() -> None:
    async with desk(columns=40) as here:
        line = "/size btc 5x long 10k hold=72h mode=cross venue=bybit"
        here.types(line)
        here.prints("BTC 68,420")
        await here.sees("BTC 68,420")
        here.types("\r")
        assert await here.line() == line


async def test_a_terminal_that_goes_away_ends_the_lines() -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, "r") as stdin, Path(os.devnull).open("w") as stdout:
        async with Editor(stdin, stdout, Ears(lambda _: None)) as editor, asyncio.timeout(PATIENCE_S):
            os.close(outside)
            assert [line async for line in editor] == []
