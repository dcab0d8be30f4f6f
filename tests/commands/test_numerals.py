"""Numbers in a language whose decimals take a comma: what is shown is never read as another number, and lines are plain."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.protocol.amounts import read_number
from commands.protocol.dispatch import answer
from commands.protocol.numerals import in_plain_words, typed
from commands.protocol.request import Misunderstood
from commands.protocol.style import ENGLISH, Style, style, write_in, written_in
from commands.protocol.words import Lexicon, read_money_named
from commands.wording import numbers
from tests.commands.test_fuzz import HERE, judge, line

COMMA = Style(decimal=",", thousands=".", date="{day}/{month}/{year}")
LEXICON = Lexicon(("BTC",))


def plain(word: str) -> str:
    (one,) = in_plain_words([word], COMMA, "size")
    return one


def readings(shown: str) -> list[str]:
    """The plain words that what is shown is read as, or asked back about."""
    try:
        return in_plain_words([shown], COMMA, "size")
    except Misunderstood as either:
        return [line.split()[-1] for line in either.offers]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("64.210,5", "64210.5"), ("0,5", "0.5"), ("1.234.567", "1234567"), ("1,234,567", "1234567"), ("64,210.5", "64210.5"),
        ("64,21", "64.21"), ("64.21", "64.21"), (",031", "0.031"), (".031", "0.031"), ("0,500", "0.500"), ("1234,567", "1234.567"),
        ("12.345.678,9", "12345678.9"), ("64,2k", "64.2k"), ("x2,5", "x2.5"), ("2,5x", "2.5x"), ("-10,5%", "-10.5%"), ("$0,5", "$0.5"),
        ("equity=2,5k", "equity=2.5k"), ("funding=0,02%/8h", "funding=0.02%/8h"), ("0,5btc", "0.5btc"), ("1,5d", "1.5d"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_its_writer_means_it(said: str, means: str) -> None:
    assert plain(said) == means


@pytest.mark.parametrize(
    "word",
    ["64210", "5x", "10k", "btc", "BTC,ETH", "23-07", "2026-11-25", "2026-11-25T18:00", "#c7f2", "1.2.3", "1,23,4", "1.23,4.5", "?",
     "line=-", "p7f2", "1000PEPE,BTC", ",", ".", "1.", "1e5", "٠,٥", "0.5", "entry=5.8240"],
)  # fmt: skip
def test_what_is_plain_or_no_number_is_left_as_it_is(word: str) -> None:
    assert plain(word) == word


@pytest.mark.parametrize(
    ("word", "lines", "labels"),
    [
        ("64.210", ("/size BTC 64210 5x", "/size BTC 64.2100 5x"), ("64210", "64,21")),
        ("64,210", ("/size BTC 64210 5x", "/size BTC 64.2100 5x"), ("64210", "64,21")),
        ("equity=5.824", ("/size BTC equity=5824 5x", "/size BTC equity=5.8240 5x"), ("5824", "5,824")),
        ("1.000k", ("/size BTC 1000k 5x", "/size BTC 1.0000k 5x"), ("1000k", "1k")),
    ],
)
def test_what_could_be_two_numbers_is_asked_back_with_both(
    word: str, lines: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    with pytest.raises(Misunderstood) as refused:
        in_plain_words(["BTC", word, "5x"], COMMA, "size")
    assert refused.value.key == "words.either"
    assert refused.value.offers == lines
    assert refused.value.labels == labels


@pytest.mark.parametrize(
    "word", ["$+1.500", "$+1,500usdt", "$-1.500", "xx1.500", "x$1.500", "1.500kusdt", "1.500xx"]
)
def test_whatever_signs_stand_around_it_no_reader_is_left_to_choose(word: str) -> None:
    assert len(readings(word)) == 2


def test_in_english_every_word_is_read_as_it_stands() -> None:
    assert in_plain_words(["64,210", "0,5", "5.824"], ENGLISH, "size") == ["64,210", "0,5", "5.824"]


@given(st.floats(0.000_001, 1e9))
def test_a_number_in_a_line_is_read_the_same_in_every_style(value: float) -> None:
    word = typed(value)
    assert read_number(word) == pytest.approx(value, abs=1e-8)
    assert read_number(plain(word)) == read_number(word)


@given(st.floats(0.000_01, 9e8))
def test_a_price_that_is_shown_is_never_misread_when_it_is_typed_back(value: float) -> None:
    with written_in(COMMA):
        shown = numbers.price(value)
    meant = read_number(numbers.price(value))
    assert meant in [read_money_named(word, LEXICON) for word in readings(shown)]


def test_a_number_takes_the_marks_of_the_style_that_holds() -> None:
    with written_in(COMMA):
        assert numbers.price(64_210.4) == "64.210"
        assert numbers.money(1_234.5) == "1.234"
        assert numbers.money(12.3) == "12,30"
        assert numbers.percent(-0.021) == "-2,1%"
        assert numbers.rate(0.00031) == ",031%/8h"
        assert numbers.short(1_234_000) == "1,23M"
        assert numbers.date_and_clock(1_722_823_450_000) == "05/08/2024 02:04 UTC"
    assert numbers.price(64_210.4) == "64,210"


def test_a_style_holds_to_the_end_of_its_block_whatever_was_chosen_inside() -> None:
    with written_in(COMMA):
        write_in(ENGLISH)
        assert numbers.times(1.875) == "1.8x"
        with written_in(COMMA):
            assert numbers.times(1.875) == "1,8x"
        assert numbers.times(1.875) == "1.8x"
    assert style() == ENGLISH


@given(st.text("0123456789.,+-$xk%", max_size=24))
def test_whatever_is_typed_is_plain_afterwards_asked_back_or_left_alone(word: str) -> None:
    for one in readings(word):
        assert readings(one) == [one]


async def test_thousands_of_lines_with_marks_of_either_kind_are_answered() -> None:
    dice, spanish = random.Random(11), replace(HERE, language="es")
    marked = (
        "64.200",
        "64.210,5",
        "0,5k",
        "1.234.567",
        "1,5x",
        ",5%",
        "equity=2.000",
        "x1,234",
        "1.2.3",
        "0,5,5",
    )
    for _ in range(1_500):
        said = line(dice).replace("64,200", dice.choice(marked)).replace("10k", dice.choice(marked))
        judge(await answer(said, spanish), said)
