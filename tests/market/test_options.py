"""Options: every vector of quant.md section 6, Black-76 against integration and QuantLib, and which quotes are believed."""

from math import exp, log, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from market.observations import DAY_MS, MINUTE_MS, OptionQuote, Skew, Venue
from market.options import Delta, Smile, Surface, implied_volatility, option_value, skew_of, surface_of
from market.options.black76 import daily_move, gamma_usd_per_percent
from market.options.fit import least_deviation_quadratic
from market.options.quotes import hygienic, iv_of, parity_forward, without_stale
from market.options.smile import at_maturity, forward_variance, smile_of

NOW_MS = 1_790_000_000_000
FORWARD = 100_000.0
MONTH = 30.0 / 365.0
IVS = dict(
    zip(range(80_000, 120_001, 5_000), (0.74, 0.69, 0.645, 0.61, 0.585, 0.57, 0.565, 0.57, 0.58), strict=True)
)
"""The smile of section 6: strikes 80 000 to 120 000 at 30 days."""


def quote(
    strike: float, *, is_call: bool, iv: float | None, days: float = 30.0, forward: float = FORWARD
) -> OptionQuote:
    """A coin-margined quote at its Black-76 price, with a narrow spread and open interest."""
    value = option_value(forward, strike, days / 365.0, iv or 0.6, is_call=is_call)
    mark = value.price_coins
    return OptionQuote(
        Venue.DERIBIT,
        "BTC",
        NOW_MS,
        NOW_MS + round(days * DAY_MS),
        strike,
        is_call,
        forward,
        is_inverse=True,
        mark_iv=iv,
        mark_price=mark,
        bid_price=mark * 0.98,
        ask_price=mark * 1.02,
        open_interest_coins=10.0,
        volume_coins=0.0,
    )


def expiry(days: float = 30.0, lift: float = 0.0, ivs: dict[int, float] = IVS) -> list[OptionQuote]:
    """Calls and puts of every strike of the smile, all IVs lifted by `lift`."""
    return [
        quote(strike, is_call=is_call, iv=iv + lift, days=days)
        for strike, iv in ivs.items()
        for is_call in (False, True)
    ]


def smile_at(days: float, put: float, call: float, atm: float) -> Smile:
    return Smile(days / 365.0, put, call, atm)


# ------------------------------------------------------------------------------------------------ Black-76


@pytest.mark.parametrize(
    ("strike", "is_call", "delta"),
    [
        (80_000, False, -0.1235),
        (85_000, False, -0.1787),
        (90_000, False, -0.2539),
        (95_000, False, -0.3517),
        (100_000, False, -0.4666),
        (100_000, True, 0.5334),
        (105_000, True, 0.4142),
        (110_000, True, 0.3059),
        (115_000, True, 0.2196),
        (120_000, True, 0.1555),
    ],
)
def test_the_strikes_of_the_smile_have_the_deltas_of_the_design(
    strike: int, is_call: bool, delta: float
) -> None:
    value = option_value(FORWARD, strike, MONTH, IVS[strike], is_call=is_call)
    assert value.delta == pytest.approx(delta, abs=5e-5)


def test_the_put_of_the_definition_costs_what_it_says() -> None:
    put = option_value(FORWARD, 90_000.0, MONTH, 0.65, is_call=False)
    assert put.price_usd == pytest.approx(3146.017, abs=1e-3)
    assert put.price_coins == pytest.approx(0.03146017, abs=1e-8)
    assert put.delta == pytest.approx(-0.255087, abs=1e-6)
    assert put.premium_adjusted_delta == pytest.approx(-0.286547, abs=1e-6)
    assert put.gamma == pytest.approx(1.723468e-5, abs=1e-11)


def test_the_call_of_the_definition_costs_what_it_says() -> None:
    call = option_value(FORWARD, 112_000.0, MONTH, 0.55, is_call=True)
    assert call.price_usd == pytest.approx(2305.485, abs=1e-3)
    assert call.price_coins == pytest.approx(0.02305485, abs=1e-8)
    assert call.delta == pytest.approx(0.261124, abs=1e-6)
    assert call.premium_adjusted_delta == pytest.approx(0.238069, abs=1e-6)


def test_the_premium_adjusted_delta_is_delta_less_the_price_in_coins() -> None:
    for is_call in (True, False):
        value = option_value(FORWARD, 93_000.0, MONTH, 0.6, is_call=is_call)
        assert value.premium_adjusted_delta == pytest.approx(value.delta - value.price_coins, abs=1e-12)


def test_the_hedge_of_the_definition_costs_what_it_says() -> None:
    long_put = option_value(FORWARD, 92_000.0, MONTH, 0.64, is_call=False).price_coins
    short_put = option_value(FORWARD, 80_000.0, MONTH, 0.74, is_call=False).price_coins
    fee = min(0.0003, 0.125 * long_put)
    assert long_put == pytest.approx(0.03727102, abs=1e-8)
    assert long_put + fee == pytest.approx(0.03757, abs=1e-5)
    assert long_put + fee - short_put + min(0.0003, 0.125 * short_put) == pytest.approx(0.02361271, abs=1e-8)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_an_option_without_time_or_volatility_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        option_value(FORWARD, 90_000.0, wrong, 0.6, is_call=True)
    with pytest.raises(ValueError, match="positive"):
        option_value(FORWARD, 90_000.0, MONTH, wrong, is_call=True)


def integrated(strike: float, years: float, iv: float, *, is_call: bool) -> float:
    """The payoff integrated over the lognormal density by Simpson's rule: Black-76 by its own definition."""
    deviation, steps = iv * sqrt(years), 4_000
    sign = 1.0 if is_call else -1.0

    def inner(z: float) -> float:
        price = FORWARD * exp(deviation * z - deviation * deviation / 2.0)
        return max(0.0, sign * (price - strike)) * exp(-z * z / 2.0) / sqrt(2.0 * pi)

    # begin or end at the kink, where the rule would lose its order
    kink = (log(strike / FORWARD) + deviation * deviation / 2.0) / deviation
    low, high = (max(kink, -10.0), 10.0) if is_call else (-10.0, min(kink, 10.0))
    width = (high - low) / steps
    weights = [1, *([4, 2] * (steps // 2 - 1)), 4, 1]
    return sum(w * inner(low + n * width) for n, w in enumerate(weights)) * width / 3.0


GRID = [
    (k, t, v) for k in (70_000.0, 95_000.0, 130_000.0) for t in (2 / 365, 0.25, 1.0) for v in (0.2, 0.65, 1.8)
]


@pytest.mark.parametrize(("strike", "years", "iv"), GRID)
@pytest.mark.parametrize("is_call", [True, False])
def test_black_76_is_the_payoff_integrated_over_the_lognormal(
    strike: float, years: float, iv: float, is_call: bool
) -> None:
    value = option_value(FORWARD, strike, years, iv, is_call=is_call)
    assert value.price_usd == pytest.approx(integrated(strike, years, iv, is_call=is_call), abs=1e-4)
    up = option_value(FORWARD + 1.0, strike, years, iv, is_call=is_call)
    down = option_value(FORWARD - 1.0, strike, years, iv, is_call=is_call)
    assert value.delta == pytest.approx((up.price_usd - down.price_usd) / 2.0, abs=1e-6)
    assert value.gamma == pytest.approx((up.delta - down.delta) / 2.0, abs=1e-9)


FINE = [
    (k, t, v)
    for k in (60_000.0, 80_000.0, 92_000.0, 100_000.0, 112_000.0, 150_000.0)
    for t in (2 / 365, 7 / 365, 30 / 365, 0.5, 1.5)
    for v in (0.15, 0.3, 0.65, 1.2, 3.0)
]


@pytest.mark.parametrize("is_call", [True, False])
def test_black_76_agrees_with_quantlib_to_a_billionth_over_a_grid(is_call: bool) -> None:
    ql = pytest.importorskip("QuantLib", reason="the oracle is installed for development only")
    kind = ql.Option.Call if is_call else ql.Option.Put
    for strike, years, iv in (*GRID, *FINE):
        deviation = iv * sqrt(years)
        oracle = ql.BlackCalculator(ql.PlainVanillaPayoff(kind, strike), FORWARD, deviation, 1.0)
        adjusted = ql.BlackDeltaCalculator(kind, ql.DeltaVolQuote.PaFwd, FORWARD, 1.0, 1.0, deviation)
        value = option_value(FORWARD, strike, years, iv, is_call=is_call)
        assert value.price_coins == pytest.approx(oracle.value() / FORWARD, abs=1e-9)
        assert value.price_usd == pytest.approx(oracle.value(), rel=1e-9, abs=1e-9)
        assert value.delta == pytest.approx(oracle.deltaForward(), abs=1e-9)
        assert value.premium_adjusted_delta == pytest.approx(adjusted.deltaFromStrike(strike), abs=1e-9)
        assert value.gamma == pytest.approx(oracle.gammaForward(), abs=1e-12)


@pytest.mark.parametrize("is_call", [True, False])
def test_implied_volatilities_out_of_the_money_agree_with_quantlib_to_a_billionth(is_call: bool) -> None:
    """In the money the price itself, rounded to sixteen digits, no longer says which volatility it was."""
    ql = pytest.importorskip("QuantLib", reason="the oracle is installed for development only")
    kind = ql.Option.Call if is_call else ql.Option.Put
    compared = 0
    for strike, years, iv in (*GRID, *FINE):
        is_out = strike >= FORWARD if is_call else strike <= FORWARD
        price = option_value(FORWARD, strike, years, iv, is_call=is_call).price_usd
        if not is_out or price < 1e-3:
            continue
        root = sqrt(years)
        told = ql.blackFormulaImpliedStdDev(kind, strike, FORWARD, price, 1.0, 0.0, iv * root, 1e-14, 1_000)
        found = implied_volatility(price, FORWARD, strike, years, is_call=is_call)
        assert found == pytest.approx(told / root, abs=1e-9)
        compared += 1
    assert compared > 50


@given(
    strike=st.floats(60_000.0, 160_000.0),
    days=st.floats(2.0, 400.0),
    iv=st.floats(0.05, 4.0),
    is_call=st.booleans(),
)
def test_the_implied_volatility_of_a_price_gives_that_price(
    strike: float, days: float, iv: float, is_call: bool
) -> None:
    price = option_value(FORWARD, strike, days / 365.0, iv, is_call=is_call).price_usd
    found = implied_volatility(price, FORWARD, strike, days / 365.0, is_call=is_call)
    if found is None:
        intrinsic = max(0.0, FORWARD - strike if is_call else strike - FORWARD)
        assert price - intrinsic < 1e-3
    else:
        again = option_value(FORWARD, strike, days / 365.0, found, is_call=is_call).price_usd
        assert again == pytest.approx(price, rel=1e-9, abs=1e-5)


@pytest.mark.parametrize("price", [0.0, -5.0, 9_999.0, 10_000.0, 100_001.0, float("nan")])
def test_a_price_that_no_volatility_gives_has_none(price: float) -> None:
    assert implied_volatility(price, FORWARD, 90_000.0, MONTH, is_call=True) is None


def test_the_implied_volatility_of_the_definitions_put_is_sixty_five_percent() -> None:
    found = implied_volatility(3146.0173871, FORWARD, 90_000.0, MONTH, is_call=False)
    assert found == pytest.approx(0.65, abs=1e-9)


def test_an_index_of_sixty_says_a_day_of_three_percent() -> None:
    assert daily_move(0.60) == pytest.approx(0.031405, abs=1e-6)


def test_a_thousand_puts_gain_their_gamma_with_each_percent() -> None:
    gamma = option_value(FORWARD, 90_000.0, MONTH, 0.65, is_call=False).gamma
    assert gamma_usd_per_percent(gamma, 1_000.0, FORWARD) == pytest.approx(1_723_468, abs=1.0)


# ------------------------------------------------------------------------------------------------ one expiry


def test_the_smile_of_the_definition_has_a_skew_of_seven_point_nine() -> None:
    smile = smile_of(hygienic(expiry(), NOW_MS), NOW_MS)
    assert smile is not None
    assert smile.put_25d_iv == pytest.approx(0.647339, abs=1e-6)
    assert smile.call_25d_iv == pytest.approx(0.568239, abs=1e-6)
    assert smile.atm_iv == pytest.approx(0.580797, abs=1e-6)
    assert smile.skew_25d == pytest.approx(0.07910, abs=1e-5)
    assert smile.butterfly_25d == pytest.approx(0.026992, abs=1e-6)
    assert smile.skew_over_atm == pytest.approx(0.13619, abs=1e-5)


def test_the_premium_adjusted_convention_moves_the_answer_by_one_point_eight() -> None:
    smile = smile_of(hygienic(expiry(), NOW_MS), NOW_MS, Delta.PREMIUM_ADJUSTED)
    assert smile is not None
    assert smile.put_25d_iv == pytest.approx(0.663437, abs=1e-6)
    assert smile.call_25d_iv == pytest.approx(0.566757, abs=1e-6)
    assert smile.skew_25d == pytest.approx(0.09668, abs=1e-5)


def test_coin_parity_finds_the_forward() -> None:
    assert parity_forward(expiry()) == pytest.approx(100_000.0, abs=1e-6)


def test_dollar_parity_finds_the_forward() -> None:
    linear = [
        replace(one, is_inverse=False, mark_price=(one.mark_price or 0.0) * FORWARD) for one in expiry()
    ]
    assert parity_forward(linear) == pytest.approx(100_000.0, abs=1e-6)


def test_an_expiry_whose_forward_is_half_a_percent_off_parity_is_not_believed() -> None:
    assert hygienic([replace(one, forward_usd=100_400.0) for one in expiry()], NOW_MS)
    assert hygienic([replace(one, forward_usd=100_700.0) for one in expiry()], NOW_MS) == ()


def test_only_quotes_out_of_the_money_are_read() -> None:
    kept = [one for one, _ in hygienic(expiry(), NOW_MS)]
    assert [(one.strike_usd, one.is_call) for one in kept] == [
        (strike, strike >= FORWARD) for strike in sorted(IVS)
    ]


@pytest.mark.parametrize(
    ("spoiled", "is_kept"),
    [
        ({"bid_price": None}, False),
        ({"bid_price": 0.0}, False),
        ({"ask_price": None}, False),
        ({"open_interest_coins": 0.0, "volume_coins": 0.0}, False),
        ({"open_interest_coins": None, "volume_coins": None}, False),
        ({"open_interest_coins": None, "volume_coins": 2.0}, True),
        ({"bid_price": 0.6, "ask_price": 1.0}, True),
        ({"bid_price": 0.59, "ask_price": 1.0}, False),
        ({"bid_price": 1.0, "ask_price": 0.9}, False),
        ({"mark_iv": 0.05}, False),
        ({"mark_iv": 4.0}, False),
        ({"mark_iv": None, "mark_price": None}, False),
    ],
)
def test_a_quote_needs_an_interest_a_bid_and_a_narrow_spread(
    spoiled: dict[str, float | None], is_kept: bool
) -> None:
    chain = [
        replace(one, **spoiled) if one.strike_usd == 90_000.0 and not one.is_call else one for one in expiry()
    ]
    kept = {one.strike_usd for one, _ in hygienic(chain, NOW_MS)}
    assert (90_000.0 in kept) is is_kept
    assert len(kept) == len(IVS) - (not is_kept)


def test_one_wrong_volatility_is_dropped_wherever_it_stands_and_nothing_else() -> None:
    for strike, iv in IVS.items():
        for error in (0.15, -0.15):
            wrong = {**IVS, strike: iv + error}
            kept = {one.strike_usd for one, _ in hygienic(expiry(ivs=wrong), NOW_MS)}
            assert kept == set(IVS) - {strike}


def test_a_quadratic_is_found_through_an_outlier() -> None:
    xs = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    ys = [0.5 + 0.1 * x + 0.02 * x * x for x in xs]
    ys[1] += 1.0
    fitted = least_deviation_quadratic(xs, ys)
    assert [fitted(x) for x in (0.0, 2.0, 3.0)] == pytest.approx([0.5, 0.78, 0.98], abs=1e-3)


def test_points_on_one_place_are_fitted_by_their_median() -> None:
    assert least_deviation_quadratic([0.0, 0.0, 0.0], [1.0, 2.0, 9.0])(5.0) == 2.0


def test_the_implied_volatility_stands_in_where_the_venue_tells_none() -> None:
    told = quote(90_000.0, is_call=False, iv=0.6)
    assert iv_of(replace(told, mark_iv=None), NOW_MS) == pytest.approx(0.6, abs=1e-9)
    assert iv_of(replace(told, mark_iv=None), told.expires_at_ms) is None


def test_an_expiry_nearer_than_two_days_is_not_read() -> None:
    assert hygienic(expiry(days=1.99), NOW_MS) == ()
    assert hygienic(expiry(days=2.01), NOW_MS)


def test_a_smile_needs_five_strikes_between_ten_and_forty_five_delta() -> None:
    good = hygienic(expiry(), NOW_MS)
    few = {80_000.0, 85_000.0, 90_000.0, 100_000.0, 105_000.0, 110_000.0, 115_000.0}
    assert smile_of([pair for pair in good if pair[0].strike_usd in few], NOW_MS)
    fewer = {85_000.0, 90_000.0, 110_000.0, 115_000.0, 100_000.0}
    assert smile_of([pair for pair in good if pair[0].strike_usd in fewer], NOW_MS) is None
    assert smile_of([pair for pair in good if pair[0].is_call], NOW_MS) is None
    assert smile_of((), NOW_MS) is None


def test_a_quarter_delta_that_no_strike_lies_beyond_is_unknown() -> None:
    near = [pair for pair in hygienic(expiry(), NOW_MS) if pair[0].strike_usd >= 95_000.0]
    assert smile_of(near, NOW_MS) is None


def test_a_volatility_that_stood_still_while_the_price_moved_is_stale() -> None:
    before = quote(90_000.0, is_call=False, iv=0.6)
    later = replace(before, known_at_ms=NOW_MS + 30 * MINUTE_MS, forward_usd=98_900.0)
    assert without_stale([later], [before]) == ()
    assert without_stale([replace(later, mark_iv=0.601)], [before])
    assert without_stale([replace(later, forward_usd=99_100.0)], [before])
    assert without_stale([replace(later, known_at_ms=NOW_MS + 29 * MINUTE_MS)], [before])
    assert without_stale([later], [])


# ------------------------------------------------------------------------------------------------ maturity


def test_total_variance_is_linear_in_time_between_two_expiries() -> None:
    smile = at_maturity([smile_at(23, 0.68, 0.57, 0.60), smile_at(51, 0.62, 0.56, 0.58)], 30)
    assert smile is not None
    assert smile.put_25d_iv == pytest.approx(0.655172, abs=1e-6)
    assert smile.call_25d_iv == pytest.approx(0.565772, abs=1e-6)
    assert smile.skew_25d == pytest.approx(0.089400, abs=1e-6)
    assert smile.quality == 1.0


def test_the_nearest_neighbours_are_taken_and_an_expiry_on_the_day_is_taken_as_it_is() -> None:
    known = [smile_at(days, 0.6 + days / 1000, 0.5, 0.55) for days in (3, 23, 30, 51, 90)]
    on_the_day = at_maturity(known, 30)
    assert on_the_day is not None
    assert on_the_day.put_25d_iv == pytest.approx(0.63)
    without = at_maturity([known[0], known[1], known[3], known[4]], 30)
    assert without == at_maturity([known[1], known[3]], 30)


@pytest.mark.parametrize(("days", "is_known"), [(37.4, True), (37.6, False), (22.6, True), (22.4, False)])
def test_without_a_neighbour_only_an_expiry_within_a_quarter_stands_for_the_month(
    days: float, is_known: bool
) -> None:
    smile = at_maturity([smile_at(days, 0.68, 0.57, 0.60)], 30)
    assert (smile is not None) is is_known
    assert smile is None or smile.skew_25d == pytest.approx(0.11)


def test_no_expiry_gives_no_maturity() -> None:
    assert at_maturity([], 30) is None


def test_a_falling_total_variance_marks_a_bad_surface() -> None:
    week, month = smile_at(7, 1.25, 1.15, 1.20), smile_at(30, 0.6, 0.5, 0.55)
    assert forward_variance(week, month) == pytest.approx(-0.0437, abs=1e-4)
    assert Surface(NOW_MS, month, week, None).quality == 0.5
    between = at_maturity([week, month], 20)
    assert between is not None
    assert between.quality == 0.5


def test_a_dear_week_is_fine_while_variance_grows() -> None:
    week, month = smile_at(7, 0.85, 0.75, 0.80), smile_at(30, 0.6, 0.5, 0.55)
    assert forward_variance(week, month) == pytest.approx(0.19978, abs=1e-5)
    surface = Surface(NOW_MS, month, week, None)
    assert surface.quality == 1.0
    assert surface.term_inversion == pytest.approx(0.25)


def test_a_surface_without_a_week_knows_no_inversion() -> None:
    assert Surface(NOW_MS, smile_at(30, 0.6, 0.5, 0.55), None, None).term_inversion is None
    assert Surface(NOW_MS, None, None, None).quality == 0.0


# ------------------------------------------------------------------------------------------------ the whole chain


def test_a_chain_amounts_to_one_observation() -> None:
    said = skew_of([*expiry(days=23.0), *expiry(days=51.0)], NOW_MS)
    assert isinstance(said, Skew)
    assert (said.venue, said.known_at_ms, said.cadence_ms) == (Venue.DERIBIT, NOW_MS, MINUTE_MS)
    assert said.skew_25d_30d == pytest.approx(0.0791, abs=0.005)
    assert said.atm_iv_30d == pytest.approx(0.58, abs=0.005)
    assert said.skew_25d_7d is None


def test_a_chain_with_weeklies_knows_the_week_too() -> None:
    narrow = {100_000 + (strike - 100_000) // 2: iv for strike, iv in IVS.items()}
    said = skew_of([*expiry(days=6.0, ivs=narrow), *expiry(days=30.0)], NOW_MS)
    assert said is not None
    assert said.skew_25d_7d is not None


def test_a_week_of_panic_over_a_calm_month_is_told_at_half_quality() -> None:
    said = skew_of([*expiry(days=7.0, lift=0.9), *expiry(days=30.0)], NOW_MS)
    calm = skew_of(expiry(days=30.0), NOW_MS)
    assert said is not None
    assert calm is not None
    assert (said.quality, calm.quality) == (0.5, 1.0)


def test_a_chain_without_a_month_is_no_observation() -> None:
    assert skew_of(expiry(days=90.0), NOW_MS) is None
    assert skew_of([], NOW_MS) is None


def test_coin_margined_quotes_go_before_dollar_margined_ones() -> None:
    coins, dollars = expiry(), [replace(one, is_inverse=False, mark_price=None) for one in expiry(lift=0.1)]
    assert surface_of([*coins, *dollars], NOW_MS) == surface_of(coins, NOW_MS)
    alone = surface_of(dollars, NOW_MS)
    assert alone is not None
    assert alone.month is not None
    assert alone.month.atm_iv == pytest.approx(0.68, abs=0.01)


def test_the_premium_adjusted_month_is_told_beside_the_headline() -> None:
    surface = surface_of(expiry(), NOW_MS)
    assert surface is not None
    assert surface.month is not None
    assert surface.month_premium_adjusted is not None
    assert surface.month_premium_adjusted.skew_25d - surface.month.skew_25d == pytest.approx(
        0.01758, abs=1e-5
    )


@given(
    ivs=st.lists(st.one_of(st.none(), st.floats(0.0, 6.0)), min_size=9, max_size=9),
    forward=st.floats(90_000.0, 110_000.0),
    days=st.floats(-1.0, 60.0),
)
def test_no_chain_however_odd_is_more_than_a_skew_or_none(
    ivs: list[float | None], forward: float, days: float
) -> None:
    chain = [
        replace(
            quote(strike, is_call=is_call, iv=0.6, forward=forward),
            mark_iv=iv,
            expires_at_ms=NOW_MS + round(days * DAY_MS),
        )
        for strike, iv in zip(IVS, ivs, strict=True)
        for is_call in (False, True)
    ]
    said = skew_of(chain, NOW_MS)
    assert said is None or -4.0 < said.skew_25d_30d < 4.0
