"""Words: what a reader may write, and what is refused with a reason."""

import pytest

from commands.protocol import words
from commands.protocol.request import Misunderstood
from commands.protocol.words import Lexicon
from market.observations import Side

WATCHED = Lexicon(("BTC", "ETH", "SOL", "1000PEPE"), ("BTC", "ETH", "DOGE"))


@pytest.mark.parametrize(
    "word",
    [
        "btc",
        "BTC",
        "BTCUSDT",
        "xbt",
        "XBTUSD",
        "btc-perp",
        "BTC-USDT-SWAP",
        "btc/usdt:usdt",
        "$btc",
        "bitcoin",
    ],
)
def test_a_coin_has_many_names(word: str) -> None:
    assert words.read_asset(word, WATCHED) == "BTC"


@pytest.mark.parametrize("word", ["1000PEPE", "pepe", "PEPEUSDT", "1000pepeusdt", "kpepe"])
def test_a_coin_traded_by_the_thousand_is_found_under_its_own_name(word: str) -> None:
    assert words.read_asset(word, WATCHED) == "1000PEPE"


def test_a_wrong_coin_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(Misunderstood) as refused:
        words.read_asset_named("SOLL", WATCHED)
    assert refused.value.values["near"] == ("SOL",)


def test_a_coin_that_is_listed_but_not_watched_is_told_so() -> None:
    with pytest.raises(Misunderstood) as refused:
        words.read_asset_named("doge", WATCHED)
    assert refused.value.key == "words.listed"


def test_where_nothing_is_watched_any_symbol_will_do_but_a_number_is_none() -> None:
    assert words.read_asset("hype", Lexicon()) == "HYPE"
    assert words.read_asset("500", Lexicon()) is None


@pytest.mark.parametrize(
    ("word", "leverage"),
    [("5x", 5.0), ("X5", 5.0), ("2.5x", 2.5), ("1x", 1.0), ("125X", 125.0), (".5e", None)],
)
def test_a_leverage_carries_its_x(word: str, leverage: float | None) -> None:
    assert words.read_leverage(word, WATCHED) == leverage


@pytest.mark.parametrize("word", ["0x", "0.99x", "-5x", "201x", "999999999999x"])
def test_a_leverage_nobody_offers_is_refused(word: str) -> None:
    with pytest.raises(Misunderstood):
        words.read_leverage(word, WATCHED)


@pytest.mark.parametrize(
    ("word", "usd"),
    [
        ("10k", 10_000.0),
        ("10K", 10_000.0),
        ("64,200", 64_200.0),
        ("1,234,567.5", 1_234_567.5),
        ("$500", 500.0),
        ("500usdt", 500.0),
        ("2.5m", 2_500_000.0),
        ("1b", 1e9),
        ("5usd", 5.0),
        ("1,000k", 1e6),
    ],
)
def test_money_is_read_as_traders_write_it(word: str, usd: float) -> None:
    assert words.read_money(word, WATCHED) == usd


@pytest.mark.parametrize("word", ["0k", "-10k", "0usdt", "$0", "-$500", "2000b"])
def test_money_has_to_be_above_zero_and_imaginable(word: str) -> None:
    with pytest.raises(Misunderstood):
        words.read_money(word, WATCHED)


def test_a_bare_small_number_could_be_leverage_or_money_and_is_asked_about() -> None:
    with pytest.raises(Misunderstood) as refused:
        words.read_money("5", WATCHED)
    assert refused.value.key == "words.leverage_or_money"
    assert refused.value.values["near"] == ("5x", "5usdt")
    assert words.read_money_named("5", WATCHED) == 5.0
    for word, near in (("5.824", ("5.8240x", "5824", "5.8240usdt")), (".5", (".5usdt",))):
        with pytest.raises(Misunderstood) as refused:
            words.read_money(word, WATCHED)
        assert refused.value.values["near"] == near


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("250.000", ("250000usdt", "250usdt")),
        ("$999.125", ("999125usdt", "999.1250usdt")),
        ("10.000usdt", ("10000usdt", "10usdt")),
        ("64.250$", ("64250usdt", "64.25usdt")),
    ],
)
def test_an_amount_that_could_be_thousands_is_asked_about_in_every_language(
    word: str, near: tuple[str, ...]
) -> None:
    for read in (words.read_money, words.read_money_named):
        with pytest.raises(Misunderstood) as refused:
            read(word, WATCHED)
        assert refused.value.key == "words.either"
        assert refused.value.values["near"] == near
    thousands, decimals = (words.read_money_named(one, WATCHED) for one in near)
    assert thousands == 1_000.0 * (decimals or 0.0)


@pytest.mark.parametrize(
    ("word", "usd"),
    [
        ("0.250", 0.25),
        ("64.5", 64.5),
        ("64.25", 64.25),
        ("250.0000", 250.0),
        ("1250.000", 1250.0),
        ("1.500k", 1500.0),
    ],
)
def test_an_amount_that_is_plainly_one_number_is_not_asked_about(word: str, usd: float) -> None:
    assert words.read_money_named(word, WATCHED) == usd


def test_a_price_may_have_three_decimals() -> None:
    assert words.read_price_named("5.824", WATCHED) == 5.824
    assert words.read_price_named("64.210", WATCHED) == 64.21


@pytest.mark.parametrize(
    "word",
    [
        "1e309", "1e5", "nan", "NaN", "inf", "-inf", "1_000", "٥", "٥x", "５", "10,5", "1,00", "1,0000", ",", ".", "1.",
        "0x1f", "1.123456789", "1234567890123", "k", "$", "", "--5", "5xx5",
    ],
)  # fmt: skip
def test_what_is_no_plain_number_is_no_word_at_all(word: str) -> None:
    for read in (words.read_leverage, words.read_money, words.read_percent, words.read_hold):
        assert read(word, WATCHED) is None


@pytest.mark.parametrize(("word", "share"), [("3%", 0.03), ("0.5%", 0.005), ("100%", 1.0)])
def test_a_percentage_is_read_as_a_fraction(word: str, share: float) -> None:
    assert words.read_percent(word, WATCHED) == pytest.approx(share)


@pytest.mark.parametrize("word", ["0%", "-3%", "101%"])
def test_a_percentage_is_above_nothing_and_at_most_all(word: str) -> None:
    with pytest.raises(Misunderstood):
        words.read_percent(word, WATCHED)


@pytest.mark.parametrize(
    ("word", "hours"), [("72h", 72.0), ("3d", 72.0), ("1w", 168.0), ("1.5d", 36.0), ("5m", None)]
)
def test_a_holding_time_is_read_in_hours(word: str, hours: float | None) -> None:
    assert words.read_hold(word, WATCHED) == hours


@pytest.mark.parametrize("word", ["0h", "-3d", "31d", "999999999999w"])
def test_a_holding_time_is_between_an_hour_and_thirty_days(word: str) -> None:
    with pytest.raises(Misunderstood):
        words.read_hold(word, WATCHED)


def test_a_holding_time_that_is_named_may_be_a_bare_number_of_hours() -> None:
    assert words.read_hold_named("48", WATCHED) == 48.0
    assert words.read_hold_named("2d", WATCHED) == 48.0


def test_sides_are_read_in_any_case() -> None:
    assert words.read_side("Long", WATCHED) is Side.LONG
    assert words.read_side("SELL", WATCHED) is Side.SHORT
    assert words.read_side("Largo", WATCHED) is Side.LONG
    assert words.read_side("corto", WATCHED) is Side.SHORT
    assert words.read_side("sideways", WATCHED) is None
