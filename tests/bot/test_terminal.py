"""The chat at a prompt: typing, shortcuts, market time that waits, and screens that need no colour."""

import asyncio
import io
import os
import pty
import signal
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from rich.console import Console, RenderableType

from bot.pace import Pace
from bot.platforms.terminal.chat import Chat
from bot.platforms.terminal.completion import Candidate
from bot.platforms.terminal.ears import Ears
from bot.platforms.terminal.keyboard import Keyboard, Line
from bot.platforms.terminal.rendering import Paper, draw_reply, draw_shortcuts
from bot.platforms.terminal.screen import Screen
from commands.protocol.reply import Action, Heading, Lines, Note, Reply, Table, Text, Tone
from tests.doubles.waiting import PATIENCE_S

WHY = Action("Why", "/why BTC")
SIZE = Action("Size", "/size BTC 5x")
MINUTE_MS = 60_000


def typed(keys: str) -> tuple[str, list[str]]:
    line = Line()
    finished = [done for key in keys for done in [line.press(key)[1]] if done is not None]
    return line.text, finished


# ------------------------------------------------------------------------------------------ the line


def test_letters_become_a_line_at_enter() -> None:
    assert typed("/why btc\n/si") == ("/si", ["/why btc"])


def test_backspace_takes_back_one_letter_and_no_more_than_there_are() -> None:
    assert typed("/x\x7f\x7f\x7f\x7f/y") == ("/y", [])


def test_a_wide_letter_is_taken_from_the_screen_with_both_its_columns() -> None:
    line = Line()
    line.press("幅")
    assert line.press("\x7f") == ("\b \b" * 2, None)


def test_a_word_or_the_whole_line_can_be_taken_back() -> None:
    assert typed("/size btc 5x\x17") == ("/size btc ", [])
    assert typed("/size btc 5x\x15") == ("", [])


def test_the_arrow_up_brings_earlier_lines_back_and_down_leaves_them() -> None:
    up, down = "\x1b[A", "\x1bOB"
    assert typed(f"/why\n/scan\n{up}")[0] == "/scan"
    assert typed(f"/why\n/scan\n{up}{up}{up}")[0] == "/why"
    assert typed(f"/why\n/scan\n{up}{up}{down}{down}{down}")[0] == ""


def test_other_keys_that_send_escape_sequences_leave_no_letters_behind() -> None:
    left, delete, f5 = "\x1b[D", "\x1b[3~", "\x1b[15~"
    assert typed(f"ab{left}{delete}{f5}c") == ("abc", [])


def test_a_line_longer_than_any_command_stops_growing() -> None:
    text, _ = typed("x" * 5_000)
    assert len(text) == 4_096


# ------------------------------------------------------------------------------------------ the keyboard


@asynccontextmanager
async def terminal(typing: list[bool], *offered: str) -> AsyncIterator[tuple[int, Keyboard, io.StringIO]]:
    """A real pseudo-terminal: the descriptor a person would type at, and the keyboard that reads it."""
    outside, inside = pty.openpty()
    screen = io.StringIO()
    ears = Ears(typing.append, lambda _: tuple(map(Candidate, offered)))
    with os.fdopen(inside, "r") as stdin:
        before = termios.tcgetattr(stdin)
        async with Keyboard(stdin, screen, ears) as keyboard:
            yield outside, keyboard, screen
        assert termios.tcgetattr(stdin) == before
    os.close(outside)


async def test_a_typed_line_arrives_and_the_typing_is_told() -> None:
    typing: list[bool] = []
    async with terminal(typing) as (keys, keyboard, screen):
        os.write(keys, "/size btc 5x 10k – ä".encode())
        while not typing:
            await asyncio.sleep(0)
        os.write(keys, b"\n")
        assert await anext(keyboard) == "/size btc 5x 10k – ä"
        assert typing[0] is True
        assert typing[-1] is False
        assert screen.getvalue() == "> /size btc 5x 10k – ä\n"


def saying(screen: io.StringIO, text: str) -> Callable[[], None]:
    def say() -> None:
        screen.write(text)

    return say


async def test_the_prompt_comes_when_a_line_is_waited_for_and_again_below_what_is_said() -> None:
    async with terminal([]) as (keys, keyboard, screen):
        waiting = asyncio.create_task(anext(keyboard))
        await asyncio.sleep(0)
        keyboard.above(saying(screen, "BTC 1\n"))
        os.write(keys, b"/wh")
        while not screen.getvalue().endswith("/wh"):
            await asyncio.sleep(0)
        keyboard.above(saying(screen, "BTC 2\n"))
        os.write(keys, b"y\n")
        assert await waiting == "/why"
        keyboard.above(saying(screen, "because\n"))
    assert screen.getvalue() == "> \r  \rBTC 1\n> /wh\nBTC 2\n> /why\nbecause\n"


async def test_tab_types_what_is_certain_and_lists_what_is_not() -> None:
    async with terminal([], "/subscribe") as (keys, keyboard, screen):
        os.write(keys, b"/su\t\n")
        assert await anext(keyboard) == "/subscribe "
    async with terminal([], "/size", "/scan") as (keys, keyboard, screen):
        waiting = asyncio.create_task(anext(keyboard))
        os.write(keys, b"/s\tize\n")
        assert await waiting == "/size"
        assert screen.getvalue() == "> /s\n/size  /scan\n> /size\n"


def test_a_completed_asset_is_written_in_capitals() -> None:
    line = Line()
    for key in "/regime b":
        line.press(key)
    assert line.complete((Candidate("BTC"),)) == "\b \bBTC "
    assert line.text == "/regime BTC "
    assert line.complete(()) is None


def test_lines_of_earlier_sessions_are_brought_back_by_the_arrow_up() -> None:
    line = Line(("/scan", "/why btc"))
    for key in "\x1b[A\x1b[A":
        line.press(key)
    assert line.text == "/scan"


async def test_pasted_lines_arrive_one_by_one() -> None:
    async with terminal([]) as (keys, keyboard, screen):
        os.write(keys, b"/why\n/scan\n")
        assert [await anext(keyboard), await anext(keyboard)] == ["/why", "/scan"]
        assert screen.getvalue() == "> /why\n> /scan\n"


async def test_ctrl_d_ends_the_lines() -> None:
    async with terminal([]) as (keys, keyboard, _):
        os.write(keys, b"\x04")
        assert [line async for line in keyboard] == []


async def test_ctrl_c_forgets_what_is_typed_and_then_ends_the_lines() -> None:
    async with terminal([]) as (keys, keyboard, screen):
        waiting = asyncio.create_task(anext(keyboard))
        os.write(keys, b"/forget this\x03/why\n")
        assert await waiting == "/why"
        assert screen.getvalue() == "> /forget this\n> /why\n"
        os.write(keys, b"/scan\n/id\n\x03\x03")
        assert [line async for line in keyboard] == []


async def test_a_second_ctrl_c_while_an_answer_is_waited_for_does_not_take_the_first_back() -> None:
    async with terminal([]) as (keys, keyboard, _):
        os.write(keys, b"/id\n")
        assert await anext(keyboard) == "/id"
        os.write(keys, b"\x03\x03")
        async with asyncio.timeout(5.0):
            assert [line async for line in keyboard] == []


async def test_a_program_that_goes_on_after_a_stop_shows_its_line_again() -> None:
    async with terminal([]) as (keys, keyboard, screen):
        waiting = asyncio.create_task(anext(keyboard))
        os.write(keys, b"/wh")
        while not screen.getvalue().endswith("/wh"):
            await asyncio.sleep(0)
        screen.write("\nfg\n")
        os.kill(os.getpid(), signal.SIGCONT)
        while not screen.getvalue().endswith("fg\n> /wh"):
            await asyncio.sleep(0)
        os.write(keys, b"y\n")
        assert await waiting == "/why"


async def test_a_terminal_that_goes_away_ends_the_lines() -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, "r") as stdin:
        async with Keyboard(stdin, io.StringIO(), Ears(lambda _: None)) as keyboard:
            os.close(outside)
            assert [line async for line in keyboard] == []


# ------------------------------------------------------------------------------------------ market time


async def test_market_time_passes_at_the_speed_asked_for() -> None:
    clock = asyncio.get_running_loop()
    began = clock.time()

    async def took_s(waiting: Awaitable[None]) -> float:
        await waiting
        return clock.time() - began

    paced_s, plain_s = await asyncio.gather(
        took_s(Pace(market_ms_per_s=20 * MINUTE_MS).pass_time(MINUTE_MS)), took_s(asyncio.sleep(0.05))
    )
    assert paced_s >= 0.045
    assert paced_s - plain_s < 0.9  # a busy machine holds up both


async def test_market_time_stands_still_while_a_line_is_typed() -> None:
    pace = Pace(market_ms_per_s=1e9)
    pace.typing(True)
    waiting = asyncio.create_task(pace.pass_time(MINUTE_MS))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    pace.typing(False)
    await asyncio.wait_for(waiting, PATIENCE_S)


async def test_a_line_begun_in_the_moment_in_which_market_time_has_passed_holds_it_all_the_same() -> None:
    pace, clock = Pace(market_ms_per_s=1e9), asyncio.get_running_loop()
    waiting = asyncio.create_task(pace.pass_time(MINUTE_MS))
    await asyncio.sleep(0)
    began = clock.time()
    while clock.time() - began < 1e-3:
        pass
    pace.typing(True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    pace.typing(False)
    await asyncio.wait_for(waiting, PATIENCE_S)


async def test_unpaced_market_time_waits_for_a_pause_and_for_nothing_else() -> None:
    pace = Pace(None)
    await asyncio.wait_for(pace.pass_time(1e12), PATIENCE_S)
    pace.pause(True)
    waiting = asyncio.create_task(pace.pass_time(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    pace.pause(False)
    await asyncio.wait_for(waiting, PATIENCE_S)


async def test_going_faster_is_felt_at_once() -> None:
    pace, unfelt_s = Pace(market_ms_per_s=1.0), 20.0
    waiting = asyncio.create_task(pace.pass_time(unfelt_s))
    await asyncio.sleep(0)
    assert all(pace.change(2.0) for _ in range(6))
    assert not pace.change(2.0)
    await asyncio.wait_for(waiting, unfelt_s / 2)  # 64 times as fast it is a third of a second


# ------------------------------------------------------------------------------------------ the conversation


class Conversation:
    """A chat whose door answers with what it was asked, and whose screen can be read."""

    def __init__(self, *actions: Action, stamp: str = "") -> None:
        self.asked: list[str] = []
        self.actions = actions
        self.paper = io.StringIO()
        self.pace = Pace(market_ms_per_s=20 * MINUTE_MS)
        self.chat = Chat(Screen(self.paper), self._answer, self.pace, lambda: stamp)

    async def _answer(self, line: str) -> Reply:
        self.asked.append(line)
        return Reply((Heading(f"asked {line}"),), self.actions)

    async def talk(self, line: str) -> str:
        self.paper.seek(0)
        self.paper.truncate()
        self.goes_on = await self.chat.hear(line)
        return self.paper.getvalue()


@pytest.fixture
def conversation() -> Conversation:
    return Conversation(WHY, SIZE, stamp="SIMULATED d1 00:20")


async def test_an_answer_ends_with_numbered_shortcuts_and_its_market(conversation: Conversation) -> None:
    said = await conversation.talk("/regime btc")
    assert said == "asked /regime btc\n[1] Why  [2] Size\nSIMULATED d1 00:20\n"


async def test_a_number_does_what_the_button_stands_for(conversation: Conversation) -> None:
    await conversation.talk("/regime btc")
    assert (await conversation.talk("2")).startswith("> /size BTC 5x\nasked /size BTC 5x\n")


async def test_a_number_without_a_button_says_so(conversation: Conversation) -> None:
    assert "no [1] under" in await conversation.talk("1")
    assert "no [99999999] under" in await conversation.talk("99999999")
    assert conversation.asked == []


async def test_the_slash_may_be_left_out(conversation: Conversation) -> None:
    await conversation.talk("  regime btc ")
    assert conversation.asked == ["regime btc"], "the door tells a command from an asset alone by its slash"


@pytest.mark.parametrize("word", ["quit", "/quit", "EXIT", "q"])
async def test_it_says_goodbye(word: str, conversation: Conversation) -> None:
    await conversation.talk(word)
    assert not conversation.goes_on


async def test_an_empty_line_asks_nothing(conversation: Conversation) -> None:
    assert await conversation.talk("   ") == ""
    assert conversation.asked == []
    assert conversation.goes_on


async def test_pause_holds_market_time_and_a_second_one_lets_it_go(conversation: Conversation) -> None:
    assert "stands still" in await conversation.talk("pause")
    assert conversation.pace.is_paused
    assert "goes on" in await conversation.talk("pause")
    assert not conversation.pace.is_paused


async def test_faster_and_slower_say_the_new_speed_and_where_it_ends(conversation: Conversation) -> None:
    assert await conversation.talk("faster") == "1 s = 40 min.\n"
    assert await conversation.talk("slower") == "1 s = 20 min.\n"
    for _ in range(6):
        await conversation.talk("slower")
    assert "as far as it goes" in await conversation.talk("slower")


# ------------------------------------------------------------------------------------------ the screen


def drawn(reply: Reply) -> str:
    paper = io.StringIO()
    Paper(paper).put(*draw_reply(reply))
    return paper.getvalue()


def test_tone_is_a_symbol_and_not_only_a_colour() -> None:
    said = drawn(Reply((Note("calm"), Note("watch", Tone.CAUTION), Note("leave", Tone.STRESS))))
    assert said == "calm\n! watch\n!! leave\n"


def test_columns_stay_aligned() -> None:
    table = Table((("Price", "64,210"), ("Liq", "0.6")), head=("", "now"), align="lr")
    assert drawn(Reply((table,))) == "         now\nPrice 64,210\nLiq      0.6\n"


def at_a_terminal(*parts: RenderableType, columns: int = 80, is_coloured: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=columns,
        force_terminal=True,
        color_system="standard" if is_coloured else None,
        markup=False,
        highlight=False,
    )
    for part in parts:
        console.print(part)
    said = console.file
    assert isinstance(said, io.StringIO)
    return said.getvalue()


TABLE = Table(
    (("BTC", "CROWDING", "!!58"), ("1000PEPE", "HEALTHY", "9")), head=("asset", "", "str"), align="llr"
)


def test_a_table_at_a_terminal_stands_as_it_does_elsewhere() -> None:
    lines = [line.rstrip() for line in at_a_terminal(*draw_reply(Reply((TABLE,)))).splitlines()]
    assert lines == drawn(Reply((TABLE,))).splitlines()


def test_a_table_wider_than_the_terminal_is_folded_within_its_columns() -> None:
    wide = Table((("a" * 30, "b" * 30),), head=("one", "two"))
    said = at_a_terminal(*draw_reply(Reply((wide,))), columns=40)
    assert max(map(len, said.splitlines())) <= 40
    assert said.count("a") == said.count("b") == 30


def test_what_is_marked_is_coloured_as_well() -> None:
    lines = Lines(("Fund !!.031%  p94", "Skew !+6.1", "Liq ·0.6"))
    said = at_a_terminal(*draw_reply(Reply((lines,))), is_coloured=True)
    assert "\x1b[1;31m!!.031%\x1b[0m" in said
    assert "\x1b[33m!+6.1\x1b[0m" in said
    assert "Liq ·0.6" in said


@pytest.mark.parametrize("columns", [80, 40, 24])
def test_no_button_is_broken_in_two(columns: int) -> None:
    labels = ("Send a test", "Warnings here", "Silent watches too", "open interest")
    said = at_a_terminal(draw_shortcuts([Action(label, "/x") for label in labels]), columns=columns)
    assert all(any(f"] {label}" in line for line in said.splitlines()) for label in labels)


def test_nothing_that_a_terminal_would_obey_is_printed() -> None:
    said = drawn(Reply((Text("a\x1b[2Jb\x07\u202ec[bold]d"), Lines(("x\x9by",)))))
    assert said == "a[2Jbc[bold]d\nxy\n"


def test_buttons_are_command_lines_where_nobody_can_press_them() -> None:
    paper = io.StringIO()
    screen = Screen(paper)
    screen.say(screen.draw_commands((WHY, SIZE)))
    assert paper.getvalue() == "Also: /why BTC | /size BTC 5x\n"


def test_a_dumb_terminal_gets_no_escape_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")

    class Dumb(io.StringIO):
        def isatty(self) -> bool:
            return True

    paper = Dumb()
    Screen(paper).say("BTC 68,420")
    assert "\x1b" not in paper.getvalue()
