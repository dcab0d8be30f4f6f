"""Commands: requests from words in any order and from slash options, and what a platform learns of them."""

from itertools import permutations

import pytest

from commands.protocol.command import Command
from commands.protocol.dispatch import commands, find
from commands.protocol.request import Misunderstood
from commands.protocol.words import Lexicon
from commands.size import COMMAND as SIZE
from commands.size import Size
from market.entries import NAME
from market.observations import Side
from market.sizing import MarginMode

WATCHED = Lexicon(("BTC", "ETH", "1000PEPE"))


def test_words_come_in_any_order() -> None:
    asked = {SIZE.read(words, WATCHED) for words in permutations(("btc", "5x", "10k", "short", "3d", "3%"))}
    assert asked == {Size(asset="BTC", leverage=5.0, equity=10_000.0, side=Side.SHORT, hold=72.0, lose=0.03)}


def test_a_word_may_be_named_with_or_without_an_equals_sign() -> None:
    asked = SIZE.read(
        ["btc", "5x", "equity=100", "hold", "48", "base=8x", "entry", "64,200", "cross"], WATCHED
    )
    assert (asked.equity, asked.hold, asked.base, asked.entry) == (100.0, 48.0, 8.0, 64_200.0)
    assert asked.mode is MarginMode.CROSS


def test_a_missing_word_is_asked_for_with_lines_to_choose_from() -> None:
    with pytest.raises(Misunderstood) as refused:
        SIZE.read(["btc", "10k"], WATCHED)
    assert refused.value.kinds == ("leverage",)
    assert refused.value.offers[3] == "/size btc 10k 5x"
    assert SIZE.read(refused.value.offers[3].split()[1:], WATCHED).leverage == 5.0


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["btc", "5x", "3x"], "words.twice"),
        (["btc", "eth", "5x"], "words.twice"),
        (["btc", "5x", "banana"], "words.none_of"),
        (["banana", "5x"], "words.not_watched"),
        (["btc", "5x", "1e309"], "words.not_a_number"),
        (["btc", "NaN"], "words.not_a_number"),
        (["btc", "٥x"], "words.not_ascii"),
        (["btc", "5x", "10,5"], "words.comma"),
        (["btc", "5x", "hold=soon"], "words.none_of"),
        (["btc", "5x", "colour=red"], "words.none_of"),
        (["btc", "0.5x"], "words.leverage_below_one"),
    ],
)
def test_what_cannot_be_read_has_its_reason(words: list[str], key: str) -> None:
    with pytest.raises(Misunderstood) as refused:
        SIZE.read(words, WATCHED)
    assert refused.value.key == key


def test_slash_options_make_the_same_request_as_words() -> None:
    by_options = SIZE.read_options(
        {"asset": "btc", "leverage": 5, "equity": "10k", "side": "short", "hold": None}, WATCHED
    )
    assert by_options == SIZE.read(["btc", "5x", "10k", "short"], WATCHED)


@pytest.mark.parametrize(
    "values",
    [
        {"leverage": float("nan")},
        {"leverage": float("inf")},
        {"leverage": 0.0},
        {"leverage": 1e300},
        {"leverage": True},
        {"leverage": [5]},
        {"leverage": 5, "equity": "1" * 300},
        {"leverage": 5, "nothing": "x"},
        {"asset": "banana", "leverage": 5},
        {},
    ],
)
def test_a_wrong_option_is_refused_as_a_wrong_word_is(values: dict[str, object]) -> None:
    with pytest.raises(Misunderstood):
        SIZE.read_options(values, WATCHED)


def test_an_option_tells_a_platform_all_it_needs() -> None:
    leverage = next(option for option in SIZE.options if option.name == "leverage")
    side = next(option for option in SIZE.options if option.name == "side")
    assert (leverage.required, leverage.word.is_number) == (True, True)
    assert (leverage.word.least, leverage.word.most) == (1.0, 200.0)
    assert (side.required, side.word.choices) == (False, ("long", "short"))


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_a_command_fits_every_menu(command: Command[object]) -> None:
    assert NAME.fullmatch(command.name)
    assert all(NAME.fullmatch(option.name) for option in command.options)
    assert 1 <= len(command.help) <= 100  # Discord's limit; Telegram's is 256
    assert all(1 <= len(option.description) <= 100 for option in command.options)
    assert len(command.options) <= 25
    required = [option.required for option in command.options]
    assert required == sorted(required, reverse=True)  # Discord wants the required ones first
    assert command.example.split()[0] == f"/{command.name}"


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_the_example_of_a_command_can_be_read(command: Command[object]) -> None:
    assert command.read(command.example.split()[1:], WATCHED) is not None


def test_the_commands_are_there_in_the_order_of_the_menu() -> None:
    assert [command.name for command in commands()] == [
        "start", "regime", "size", "plan", "check", "scan", "levels", "stress", "hedge", "why", "funding", "oi", "liq", "skew",
        "subscribe", "unsubscribe", "alerts", "backtest", "history", "mute", "ack", "settings", "positions", "testalert", "status", "id", "watch", "unwatch",
        "dead", "reload", "privacy", "export", "forget", "help",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["/size", "size", "/SIZE", "/Size@seawall_bot", "SIZE@x"])
def test_a_command_is_found_however_it_is_written(word: str) -> None:
    assert find(word) is SIZE
