"""The chain of caps on worked cases: to the printed digit, and each link by itself (quant.md section 8)."""

from dataclasses import replace

import pytest

from market.margin import Tier, Tiers, tiers_of
from market.observations import Side, Venue
from market.sizing import (
    Assumption,
    Cap,
    Conditions,
    MarginMode,
    Position,
    Reduction,
    SizeCheck,
    Verdict,
    check_size,
)
from market.sizing_rules import SizingRules
from market.table import State
from tests.market.markets import HALF_PERCENT, ONE_PERCENT, SIZING, conditions

LONG, SHORT = Side.LONG, Side.SHORT
CASE_A = Position("BTC", LONG, 5.0, 10_000.0)
CASE_D = Position("HYPE", LONG, 5.0, 10_000.0, hold_hours=168.0, base_leverage=5.0)


def case_a(position: Position = CASE_A, **market: float | bool | None) -> SizeCheck:
    return check_size(position, conditions(**market), HALF_PERCENT, SIZING)  # type: ignore[arg-type]


def case_b(position: Position = CASE_A) -> SizeCheck:
    return case_a(position, sigma=0.75, funding=0.0003, vol_hi=True, fe=True)


def case_d(position: Position = CASE_D) -> SizeCheck:
    market = conditions(sigma=1.5, sigma_ref=1.0, funding=0.0001, vol_hi=True, price_usd=10.0)
    return check_size(position, market, ONE_PERCENT, SIZING)


def books(bids: float, asks: float | None = None) -> Conditions:
    market = conditions()
    return replace(
        market,
        long=replace(market.long, depth_ratio=bids),
        short=replace(market.short, depth_ratio=bids if asks is None else asks),
    )


def rungs(check: SizeCheck, *, fitting: bool = False) -> tuple[float | None, float | None, float | None]:
    stance = check.fitting if fitting and check.fitting else check.asked
    ladder = stance.ladder
    return ladder.trim_usd, ladder.hedge_usd, ladder.exit_usd


def test_case_a_fits_and_its_base_binds() -> None:
    check = case_a()
    assert (check.verdict, check.binding_cap, check.max_leverage) == (Verdict.FITS, Cap.STEP, 5.0)
    assert check.trade.sigma_horizon == pytest.approx(0.036264, abs=5e-7)
    assert check.caps[Cap.CONTINUOUS] == 5.0
    assert check.caps[Cap.TWO_SIGMA] == pytest.approx(12.7341745260, abs=5e-11)
    assert check.caps[Cap.TEN_PERCENT] == pytest.approx(9.4473311290, abs=5e-11)
    assert check.asked.liquidation_distance == pytest.approx(0.19558, abs=5e-6)
    assert check.asked.liquidation_price_usd == pytest.approx(80_442.43, abs=0.005)
    assert rungs(check) == pytest.approx((96_373.61, 94_560.42, 92_747.23), abs=0.005)
    assert check.fitting is None
    assert (check.margin_total_usd, check.margin_to_deposit_usd) == (10_000.0, 0.0)


def test_rungs_are_pulled_in_where_the_market_has_turned() -> None:
    check = case_a(invalidated=True)
    assert check.tightened
    assert rungs(check) == pytest.approx((97_280.21, 95_920.31, 94_560.42), abs=0.005)


def test_a_nearer_exit_makes_the_size_by_risk_no_larger() -> None:
    calm, turned = case_a().budget, case_a(invalidated=True).budget
    assert turned.leverage == pytest.approx(calm.leverage)
    assert turned.exit_usd == pytest.approx(94_560.42, abs=0.005)


def test_what_holding_costs_counts_the_dearer_rate_and_the_caps_the_mean_of_the_day() -> None:
    mean = check_size(CASE_A, replace(conditions(), funding_now_8h=0.0001), HALF_PERCENT, SIZING)
    dear = check_size(CASE_A, replace(conditions(), funding_now_8h=0.0005), HALF_PERCENT, SIZING)
    cheap = check_size(CASE_A, replace(conditions(), funding_now_8h=-0.0005), HALF_PERCENT, SIZING)
    assert dear.caps == mean.caps == cheap.caps
    assert cheap.asked.funding_of_margin == mean.asked.funding_of_margin
    assert dear.asked.funding_of_margin == pytest.approx(5.0 * 0.0005 * 9)
    assert dear.budget.leverage < mean.budget.leverage == cheap.budget.leverage


def test_case_a_may_lose_five_percent_on_two_thirds_of_its_equity() -> None:
    budget = case_a().budget
    assert case_a().asked.ladder.exit_distance == pytest.approx(0.072528, abs=5e-7)
    assert budget.loss_usd == 500.0
    assert budget.notional_usd == pytest.approx(6_717.9, abs=0.05)
    assert budget.leverage == pytest.approx(0.67, abs=0.005)


def test_case_b_is_too_much_now_and_funding_binds_after_one_halving() -> None:
    check = case_b()
    assert (check.verdict, check.binding_cap) == (Verdict.TOO_MUCH_NOW, Cap.STEP)
    assert check.trade.sigma_horizon == pytest.approx(0.067995, abs=5e-7)
    assert check.max_leverage == 1.875
    assert [(link.why, link.leverage) for link in check.chain] == [
        (Reduction.BASE_OURS, 5.0),
        (Reduction.VOLATILITY, 2.5),
        (Reduction.FUNDING, 1.875),
    ]
    assert check.caps[Cap.CONTINUOUS] == pytest.approx(3.0)
    assert check.caps[Cap.TWO_SIGMA] == pytest.approx(6.9714791730, abs=5e-11)
    assert check.caps[Cap.TEN_PERCENT] == pytest.approx(9.2893636786, abs=5e-11)


def test_case_b_is_shown_at_what_was_asked_and_at_what_fits() -> None:
    check = case_b()
    assert check.asked.liquidation_price_usd == pytest.approx(80_442.43, abs=0.005)
    assert check.asked.touch_probability == pytest.approx(0.0014, abs=5e-5)
    assert check.fitting is not None
    assert check.fitting.leverage == 1.875
    assert check.fitting.liquidation_price_usd == pytest.approx(46_924.75, abs=0.005)
    assert rungs(check) == pytest.approx((93_200.52, 89_800.79, 86_401.05), abs=0.005)
    assert rungs(check, fitting=True) == pytest.approx((93_200.52, 89_800.79, 86_401.05), abs=0.005)


def test_case_b_says_which_margin_would_carry_the_notional() -> None:
    check = case_b()
    assert check.asked.notional_usd == 50_000.0
    assert check.margin_total_usd == pytest.approx(26_666.67, abs=0.005)
    assert check.margin_to_deposit_usd == pytest.approx(16_666.67, abs=0.005)


def test_case_b_pays_a_quarter_percent_of_its_notional() -> None:
    asked = case_b().asked
    assert asked.funding_of_margin == pytest.approx(0.0135)
    assert asked.funding_cost_usd == pytest.approx(135.0)


def test_case_c_never_survives_ten_percent_however_quiet_the_market() -> None:
    check = case_a(replace(CASE_A, leverage=25.0))
    assert (check.verdict, check.binding_cap, check.max_leverage) == (
        Verdict.NEVER_SURVIVES_10PCT,
        Cap.STEP,
        5.0,
    )
    assert not check.asked.survives_adverse_move
    assert not check.asked.survives_two_sigma
    assert check.asked.liquidation_price_usd == pytest.approx(96_530.92, abs=0.005)
    assert check.asked.liquidation_distance == pytest.approx(0.03469, abs=5e-6)
    assert check.asked.touch_probability == pytest.approx(0.330, abs=5e-4)
    assert rungs(check, fitting=True) == rungs(case_a())
    assert check.budget == case_a().budget


def test_the_rungs_at_what_was_asked_lie_before_its_own_liquidation() -> None:
    asked = case_a(replace(CASE_A, leverage=25.0)).asked
    assert asked.liquidation_price_usd is not None
    assert asked.ladder.exit_usd is not None
    assert asked.ladder.exit_usd > asked.liquidation_price_usd


def test_case_d_is_bound_by_two_sigma() -> None:
    check = case_d()
    assert (check.verdict, check.binding_cap) == (Verdict.TOO_MUCH_NOW, Cap.TWO_SIGMA)
    assert check.trade.sigma_horizon == pytest.approx(0.2077, abs=5e-5)
    assert (check.caps[Cap.STEP], check.caps[Cap.CONTINUOUS]) == pytest.approx((2.5, 10 / 3))
    assert check.max_leverage == pytest.approx(2.3602018080, abs=5e-11)
    assert check.caps[Cap.TEN_PERCENT] == pytest.approx(8.9645898700, abs=5e-11)
    assert check.asked.touch_probability == pytest.approx(0.306, abs=5e-4)
    assert check.fitting is not None
    assert check.fitting.liquidation_price_usd == pytest.approx(5.824, abs=5e-4)
    assert check.fitting.touch_probability == pytest.approx(0.0093, abs=5e-5)
    assert rungs(check, fitting=True) == pytest.approx((8.330, 7.495, 6.659), abs=5e-4)


def test_case_d_from_our_base_is_bound_by_the_steps() -> None:
    check = case_d(replace(CASE_D, base_leverage=None))
    assert (check.caps[Cap.STEP], check.caps[Cap.CONTINUOUS]) == pytest.approx((1.5, 2.0))
    assert (check.max_leverage, check.binding_cap) == (1.5, Cap.STEP)
    assert check.fitting is not None
    assert check.fitting.liquidation_price_usd == pytest.approx(3.3687, abs=5e-5)
    assert rungs(check, fitting=True) == pytest.approx((7.923, 6.884, 5.845), abs=5e-4)


@pytest.mark.parametrize(("side", "most"), [(LONG, 9.528), (SHORT, 9.430)])
def test_ten_times_fails_the_articles_test_by_itself(side: Side, most: float) -> None:
    check = case_a(Position("BTC", side, 10.0, 10_000.0), funding=0.0)
    assert check.caps[Cap.TEN_PERCENT] == pytest.approx(most, abs=5e-4)
    assert check.verdict is Verdict.NEVER_SURVIVES_10PCT
    if side is LONG:
        assert check.asked.liquidation_distance == pytest.approx(0.09502, abs=5e-6)


@pytest.mark.parametrize("met", [0, 1, 2, 3, 4])
def test_the_checklist_bounds_new_risk_and_leaves_the_caps_alone(met: int) -> None:
    check = case_a(met=met)
    assert check.new_notional_factor == [1.0, 1.0, 0.5, 0.0, 0.0][met]
    assert check.verdict is (Verdict.WAIT if met >= 3 else Verdict.FITS)
    assert check.max_leverage == 5.0


def test_waiting_comes_before_too_much_and_after_never() -> None:
    market = conditions(vol_hi=True, met=3)
    assert check_size(CASE_A, market, HALF_PERCENT, SIZING).verdict is Verdict.WAIT
    ten = replace(CASE_A, leverage=10.0)
    assert check_size(ten, market, HALF_PERCENT, SIZING).verdict is Verdict.NEVER_SURVIVES_10PCT


@pytest.mark.parametrize(("met", "factor"), [(0, 0.5), (2, 0.5), (3, 0.0)])
def test_uncertainty_halves_new_size_once(met: int, factor: float) -> None:
    market = replace(conditions(met=met), uncertain=True, state=State.MIXED)
    assert check_size(CASE_A, market, HALF_PERCENT, SIZING).new_notional_factor == factor


@pytest.mark.parametrize(
    ("vol_hi", "liq_hi", "why"),
    [
        (True, False, Reduction.VOLATILITY),
        (False, True, Reduction.LIQUIDATIONS),
        (True, True, Reduction.VOLATILITY_AND_LIQUIDATIONS),
        (True, None, Reduction.VOLATILITY),
        (None, False, Reduction.VOLATILITY_UNKNOWN),
        (False, None, Reduction.LIQUIDATIONS_UNKNOWN),
    ],
)
def test_volatility_or_liquidations_halve_once_and_silence_is_not_calm(
    vol_hi: bool | None, liq_hi: bool | None, why: Reduction
) -> None:
    check = case_a(vol_hi=vol_hi, liq_hi=liq_hi)
    assert [link.why for link in check.chain] == [Reduction.BASE_OURS, why]
    assert check.max_leverage == 2.5


def test_stale_funding_counts_as_dear_and_its_cost_is_not_invented() -> None:
    check = case_a(fe=None, funding=None)
    assert check.chain[-1].why is Reduction.FUNDING_UNKNOWN
    assert check.max_leverage == 3.75
    assert check.asked.funding_cost_usd is None
    assert {Assumption.FUNDING_COUNTED_DEAR, Assumption.FUNDING_COST_UNKNOWN} <= set(check.assumptions)


def test_unknown_volatility_is_taken_half_again_as_high_and_said() -> None:
    check = case_a(sigma=None)
    assert check.trade.sigma == pytest.approx(0.675)
    assert check.caps[Cap.CONTINUOUS] == pytest.approx(5.0 / 1.5)
    assert Assumption.SIGMA_FROM_REFERENCE in check.assumptions
    assert Assumption.SIGMA_FROM_REFERENCE not in case_a().assumptions


def test_a_market_that_does_not_move_says_nothing_of_volatility() -> None:
    assert Assumption.SIGMA_FROM_REFERENCE in case_a(sigma=0.0).assumptions


def test_thin_books_take_leverage_off_and_unknown_ones_are_named() -> None:
    thin = books(0.25)
    check = check_size(CASE_A, thin, HALF_PERCENT, SIZING)
    assert check.caps[Cap.CONTINUOUS] == pytest.approx(2.5)
    assert Assumption.DEPTH_LEFT_OUT not in check.assumptions
    assert Assumption.DEPTH_LEFT_OUT in case_a().assumptions
    assert check_size(CASE_A, books(4.0), HALF_PERCENT, SIZING).caps[Cap.CONTINUOUS] == 5.0


def test_a_position_leans_on_the_side_of_the_book_it_is_closed_into() -> None:
    thin_asks = books(1.0, asks=0.25)
    assert check_size(CASE_A, thin_asks, HALF_PERCENT, SIZING).caps[Cap.CONTINUOUS] == 5.0
    short = check_size(replace(CASE_A, side=SHORT), thin_asks, HALF_PERCENT, SIZING)
    assert short.caps[Cap.CONTINUOUS] == pytest.approx(2.5)


def test_under_a_week_of_prices_half_is_allowed() -> None:
    check = check_size(CASE_A, replace(conditions(), under_a_week=True), HALF_PERCENT, SIZING)
    assert (check.binding_cap, check.max_leverage) == (Cap.UNDER_A_WEEK, 2.5)
    assert check.margin_total_usd == pytest.approx(20_000.0)
    assert Assumption.UNDER_A_WEEK in check.assumptions


@pytest.mark.parametrize("others_usd", [-2_000.0, 0.0, 4_000.0])
@pytest.mark.parametrize("notional_usd", [40_000.0, 2_600_000.0])
def test_under_a_week_of_prices_the_margin_that_is_said_to_fit_is_just_enough(
    notional_usd: float, others_usd: float
) -> None:
    young = replace(conditions(), under_a_week=True)
    asked = Position("BTC", LONG, 8.0, notional_usd / 8.0, hold_hours=720.0, base_leverage=50.0)
    asked = replace(asked, mode=MarginMode.CROSS, others_usd=others_usd)
    needed_usd = check_size(asked, young, tiers_of("BTC"), SIZING).margin_total_usd
    assert needed_usd is not None
    for margin_usd, fits in ((needed_usd * 1.0001, True), (needed_usd * 0.9999, False)):
        again = replace(asked, equity_usd=margin_usd, leverage=notional_usd / margin_usd)
        assert (check_size(again, young, tiers_of("BTC"), SIZING).fitting is None) is fits


def test_under_a_week_of_prices_no_margin_fits_more_than_half_of_what_the_venue_lets_anybody_hold() -> None:
    young = replace(conditions(), under_a_week=True)
    most_usd = tiers_of("BTC").largest_usd
    for notional_usd, fits in ((0.51 * most_usd, False), (0.49 * most_usd, True)):
        check = check_size(Position("BTC", LONG, 1.0, notional_usd), young, tiers_of("BTC"), SIZING)
        assert (check.margin_total_share is not None) is fits


def test_the_traders_own_base_is_used_and_named() -> None:
    check = case_a(replace(CASE_A, base_leverage=8.0))
    assert check.chain[0].why is Reduction.BASE_YOURS
    assert check.max_leverage == 8.0


def test_without_an_equity_only_shares_are_given_and_the_first_bracket_is_assumed() -> None:
    check = check_size(replace(CASE_A, equity_usd=None), conditions(vol_hi=True), tiers_of("BTC"), SIZING)
    assert check.asked.notional_usd is None
    assert check.asked.funding_cost_usd is None
    assert (check.margin_total_usd, check.margin_to_deposit_usd) == (None, None)
    assert (check.budget.loss_usd, check.budget.notional_usd) == (None, None)
    assert check.margin_total_share == pytest.approx(2.0)
    assert check.asked.maintenance_rate == 0.004
    assert Assumption.FIRST_TIER in check.assumptions
    assert check.caps[Cap.TIER] == 150.0
    stated = check_size(replace(CASE_A, equity_usd=1_000.0), conditions(vol_hi=True), tiers_of("BTC"), SIZING)
    assert check.asked.liquidation_price_usd == stated.asked.liquidation_price_usd
    assert check.max_leverage == stated.max_leverage


def test_a_short_pays_where_a_long_is_paid() -> None:
    short = Position("BTC", SHORT, 5.0, 10_000.0)
    assert case_a(short, funding=-0.0003).asked.funding_of_margin == pytest.approx(0.0135)
    assert case_a(short, funding=0.0003).asked.funding_of_margin == 0.0
    assert case_a(CASE_A, funding=-0.0003).asked.funding_of_margin == 0.0


def test_a_shorts_ladder_stands_above_its_entry() -> None:
    check = case_a(Position("BTC", SHORT, 5.0, 10_000.0))
    assert check.asked.liquidation_price_usd == pytest.approx(120_000 / 1.0055)
    assert rungs(check) == pytest.approx((103_626.39, 105_439.58, 107_252.77), abs=0.005)


def test_a_cross_position_is_backed_by_the_whole_wallet() -> None:
    cross = replace(CASE_A, mode=MarginMode.CROSS)
    assert case_a(cross).asked == case_a().asked
    helped = case_a(replace(cross, others_usd=5_000.0))
    hurt = case_a(replace(cross, others_usd=-5_000.0))
    assert helped.asked.liquidation_price_usd == pytest.approx((15_000 - 50_000) / (0.5 * (0.0055 - 1)))
    assert hurt.caps[Cap.TEN_PERCENT] == pytest.approx(9.4473311290 / 2)
    assert hurt.margin_total_usd == pytest.approx(10_292.5, abs=0.1)
    assert case_a(replace(CASE_A, others_usd=-5_000.0)).asked == case_a().asked


def test_an_entry_of_ones_own_is_what_distances_are_counted_from() -> None:
    check = case_a(replace(CASE_A, entry_usd=50_000.0), price_usd=None)
    assert check.asked.liquidation_price_usd == pytest.approx(40_221.22, abs=0.005)


def test_full_cover_has_no_liquidation_price_and_none_is_made_up() -> None:
    asked = case_a(replace(CASE_A, leverage=1.0)).asked
    assert asked.liquidation_price_usd is None
    assert asked.liquidation_distance is None
    assert asked.distance_sigma is None
    assert asked.touch_probability is None
    assert rungs(case_a(replace(CASE_A, leverage=1.0))) == pytest.approx(
        (96_373.61, 94_560.42, 92_747.23), abs=0.005
    )


def test_a_rung_below_zero_is_none_and_no_price_falls_by_more_than_all_of_it() -> None:
    wild = conditions(sigma=6.0, price_usd=10.0, funding=0.0)
    check = check_size(Position("BTC", LONG, 1.0, 100.0), wild, HALF_PERCENT, SIZING)
    assert check.trade.sigma_horizon == pytest.approx(0.543958, abs=1e-6)
    assert rungs(check)[:2] == pytest.approx((4.56042, 1.84063), abs=1e-5)
    assert rungs(check)[2] is None
    assert check.caps[Cap.TWO_SIGMA] == pytest.approx(1.0)


def test_the_bracket_of_a_large_position_lowers_what_it_survives() -> None:
    small = check_size(Position("BTC", LONG, 5.0, 10_000.0), conditions(), tiers_of("BTC"), SIZING)
    large = check_size(Position("BTC", LONG, 5.0, 30e6), conditions(), tiers_of("BTC"), SIZING)
    assert large.caps[Cap.TEN_PERCENT] < small.caps[Cap.TEN_PERCENT]
    assert large.asked.maintenance_rate == 0.05
    assert large.tiers.published_on == "2026-09-29"


JUMP = Tiers(
    "BTC",
    Venue.OKX,
    "2026-11-22",
    (Tier(0.0, 100_000.0, 50.0, 0.01, 0.0), Tier(100_000.0, 1e6, 20.0, 0.08, 0.0)),
    is_whole_rate=True,
)


def at_a_jump(margin: float, leverage: float) -> SizeCheck:
    return check_size(Position("BTC", LONG, leverage, margin), conditions(funding=0.0), JUMP, SIZING)


def test_a_dear_bracket_on_the_way_binds_before_the_cheap_one_at_the_end() -> None:
    # at 100,000 USD of notional 8.05 % are due and 1.05 % below it: 15,000 carry 15,000 + 91,950 that far
    check = at_a_jump(15_000.0, 7.2)
    assert check.caps[Cap.TEN_PERCENT] == pytest.approx(106_950 / 15_000)
    assert not check.asked.survives_adverse_move
    assert check.asked.maintenance_rate == 0.08
    assert at_a_jump(15_000.0, 7.1).asked.survives_adverse_move
    # with 20,000 the jump is passed, and the dear bracket's own end of the move binds
    assert at_a_jump(20_000.0, 2.0).caps[Cap.TEN_PERCENT] == pytest.approx(5.0 / 0.86225)


def test_the_margin_that_fits_carries_the_size_past_the_jump() -> None:
    loose = replace(SIZING, base_majors=50.0, buffer_sigmas=0.1)
    position = Position("BTC", LONG, 7.3, 15_000.0)
    check = check_size(position, replace(conditions(funding=0.0), sigma_ref=2.0), JUMP, loose)
    assert check.margin_total_usd == pytest.approx(109_500 - 91_950)


def test_other_rules_move_the_answer() -> None:
    strict = SizingRules(base_majors=2.0, buffer_sigmas=4.0, drawdown_budget=0.01)
    check = check_size(CASE_A, conditions(), HALF_PERCENT, strict)
    assert check.max_leverage == 2.0
    assert check.caps[Cap.TWO_SIGMA] < case_a().caps[Cap.TWO_SIGMA]
    assert check.budget.loss_usd == 100.0


def test_the_check_carries_the_market_it_was_made_in() -> None:
    market: Conditions = replace(conditions(met=2), state=State.CROWDING)
    check = check_size(CASE_A, market, HALF_PERCENT, SIZING)
    assert check.state is State.CROWDING
    assert check.checklist is market.long.checklist


def test_a_long_after_a_fall_of_ten_percent_has_half_of_its_base() -> None:
    check = case_a(fall=0.10)
    assert (check.verdict, check.binding_cap, check.max_leverage) == (Verdict.TOO_MUCH_NOW, Cap.FALL, 2.5)
    assert check.margin_to_deposit_usd == pytest.approx(10_000.0)
    assert case_a(replace(CASE_A, base_leverage=8.0), fall=0.10).caps[Cap.FALL] == 4.0


def test_leverage_never_rises_with_the_fall() -> None:
    allowed = [case_a(fall=fall).max_leverage for fall in (0.0, 0.01, 0.05, 0.2, 0.9)]
    assert allowed == sorted(allowed, reverse=True)
    assert allowed[0] == 5.0


def test_a_short_has_no_cap_for_a_fall() -> None:
    assert Cap.FALL not in case_a(replace(CASE_A, side=SHORT), fall=0.10).caps
    assert Assumption.FALL_LEFT_OUT not in case_a(replace(CASE_A, side=SHORT), fall=None).assumptions


def test_a_fall_that_is_not_known_is_left_out_and_said() -> None:
    check = case_a(fall=None)
    assert Assumption.FALL_LEFT_OUT in check.assumptions
    assert check.max_leverage == 5.0
