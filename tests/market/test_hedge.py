"""Hedging a long: the definition's put and spread to the dollar, the rule that chooses, and what is refused."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from market.hedge import Asked, Because, Choice, Hedge, HedgeRefused, NoHedge, hedge_of
from market.hedge.legs import fee_of
from market.observations import DAY_MS, MINUTE_MS, OptionQuote, Venue
from market.options import Chain, option_value
from market.rules import Rules

RULES = Rules()
NOW_MS = 1_790_000_000_000
PRICE = 100_000.0
IVS = {70_000: 0.80, 80_000: 0.74, 85_000: 0.70, 92_000: 0.64, 95_000: 0.61, 100_000: 0.58}


def put(
    strike: float, iv: float, days: float = 30.0, half_spread: float = 0.0, *, inverse: bool = True
) -> OptionQuote:
    """A put at its Black-76 price, bid and ask so far from it (share)."""
    value = option_value(PRICE, strike, days / 365.0, iv, is_call=False)
    mark = value.price_coins if inverse else value.price_usd
    return OptionQuote(
        Venue.DERIBIT,
        "BTC",
        NOW_MS,
        NOW_MS + round(days * DAY_MS),
        strike,
        is_call=False,
        forward_usd=PRICE,
        is_inverse=inverse,
        mark_iv=iv,
        mark_price=mark,
        bid_price=mark * (1.0 - half_spread),
        ask_price=mark * (1.0 + half_spread),
        open_interest_coins=10.0,
        volume_coins=0.0,
    )


def puts(days: float = 30.0, half_spread: float = 0.0, *, inverse: bool = True) -> list[OptionQuote]:
    return [put(strike, iv, days, half_spread, inverse=inverse) for strike, iv in IVS.items()]


def chain(*quotes: OptionQuote, asset: str = "BTC") -> Chain:
    return Chain(asset, Venue.DERIBIT, NOW_MS, quotes or tuple(puts()))


def asked(**changed: object) -> Asked:
    """One coin, for thirty days, where longs pay enough that halving is not the cheaper way."""
    plain = Asked("BTC", PRICE, 30.0, PRICE, funding_8h=0.0005, z=0.5, skew_over_atm=0.1)
    return dataclasses.replace(plain, **changed)  # type: ignore[arg-type]


def hedge(quotes: Sequence[OptionQuote] = (), **changed: object) -> Hedge:
    return hedge_of(asked(**changed), chain(*quotes), NOW_MS, RULES)


# ------------------------------------------------------------------------------------------------ the definition


def test_the_put_of_the_definition_costs_three_point_seven_five_seven_percent() -> None:
    way = hedge().put
    assert way.bought.strike_usd == 92_000.0
    assert way.bought.price == pytest.approx(0.03727102, abs=1e-8)
    assert way.bought.fee == 0.0003
    assert way.cost_share == pytest.approx(0.03757, abs=5e-6)
    assert way.break_even_usd == pytest.approx(88_242.90, abs=0.01)


def test_the_spread_of_the_definition_costs_two_point_three_six_one_percent() -> None:
    found = hedge()
    spread = found.spread
    assert spread is not None
    assert spread.sold is not None
    assert (spread.bought.strike_usd, spread.sold.strike_usd) == (92_000.0, 80_000.0)
    assert spread.cost_coins == pytest.approx(0.02361271, abs=1e-8)
    assert spread.break_even_usd == pytest.approx(89_638.73, abs=0.01)
    assert spread.most_usd == pytest.approx(9_638.73, abs=0.01)
    assert spread.most_usd / spread.cost_usd == pytest.approx(4.08, abs=0.005)
    assert found.cheaper_by == pytest.approx(0.372, abs=0.0005)


def test_both_pay_seven_thousand_at_eighty_five_and_the_spread_no_more_than_twelve_below_eighty() -> None:
    found = hedge()
    assert found.spread is not None
    assert (found.put.pays_usd(85_000.0), found.spread.pays_usd(85_000.0)) == (7_000.0, 7_000.0)
    assert found.put.pays_coins(85_000.0) == pytest.approx(0.082353, abs=1e-6)
    assert (found.put.pays_usd(70_000.0), found.spread.pays_usd(70_000.0)) == (22_000.0, 12_000.0)
    assert found.spread.covered_to_usd == 80_000.0
    assert (found.put.pays_usd(95_000.0), found.spread.pays_usd(95_000.0)) == (0.0, 0.0)
    with pytest.raises(ValueError, match="nothing"):
        found.put.pays_coins(0.0)


def test_a_leg_is_bought_at_the_ask_and_sold_at_the_bid() -> None:
    found = hedge(puts(half_spread=0.05))
    assert found.spread is not None
    assert found.spread.sold is not None
    assert found.put.bought.price == pytest.approx(0.03727102 * 1.05, abs=1e-8)
    marked = option_value(PRICE, 80_000.0, 30.0 / 365.0, 0.74, is_call=False).price_coins
    assert found.spread.sold.price == pytest.approx(marked * 0.95)
    assert found.put.bought.spread == pytest.approx(0.10)


def test_the_fee_is_never_more_than_an_eighth_of_the_premium() -> None:
    one = put(92_000.0, 0.64)
    assert fee_of(one, 0.001, RULES.hedge) == pytest.approx(0.000125)
    assert fee_of(one, 0.0024, RULES.hedge) == pytest.approx(0.0003)
    in_dollars = put(92_000.0, 0.64, inverse=False)
    assert fee_of(in_dollars, 3_700.0, RULES.hedge) == pytest.approx(50.0)
    assert fee_of(in_dollars, 80.0, RULES.hedge) == pytest.approx(10.0)


def test_premiums_in_dollars_are_dollars() -> None:
    found = hedge(puts(inverse=False))
    assert not found.is_inverse
    assert found.put.cost_usd == pytest.approx(3_727.102 + 50.0, abs=1e-2)
    assert found.put.cost_coins == pytest.approx(found.put.cost_usd / PRICE)
    assert found.put.fees_usd == pytest.approx(50.0)


# ------------------------------------------------------------------------------------------------ strikes, expiry, size


def test_the_nearest_listed_strikes_stand_in() -> None:
    found = hedge([put(strike, 0.7) for strike in (99_000.0, 90_000.0, 83_000.0)])
    assert found.put.bought.strike_usd == 90_000.0
    assert found.spread is not None
    assert found.spread.covered_to_usd == 83_000.0


def test_without_a_lower_put_there_is_no_spread() -> None:
    found = hedge([put(92_000.0, 0.64)], z=2.0)
    assert found.spread is None
    assert found.cheaper_by is None
    assert found.choice is Choice.PUT
    assert found.because == (Because.DEAR_BY_Z, Because.NO_SPREAD)


def test_the_expiry_nearest_to_the_days_is_taken_and_its_neighbours_are_named() -> None:
    quotes = [one for days in (7.0, 28.0, 63.0) for one in puts(days)]
    found = hedge(quotes, days=30.0)
    assert found.days_left == pytest.approx(28.0)
    assert found.expiry.before_ms == NOW_MS + 7 * DAY_MS
    assert found.expiry.after_ms == NOW_MS + 63 * DAY_MS
    assert hedge(quotes, days=365.0).expiry.after_ms is None
    assert hedge(quotes, days=1.0).expiry.before_ms is None


def test_of_two_expiries_as_near_the_later_is_taken() -> None:
    found = hedge([*puts(25.0), *puts(35.0)], days=30.0)
    assert found.days_left == pytest.approx(35.0)


def test_an_expiry_where_nothing_can_be_traded_is_passed_over() -> None:
    dead = [replace(one, bid_price=None) for one in puts(30.0)]
    assert hedge([*dead, *puts(63.0)]).days_left == pytest.approx(63.0)


@pytest.mark.parametrize(
    ("notional", "covered"), [(100_000.0, 1.0), (104_900.0, 1.0), (105_100.0, 1.1), (6_000.0, 0.1)]
)
def test_contracts_come_in_tenths_of_a_coin(notional: float, covered: float) -> None:
    found = hedge(notional_usd=notional)
    assert found.covered_coins == pytest.approx(covered)
    assert found.coins == pytest.approx(notional / PRICE)


def test_a_position_smaller_than_half_a_contract_is_refused() -> None:
    with pytest.raises(HedgeRefused) as refused:
        hedge(notional_usd=4_000.0)
    assert refused.value.why is NoHedge.TOO_SMALL
    assert refused.value.numbers == {"step_coins": 0.1, "step_usd": 10_000.0}


def test_options_in_dollars_have_steps_of_their_own() -> None:
    told = hedge_of(
        asked(asset="SOL", notional_usd=24.0 * PRICE), chain(*puts(inverse=False), asset="SOL"), NOW_MS, RULES
    )
    assert (told.step_coins, told.covered_coins) == (10.0, 20.0)


def test_where_the_step_is_not_known_all_is_counted_as_covered() -> None:
    told = hedge_of(asked(asset="NEW", notional_usd=4_000.0), chain(asset="NEW"), NOW_MS, RULES)
    assert told.step_coins is None
    assert told.covered_coins == told.coins == pytest.approx(0.04)


# ------------------------------------------------------------------------------------------------ what is refused


def refusal(chain_: Chain, now_ms: int = NOW_MS) -> NoHedge:
    with pytest.raises(HedgeRefused) as refused:
        hedge_of(asked(), chain_, now_ms, RULES)
    return refused.value.why


def test_a_chain_without_bids_without_puts_or_too_old_is_refused() -> None:
    assert refusal(chain(*(replace(one, bid_price=None) for one in puts()))) is NoHedge.NO_BIDS
    assert refusal(chain(*(replace(one, is_call=True) for one in puts()))) is NoHedge.NO_PUTS
    assert refusal(chain(*puts(1.0))) is NoHedge.NO_PUTS  # gone before a hedge has begun
    assert refusal(chain(*(replace(one, ask_price=0.5) for one in puts()))) is NoHedge.NO_BIDS
    assert refusal(chain(), NOW_MS + 15 * MINUTE_MS + 1) is NoHedge.STALE


# ------------------------------------------------------------------------------------------------ the rule


@pytest.mark.parametrize(
    ("z", "over_atm", "choice", "because"),
    [
        (0.99, 0.119, Choice.PUT, (Because.CHEAP,)),
        (1.0, 0.05, Choice.SPREAD, (Because.DEAR_BY_Z,)),
        (0.2, 0.12, Choice.SPREAD, (Because.DEAR_OVER_ATM,)),
        (1.4, 0.2, Choice.SPREAD, (Because.DEAR_BY_Z, Because.DEAR_OVER_ATM)),
        (None, 0.05, Choice.PUT, (Because.UNRANKED,)),
        (None, 0.2, Choice.SPREAD, (Because.DEAR_OVER_ATM,)),
        (None, None, Choice.PUT, (Because.UNRANKED,)),
    ],
)
def test_a_put_where_skew_is_cheap_and_a_spread_where_it_is_dear(
    z: float | None, over_atm: float | None, choice: Choice, because: tuple[Because, ...]
) -> None:
    found = hedge(z=z, skew_over_atm=over_atm)
    assert (found.choice, found.because) == (choice, because)
    assert found.chosen is (found.spread if choice is Choice.SPREAD else found.put)


def test_halving_is_the_answer_where_the_hedge_costs_half_as_much_again() -> None:
    """30 d at .01 % are .9 % of funding, and .05 % of fees: 1.5 x .95 % is less than any of the two ways."""
    cheap = hedge(funding_8h=0.0001)
    assert cheap.halving.funding_usd == pytest.approx(900.0)
    assert cheap.halving.fees_usd == pytest.approx(50.0)
    assert cheap.choice is Choice.REDUCE
    assert cheap.because[-1] is Because.HALVING_IS_CHEAPER
    line = (0.03757102 / 1.5 - 0.0005) / 90.0
    assert hedge(funding_8h=line * 0.999).choice is Choice.REDUCE
    assert hedge(funding_8h=line * 1.001).choice is Choice.PUT


def test_funding_that_longs_receive_costs_nothing_and_unknown_funding_compares_nothing() -> None:
    assert hedge(funding_8h=-0.001).halving.funding_usd == 0.0
    unknown = hedge(funding_8h=None)
    assert unknown.halving.cost_usd is None
    assert unknown.choice is Choice.PUT
    assert unknown.because == (Because.CHEAP, Because.NO_FUNDING)


# ------------------------------------------------------------------------------------------------ afterwards


def test_what_is_left_after_a_fall_is_the_position_less_the_cost_and_with_what_was_paid() -> None:
    found = hedge()
    after = found.after_move(-0.30)
    assert after.alone_usd == -30_000.0
    assert after.put_usd == pytest.approx(-30_000.0 + 22_000.0 - 3_757.10, abs=0.01)
    assert after.spread_usd == pytest.approx(-30_000.0 + 12_000.0 - 2_361.27, abs=0.01)
    assert after.halved_usd == pytest.approx(-15_000.0 - 50.0)
    assert [one.move for one in found.after] == [-0.05, -0.10, -0.15, -0.20, -0.30]


def test_what_contracts_do_not_reach_is_not_covered() -> None:
    whole, part = hedge(notional_usd=100_000.0), hedge(notional_usd=104_000.0)
    difference = part.after_move(-0.30).put_usd - whole.after_move(-0.30).put_usd
    assert difference == pytest.approx(-0.30 * 4_000.0)


@settings(max_examples=60, deadline=None)
@given(
    notional=st.floats(6_000.0, 5e6),
    move=st.floats(-0.6, 0.3),
    half_spread=st.floats(0.0, 0.2),
)
def test_no_hedge_pays_more_than_it_covers_and_the_spread_never_more_than_the_put(
    notional: float, move: float, half_spread: float
) -> None:
    found = hedge(puts(half_spread=half_spread), notional_usd=notional)
    after, spread = found.after_move(move), found.spread
    assert spread is not None
    assert after.put_usd >= after.alone_usd - found.covered_coins * found.put.cost_usd - 1e-6
    assert spread.pays_usd(after.price_usd) <= found.put.pays_usd(after.price_usd)
    assert spread.most_usd + spread.cost_usd == pytest.approx(12_000.0)
    assert spread.cost_usd < found.put.cost_usd
    if move > -0.05:
        assert after.put_usd <= after.alone_usd


def test_quotes_that_stood_still_while_the_price_moved_are_not_traded() -> None:
    quotes = tuple(puts())
    place = next(place for place, one in enumerate(quotes) if one.strike_usd == 92_000)
    still = Chain("BTC", Venue.DERIBIT, NOW_MS, quotes, stale=(place,))
    assert hedge_of(asked(), chain(), NOW_MS, RULES).put.bought.strike_usd == 92_000
    assert hedge_of(asked(), still, NOW_MS, RULES).put.bought.strike_usd != 92_000
    frozen = Chain("BTC", Venue.DERIBIT, NOW_MS, quotes, stale=tuple(range(len(quotes))))
    with pytest.raises(HedgeRefused) as refused:
        hedge_of(asked(), frozen, NOW_MS, RULES)
    assert refused.value.why is NoHedge.NO_BIDS
