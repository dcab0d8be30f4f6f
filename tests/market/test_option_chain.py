"""What is read of a chain and what is left out, the week beside the month, and gamma near the price as a band."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from market.observations import DAY_MS, MINUTE_MS, OptionQuote, Venue
from market.options import Chain, gamma_near, option_value, skew_of, surface_of
from market.options.quotes import LeftOut, examine, spread_of
from tests.market.test_options import FORWARD, NOW_MS, expiry, quote

WEEK = {strike: 0.64 + 5e-6 * (100_000 - strike) for strike in range(86_000, 114_001, 2_000)}
"""A straight smile of a week, at 64 % in the middle."""


def put(quotes: Sequence[OptionQuote], strike: float) -> OptionQuote:
    return next(one for one in quotes if one.strike_usd == strike and not one.is_call)


def with_one(quotes: Sequence[OptionQuote], strike: float, **changed: object) -> list[OptionQuote]:
    """The chain with the put of one strike changed."""
    odd = put(quotes, strike)
    return [replace(one, **changed) if one is odd else one for one in quotes]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bid_price": None}, LeftOut.NO_BID),
        ({"ask_price": None}, LeftOut.NO_BID),
        ({"ask_price": 0.9}, LeftOut.WIDE),
        ({"open_interest_coins": 0.0}, LeftOut.NOT_HELD),
        ({"mark_iv": 4.5}, LeftOut.NO_IV),
        ({"mark_iv": 0.8}, LeftOut.OUTLIER),
    ],
)
def test_what_is_left_out_is_counted_by_its_reason(changed: dict[str, object], why: LeftOut) -> None:
    examined = examine(with_one(expiry(), 85_000.0, **changed), NOW_MS)
    assert examined.left_out == {why: 1}
    assert [one.strike_usd for one, _ in examined.believed] == [
        80_000.0,
        *(strike for strike in range(90_000, 120_001, 5_000)),
    ]


def test_what_is_in_the_money_is_not_read_and_not_counted() -> None:
    surface = surface_of(expiry(), NOW_MS)
    assert surface is not None
    assert (surface.strikes, surface.expiries, surface.left_out) == (9, 1, {})


def test_a_whole_expiry_is_left_out_for_its_nearness_or_its_forward() -> None:
    near, crooked = expiry(days=1.0), [replace(one, forward_usd=FORWARD * 1.01) for one in expiry(days=60.0)]
    surface = surface_of([*expiry(), *near, *crooked], NOW_MS)
    assert surface is not None
    assert surface.left_out == {LeftOut.TOO_NEAR: 9, LeftOut.OFF_PARITY: 9}
    assert surface.expiries == 1


def test_the_week_is_told_by_both_conventions_and_the_term_is_inverted_where_it_is_dearer() -> None:
    surface = surface_of([*expiry(), *expiry(days=7.0, ivs=WEEK)], NOW_MS)
    assert surface is not None
    assert surface.week is not None
    assert surface.week_premium_adjusted is not None
    assert surface.week_premium_adjusted.skew_25d > surface.week.skew_25d
    assert surface.term_inversion == pytest.approx(0.057, abs=0.002)


def test_an_observation_carries_butterfly_the_other_convention_and_the_week() -> None:
    said = skew_of([*expiry(), *expiry(days=7.0, ivs=WEEK)], NOW_MS)
    assert said is not None
    assert said.butterfly_25d_30d == pytest.approx(0.026992, abs=1e-6)
    assert said.skew_25d_30d_adjusted == pytest.approx(0.09668, abs=1e-5)
    assert said.atm_iv_7d == pytest.approx(0.640, abs=0.002)
    alone = skew_of(expiry(), NOW_MS)
    assert alone is not None
    assert alone.atm_iv_7d is None


def test_the_spread_is_a_share_of_the_middle() -> None:
    one = replace(quote(90_000.0, is_call=False, iv=0.65), bid_price=0.03, ask_price=0.034)
    assert spread_of(one) == pytest.approx(0.125)
    assert spread_of(replace(one, bid_price=None)) is None


# ------------------------------------------------------------------------------------------------ gamma


def held(strike: float, *, is_call: bool, coins: float) -> OptionQuote:
    return replace(quote(strike, is_call=is_call, iv=0.6), open_interest_coins=coins)


def test_gamma_is_a_sum_without_a_sign_between_two_assumptions() -> None:
    chain = [held(98_000.0, is_call=False, coins=1_000.0), held(103_000.0, is_call=True, coins=2_000.0)]
    of_puts, of_calls = (
        option_value(FORWARD, strike, 30.0 / 365.0, 0.6, is_call=is_call).gamma * coins * FORWARD**2 * 0.01
        for strike, is_call, coins in ((98_000.0, False, 1_000.0), (103_000.0, True, 2_000.0))
    )
    band = gamma_near(chain, NOW_MS)
    assert band is not None
    assert band.unsigned_usd == pytest.approx(of_puts + of_calls)
    assert band.long_calls_usd == pytest.approx(of_calls - of_puts)
    assert band.short_all_usd == pytest.approx(-of_puts - of_calls)
    assert band.within == 0.05


def test_gamma_counts_strikes_within_five_percent_that_have_not_expired() -> None:
    near = held(98_000.0, is_call=False, coins=1_000.0)
    far = held(94_000.0, is_call=False, coins=1_000.0)
    over = replace(near, expires_at_ms=NOW_MS - DAY_MS)
    assert gamma_near([near, far, over], NOW_MS) == gamma_near([near], NOW_MS)
    assert gamma_near([far, over], NOW_MS) is None
    assert gamma_near([replace(near, open_interest_coins=None)], NOW_MS) is None


def test_the_gamma_of_the_definitions_thousand_puts_is_its_dollar_figure() -> None:
    one = replace(quote(90_000.0, is_call=False, iv=0.65), forward_usd=FORWARD, open_interest_coins=1_000.0)
    assert gamma_near([one], NOW_MS) is None  # ten percent away
    close = replace(one, strike_usd=100_000.0)
    value = option_value(FORWARD, 100_000.0, 30.0 / 365.0, 0.65, is_call=False)
    band = gamma_near([close], NOW_MS)
    assert band is not None
    assert band.unsigned_usd == pytest.approx(value.gamma * 1_000.0 * FORWARD**2 * 0.01)


# ------------------------------------------------------------------------------------------------ chains


def test_a_chain_names_what_stood_still_and_goes_on_without_it() -> None:
    quotes = tuple(expiry())
    chain = Chain("BTC", Venue.DERIBIT, NOW_MS, quotes, stale=(0, 2))
    assert chain.moving == tuple(one for place, one in enumerate(quotes) if place not in {0, 2})


def test_a_chain_in_coins_is_read_in_coins_whatever_is_beside_it() -> None:
    coins, dollars = expiry(), [replace(one, is_inverse=False) for one in expiry()]
    mixed = Chain("BTC", Venue.DERIBIT, NOW_MS, (*coins, *dollars))
    assert mixed.margined == tuple(coins)
    assert mixed.is_inverse
    alone = Chain("SOL", Venue.DERIBIT, NOW_MS, tuple(dollars))
    assert alone.margined == tuple(dollars)
    assert not alone.is_inverse


def test_a_quote_may_be_believed_again_once_its_volatility_moves() -> None:
    earlier = [replace(one, known_at_ms=NOW_MS - 31 * MINUTE_MS, forward_usd=98_000.0) for one in expiry()]
    moved = with_one(expiry(), 85_000.0, mark_iv=0.7)
    surface = surface_of(moved, NOW_MS)
    assert surface is not None
    assert surface.month is not None
    assert put(earlier, 85_000.0).mark_iv == 0.69
