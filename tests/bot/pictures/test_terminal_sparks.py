"""Pictures in a terminal: small bars where somebody looks at a screen, words where nobody does, numbers for scripts."""

import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from bot.answers import print_reply, to_json
from bot.platforms.terminal.rendering import Paper, draw_reply
from bot.platforms.terminal.screen import Screen
from bot.platforms.terminal.sparks import SIGNS, spark
from commands.protocol.picture import Band, Ink, Mark, Panel, Picture, Series
from commands.protocol.reply import Heading, Reply, Text
from tests.bot.pictures.samples import every_kind, hourly, picture


def screen(shown: Picture, width: int = 80, **more: object) -> list[str]:
    """What a terminal of so many letters shows."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None, **more)  # type: ignore[arg-type]
    for part in draw_reply(Reply((shown,))):
        console.print(part)
    return stream.getvalue().splitlines()


@pytest.fixture(autouse=True)
def _a_terminal_that_can_do_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_numbers_are_bars_and_what_is_not_known_is_a_gap() -> None:
    assert spark((1.0, 2.0, None, 8.0), 10) == "▁▂ █"
    assert spark((5.0, 5.0), 10) == "▅▅"
    assert spark((None, None), 10) == "  "
    assert spark((), 10) == ""


def test_more_numbers_than_letters_are_means_and_a_gap_only_where_none_is_known() -> None:
    assert spark((1.0, 3.0, None, 2.0, None, None), 3) == "▅▅ "
    assert len(spark(tuple(float(place) for place in range(1_000)), 72)) == 72


def test_series_of_one_panel_are_as_high_as_they_compare() -> None:
    longs, shorts = (Series(name, (0.0, usd), Mark.BARS) for name, usd in (("longs", 1e6), ("shorts", 8e6)))
    assert screen(picture(hourly(longs, shorts)))[1:] == ["longs", "▁▂", "shorts", "▁█"]


def test_a_panel_over_prices_says_from_where_to_where() -> None:
    payoff = Panel("Won or lost", "usd", (Series("put", (-1.0, 2.0)),), first_x=40_000.0, step_x=20_000.0)
    assert screen(picture(payoff))[0] == "Won or lost  40,000 .. 60,000"


def test_bars_that_stand_on_zero_begin_there() -> None:
    assert spark((1.0, 8.0), 10, is_from_zero=True) == "▂█"
    longs = Series("longs", (4.0, 8.0), Mark.BARS)
    assert screen(picture(hourly(longs)))[1].strip() == "▅█"


def test_a_panel_is_its_title_with_its_last_value_above_its_bars() -> None:
    lines = screen(picture(hourly(Series("price", (1.0, 2.0)))))
    assert lines == ["Price  64,210", "▁█"]


def test_several_series_are_named_and_a_ribbon_has_signs_that_need_no_colour() -> None:
    two = hourly(Series("30 d", (1.0, 2.0)), Series("7 d", (2.0, 1.0), ink=Ink.SECOND))
    assert screen(picture(two))[1:] == ["30 d", "▁█", "7 d", "█▁"]
    band = Band((0, None, 1, 1), (("CALM", Ink.CALM), ("CROWDING", Ink.CAUTION)))
    assert screen(picture(Panel("States", "number", band=band)))[1:] == ["· !!", "· CALM  ! CROWDING"]
    assert len(set(SIGNS.values())) == len(Ink)


def test_a_rare_event_does_not_vanish_among_the_days_without_any() -> None:
    keys = (("none", Ink.FAINT), ("WATCH", Ink.MAIN), ("CRITICAL", Ink.STRESS))
    band = Band((None, None, *([0] * 40), 1, 2, *([0] * 40)), keys, events=True)
    (row,) = [line for line in screen(picture(Panel("Days", "number", band=band)), width=40) if "#" in line][
        :1
    ]
    assert row.count(SIGNS[Ink.STRESS]) == 1


def test_it_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 40 for line in screen(picture(*every_kind()), width=40) if "CALM" not in line)


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_can_do_little_and_a_pipe_are_told_in_words(
    term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert screen(picture()) == ["BTC. Price: last 3."]
    stream = io.StringIO()
    Paper(stream).put(*draw_reply(Reply((Heading("BTC"), picture()))))
    assert stream.getvalue() == "BTC\nBTC. Price: last 3.\n"


class Seen(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("is_plain", "first"), [(False, "Price"), (True, "BTC")])
def test_bars_stand_above_the_words_which_are_read_from_the_prompt_up_and_a_listener_hears_the_words_first(
    is_plain: bool, first: str
) -> None:
    stream = Seen()
    shown = Screen(stream, is_plain=is_plain)
    shown.say(*shown.draw(Reply((Heading("BTC"), picture(), Text("Wait.")))))
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in stream.getvalue().splitlines()]
    assert lines[0].startswith(first)
    assert lines.index("BTC") < lines.index("Wait.")


async def test_plain_is_words_alone_though_somebody_looks_at_a_screen() -> None:
    shown, plain = Seen(), Seen()
    assert await print_reply(answered(), shown, as_json=False) == 0
    assert await print_reply(answered(), plain, as_json=False, is_plain=True) == 0
    assert "█" in shown.getvalue() or "▅" in shown.getvalue()
    assert plain.getvalue() == "BTC\nBTC. Price: last 3.\n"


async def answered() -> Reply:
    unknown = replace(every_kind()[0], series=(Series("x", (1.0, None, float("nan"))),))
    return Reply((Heading("BTC"), picture(unknown, every_kind()[3])))


async def test_json_has_the_numbers_and_null_for_what_is_not_known() -> None:
    stream = io.StringIO()
    assert await print_reply(answered(), stream, as_json=True) == 0
    shown = json.loads(stream.getvalue())["blocks"][1]
    assert shown["kind"] == "picture"
    assert shown["panels"][0]["series"][0]["values"] == [1.0, None, None]
    assert shown["panels"][1]["band"]["keys"][0] == ["CALM", "calm"]
    assert to_json(await answered())["private"] is False
