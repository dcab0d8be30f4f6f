"""`--plain`: every answer as a listener hears it, with words for signs and no columns to be aligned."""

import io
import re
from collections import Counter

import pytest

from bot.platforms.terminal.rendering import Paper, draw_reply
from bot.platforms.terminal.screen import Screen
from bot.platforms.terminal.spoken import speak, speak_line, speak_shortcuts
from commands.protocol.dispatch import answer
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Action, Note, Reply, Table, Tone
from commands.protocol.request import Context
from store.in_memory import FeedInMemory, PeopleInMemory, SnapshotsInMemory
from store.services import FeedStatus, Services
from tests.commands.markets import NOW_MS, crowding

ENGLISH, SPANISH = phrases_in("en"), phrases_in("es")
NUMBER = re.compile(r"<?[-+]?\.?\d(?:[\d.,]*\d)?%?")
SIGNS = re.compile(r"!|·|~|<-|\||[▁-█]|\s{2,}|^[+-] |\x1b|(?<![\w/])\?")


def services() -> Services:
    return Services(
        SnapshotsInMemory(("BTC", "ETH"), (crowding(),)),
        FeedInMemory(FeedStatus("live", NOW_MS, 60_000, 200)),
        people=PeopleInMemory(),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Price !64,210  -2.1%d   -          4s", "Price caution 64,210, -2.1%d, 4s"),
        ("Fund !!.031%/8h 34%pa   p94      1min", "Fund stress .031%/8h 34%pa, p94, 1min"),
        ("Price!!61,922  -7.1%d   -          4s", "Price stress 61,922, -7.1%d, 4s"),
        ("Liq   ·0.6 bps/h        p54        9s", "Liq, calm 0.6 bps/h, p54, 9s"),
        ("Skew  ?not seen", "Skew, unknown not seen"),
        ("   24 h ?, 7 d 60%, 30 d ?", "24 h unknown, 7 d 60%, 30 d unknown"),
        (" - OI rising fast                  no", "OI rising fast, no"),
        ("Volatility vs quiet     3.6x <- binds", "Volatility vs quiet, 3.6x: binds"),
        ("Liquidation ~51,600  -19.6%  3.5 s.d.", "Liquidation about 51,600, -19.6%, 3.5 s.d."),
        ("BTC · CROWDING · for 6 h 20 min", "BTC, CROWDING, for 6 h 20 min"),
        ("[SIM d1 09:00] ! WARNING #c7f2 BTC", "[SIM d1 09:00] caution WARNING #c7f2 BTC"),
        (" -10%   -11.7%  -17.9%   <-30%*", "-10%, -11.7%, -17.9%, <-30%*"),
        ("z -1.2 of -2 needed", "z -1.2 of -2 needed"),
        ("Try: /regime   /why   |  pause  quit", "Try: /regime, /why, pause, quit"),
    ],
)
def test_a_sign_is_said_and_columns_are_pauses(line: str, said: str) -> None:
    assert speak_line(line, ENGLISH) == said


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "line", ["/regime", "/why", "/size btc 5x 10k", "/check", "/stress btc 5x 10k", "/funding"]
)
async def test_every_number_that_is_drawn_is_said(line: str, language: str) -> None:
    reply = await answer(line, Context(services(), NOW_MS, language=language))
    drawn, said = io.StringIO(), " ".join(speak(reply, phrases_in(language)))
    Paper(drawn).put(*draw_reply(reply))
    assert NUMBER.findall(drawn.getvalue())
    assert Counter(NUMBER.findall(said)) == Counter(NUMBER.findall(drawn.getvalue()))


def test_signs_are_said_in_the_readers_language() -> None:
    assert speak_line("Price !64,210", SPANISH) != speak_line("Price !64,210", ENGLISH)


def test_stress_is_never_said_as_caution() -> None:
    assert speak_line("Prec.!!61.922  -7,1%d", SPANISH) == "Prec. estrés 61.922, -7,1%d"
    assert speak_line("Price!!61,922", ENGLISH) == "Price stress 61,922"


def test_each_cell_of_a_table_says_of_what_it_is() -> None:
    table = Table((("BTC", "CROWDING", "58", "-"),), head=("asset", "state", "str", "age"))
    assert list(speak(Reply((table,)), ENGLISH)) == ["asset BTC, state CROWDING, str 58"]


def test_a_mark_alone_in_a_cell_is_how_loud_a_warning_was() -> None:
    table = Table((("18 Dec 04:00", "·"), ("13 Dec 22:00", "!!"), ("cascade !", "-")))
    assert list(speak(Reply((table,)), ENGLISH)) == [
        "18 Dec 04:00, WATCH",
        "13 Dec 22:00, CRITICAL",
        "cascade WARNING",
    ]


def test_a_tone_is_a_word() -> None:
    reply = Reply((Note("!! leave", Tone.STRESS), Note("stay", Tone.PLAIN)))
    assert list(speak(reply, ENGLISH)) == ["stress: leave", "stay"]


def test_buttons_are_numbers_to_type() -> None:
    assert speak_shortcuts((Action("Why", "/why"), Action("Size", "/size"))) == "1: Why, 2: Size"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "line",
    ["/regime btc", "/why btc", "/size btc 5x 10k", "/check btc", "/scan", "/status", "/funding", "/help"],
)
async def test_no_sign_is_left_in_any_answer(line: str, language: str) -> None:
    reply = await answer(line, Context(services(), NOW_MS, language=language))
    said = list(speak(reply, phrases_in(language)))
    assert len(said) >= 2
    assert [one for one in said if SIGNS.search(one)] == []


def test_a_plain_screen_speaks_what_it_is_told() -> None:
    paper = io.StringIO()
    Screen(paper, is_plain=True).say("[SIM d1 09:00] !! CRITICAL #c7f2 · BTC")
    assert paper.getvalue() == "[SIM d1 09:00] stress CRITICAL #c7f2, BTC\n"
    assert not Paper(paper, is_plain=True).is_terminal
