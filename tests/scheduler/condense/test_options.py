"""Options: a chain of one instant to a skew, of Deribit while it is fresh."""

from math import nan

import pytest
from msgspec.structs import replace

from market.findings import Found
from market.observations import DAY_MS, MINUTE_MS, ImpliedVolatility, OptionQuote, Skew, Venue
from market.options import option_value, skew_of
from scheduler.condense import Condenser
from scheduler.exchange import Told
from tests.scheduler.condense.venues import at, found, take

STRIKES = range(80_000, 120_001, 5_000)
IVS = dict(zip(STRIKES, (0.74, 0.69, 0.645, 0.61, 0.585, 0.57, 0.565, 0.57, 0.58), strict=True))
"""The smile of section 6 at 30 days."""


def chain(venue: Venue, minutes: float, lift: float = 0.0) -> list[OptionQuote]:
    """Calls and puts of a month at their Black-76 price; IVs are lifted by `lift`, of puts below the money twice."""
    quotes: list[OptionQuote] = []
    for strike, iv in IVS.items():
        for is_call in (False, True):
            told = iv + lift * (2.0 if strike < 100_000 else 1.0)
            price = option_value(100_000.0, strike, 30.0 / 365.0, told, is_call=is_call).price_coins
            quotes.append(_quote(venue, at(minutes), strike, is_call, told, price))
    return quotes


def _quote(venue: Venue, at_ms: int, strike: float, is_call: bool, iv: float, price: float) -> OptionQuote:
    expires_at_ms = at(0) + 30 * DAY_MS
    return OptionQuote(
        venue,
        "BTC",
        at_ms,
        expires_at_ms,
        strike,
        is_call,
        100_000.0,
        is_inverse=True,
        mark_iv=iv,
        mark_price=price,
        bid_price=price * 0.98,
        ask_price=price * 1.02,
        open_interest_coins=10.0,
        volume_coins=0.0,
    )


def skews(condenser: Condenser, minutes: float) -> list[Skew]:
    return [one for one in condenser.step(at(minutes))[0] if isinstance(one, Skew)]


def test_a_chain_becomes_one_skew_once() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, *chain(Venue.DERIBIT, 0))
    (skew,) = skews(condenser, 0)
    assert skew.venue is Venue.DERIBIT
    assert skew == skew_of(chain(Venue.DERIBIT, 0), at(0))
    assert skew.skew_25d_30d == pytest.approx(0.0791, abs=0.0001)
    assert skews(condenser, 1) == []


def test_bybit_stands_in_when_deribit_is_silent_for_a_quarter_of_an_hour() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, *chain(Venue.DERIBIT, 0), *chain(Venue.BYBIT, 0))
    assert [one.venue for one in skews(condenser, 0)] == [Venue.DERIBIT]
    take(condenser, 15, *chain(Venue.BYBIT, 15))
    assert skews(condenser, 15) == []
    assert [one.venue for one in skews(condenser, 16)] == [Venue.BYBIT]


def test_without_a_fresh_chain_there_is_no_skew_and_that_is_named() -> None:
    told, findings = Condenser("BTC").step(at(0))
    assert told == ()
    assert found(findings, Found.NO_SKEW) == [None]


def test_a_chain_that_says_nothing_believable_is_no_skew_and_that_is_named() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, *[replace(quote, bid_price=None) for quote in chain(Venue.DERIBIT, 0)])
    told, findings = condenser.step(at(0))
    assert told == ()
    assert found(findings, Found.NO_SKEW, Venue.DERIBIT) == [None]


def test_quotes_that_stood_still_while_their_forward_moved_are_left_out() -> None:
    condenser = Condenser("BTC")
    for minutes in (0, 31):
        take(condenser, minutes, *chain(Venue.DERIBIT, minutes))
        condenser.step(at(minutes))
    moved = [replace(quote, forward_usd=102_000.0) for quote in chain(Venue.DERIBIT, 62)]
    take(condenser, 62, *moved)
    assert skews(condenser, 62) == []


@pytest.mark.parametrize("forward", [nan, 0.0, -1.0])
def test_a6_a_quote_without_a_possible_forward_is_refused_and_named(forward: float) -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, *[replace(quote, forward_usd=forward) for quote in chain(Venue.DERIBIT, 0)])
    told, findings = condenser.step(at(0))
    assert told == ()
    assert found(findings, Found.IMPLAUSIBLE, Venue.DERIBIT) == [None]


def test_an_implied_volatility_index_is_handed_on_once() -> None:
    condenser = Condenser("BTC")
    index = ImpliedVolatility(Venue.DERIBIT, at(0), MINUTE_MS, 0.6)
    take(condenser, 0, Told("BTC", index), Told("BTC", replace(index, known_at_ms=at(0.1), dvol=60.0)))
    told, findings = condenser.step(at(0))
    assert told == (index,)
    assert found(findings, Found.IMPLAUSIBLE, Venue.DERIBIT) == [None]
    assert condenser.step(at(1))[0] == ()
