"""What must hold of every size, whatever the market: drawn by hypothesis."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.margin import Impossible, ImpossiblePosition, Tiers, bundled_tiers, sign_of
from market.observations import Side
from market.sizing import (
    Cap,
    Conditions,
    Headwind,
    MarginMode,
    Position,
    SizeCheck,
    Verdict,
    check_size,
    numbers_of,
)
from tests.market.markets import SIZING, checklist, conditions
from tests.market.promises import broken_promises
from tests.market.test_sizing_random import TABLES

assets = st.sampled_from(["BTC", "ETH", "SOL", "1000PEPE", "FARTCOIN"])
claims = st.sampled_from([False, True, None])
factors = st.floats(1.0, 5.0)
GIVEN_TIME = settings(deadline=None)  # two cores are shared with much else


@st.composite
def positions(draw: st.DrawFn) -> Position:
    """Positions of any size and leverage that the brackets allow."""
    tiers = bundled_tiers()[draw(assets)]
    equity = draw(st.floats(1.0, 0.9 * tiers.largest_usd))
    return Position(
        tiers.asset,
        draw(st.sampled_from(Side)),
        draw(st.floats(1.0, tiers.highest_leverage(equity))),
        equity,
        hold_hours=draw(st.floats(1.0, 720.0)),
        base_leverage=draw(st.none() | st.floats(1.0, 50.0)),
    )


@st.composite
def markets(draw: st.DrawFn) -> Conditions:
    """Markets of every temper, some of them partly unknown."""
    return conditions(
        sigma=draw(st.floats(0.05, 3.0)),
        sigma_ref=draw(st.floats(0.2, 1.2)),
        funding=draw(st.floats(-0.003, 0.003)),
        price_usd=draw(st.floats(1e-3, 2e5)),
        vol_hi=draw(claims),
        liq_hi=draw(claims),
        fe=draw(claims),
        invalidated=draw(claims),
        met=draw(st.integers(0, 4)),
    )


def tried(position: Position, market: Conditions) -> SizeCheck:
    try:
        return check_size(position, market, bundled_tiers()[position.asset], SIZING)
    except ImpossiblePosition:
        assume(False)
        raise


@GIVEN_TIME
@given(positions(), markets(), factors)
def test_leverage_never_rises_with_volatility(position: Position, market: Conditions, factor: float) -> None:
    wilder = replace(market, sigma=(market.sigma or 0.0) * factor)
    before, after = tried(position, market), tried(position, wilder)
    assert after.max_leverage <= before.max_leverage
    assert after.budget.leverage <= before.budget.leverage * (1 + 1e-12)


@GIVEN_TIME
@given(positions(), markets(), st.floats(0.0, 0.003))
def test_leverage_never_rises_with_what_the_side_pays(
    position: Position, market: Conditions, more: float
) -> None:
    dearer = replace(market, funding_8h=(market.funding_8h or 0.0) + sign_of(position.side) * more)
    before, after = tried(position, market), tried(position, dearer)
    assert after.max_leverage <= before.max_leverage
    for cap in Cap:
        if cap in before.caps:
            assert after.caps[cap] <= before.caps[cap]


@GIVEN_TIME
@given(positions(), markets())
def test_what_is_unknown_never_allows_more_than_what_is_known_to_be_quiet(
    position: Position, market: Conditions
) -> None:
    quiet = replace(market.against(position.side), liquidations_high=False, funding_dear=False)
    dark = replace(quiet, liquidations_high=None, funding_dear=None)
    seen = tried(position, replace(market, long=quiet, short=quiet, volatility_high=False))
    blind = tried(position, replace(market, long=dark, short=dark, volatility_high=None))
    assert blind.max_leverage <= seen.max_leverage
    assert tried(position, replace(market, sigma=None)).trade.sigma == 1.5 * market.sigma_ref


@GIVEN_TIME
@given(positions(), markets(), st.integers(0, 4), st.integers(0, 4), factors, st.floats(0.0, 0.5))
def test_the_size_by_risk_is_never_larger_in_a_worse_market(
    position: Position, market: Conditions, met: int, more: int, factor: float, fallen: float
) -> None:
    """All else equal: whatever turns against the side, calms or is not known, no more is suggested than before."""

    def told(check: SizeCheck) -> float:
        return check.new_notional_factor * check.budget.leverage

    calm = Headwind(checklist(position.side, met), False, False, False)
    turned = Headwind(checklist(position.side, min(4, met + more)), True, True, True)
    before = replace(market, long=calm, short=calm, volatility_high=False)
    worse = replace(before, long=turned, short=turned, volatility_high=True, uncertain=True, fall_3d=fallen)
    worse = replace(worse, sigma=(market.sigma or 0.0) * factor)
    for after in (
        worse,
        *(replace(before, long=one, short=one) for one in one_by_one(calm)),
        replace(before, volatility_high=True),
        replace(before, uncertain=True),
        replace(before, fall_3d=fallen),
    ):
        first, second = tried(position, before), tried(position, after)
        assert second.budget.leverage <= first.budget.leverage * (1 + 1e-9)
        assert told(second) <= told(first) * (1 + 1e-9)


def one_by_one(calm: Headwind) -> tuple[Headwind, ...]:
    """Each thing that can stand against a side, alone."""
    return (
        replace(calm, risk_invalidated=True),
        replace(calm, funding_dear=True),
        replace(calm, funding_dear=None),
        replace(calm, liquidations_high=True),
        replace(calm, depth_ratio=0.1),
    )


@st.composite
def any_positions(draw: st.DrawFn) -> tuple[Position, Conditions, Tiers]:
    """Positions of every kind, in a market, under the brackets of every venue."""
    tiers, market = draw(st.sampled_from(TABLES)), draw(markets())
    if tiers.priced_at_usd is not None:
        market = replace(market, price_usd=draw(st.floats(0.3, 3.0)) * tiers.priced_at_usd)
    here = tiers.at_price(market.price_usd or 1.0)
    equity = draw(st.floats(1.0, min(0.9 * here.largest_usd, 1e9)))
    position = Position(
        tiers.asset,
        draw(st.sampled_from(Side)),
        draw(st.floats(1.0, max(1.0, here.highest_leverage(equity) * (1 - 1e-9)))),
        equity,
        hold_hours=draw(st.none() | st.floats(1.0, 720.0)),
        mode=draw(st.sampled_from(MarginMode)),
        base_leverage=draw(st.none() | st.floats(1.0, 50.0)),
        others_usd=draw(st.floats(-0.6, 0.6)) * equity,
        is_inverse=draw(st.booleans()),
    )
    return position, market, tiers


def kept(case: tuple[Position, Conditions, Tiers], wilder: float, richer: float) -> list[str]:
    """What does not hold, or why it is refused."""
    try:
        return list(broken_promises(*case, wilder, richer))
    except ImpossiblePosition as impossible:
        return [impossible.why]


@settings(deadline=None, max_examples=2_000)
@given(any_positions(), factors, factors)
def test_every_kind_of_position_keeps_every_promise(
    case: tuple[Position, Conditions, Tiers], wilder: float, richer: float
) -> None:
    assert kept(case, wilder, richer) in ([], [Impossible.MARGIN_BELOW_MAINTENANCE])


@GIVEN_TIME
@given(positions(), markets())
def test_the_verdict_agrees_with_the_numbers(position: Position, market: Conditions) -> None:
    check = tried(position, market)
    assert check.max_leverage == min(check.caps.values()) == check.caps[check.binding_cap]
    assert (check.verdict is Verdict.NEVER_SURVIVES_10PCT) == (not check.asked.survives_adverse_move)
    assert (check.fitting is None) == (position.leverage <= check.max_leverage)
    if check.verdict is Verdict.FITS:
        assert check.asked.survives_adverse_move
        assert check.asked.survives_two_sigma
        assert check.margin_to_deposit_usd is not None
        assert check.margin_to_deposit_usd <= 1e-9 * check.trade.margin_usd


@GIVEN_TIME
@given(positions(), markets())
def test_what_fits_survives_both_moves_by_recomputation(position: Position, market: Conditions) -> None:
    check = tried(position, market)
    leverage = min(position.leverage, check.max_leverage)
    for move in (0.10, 2.0 * check.trade.sigma_horizon):
        assert left_after(check, leverage, move, bundled_tiers()[position.asset]) >= -1e-9


@GIVEN_TIME
@given(positions(), markets())
def test_with_the_deposit_the_same_notional_fits(position: Position, market: Conditions) -> None:
    check = tried(position, market)
    assert check.margin_total_usd is not None
    assert check.asked.notional_usd is not None
    leverage = check.asked.notional_usd / check.margin_total_usd
    assume(leverage >= 1.0)
    deposited = replace(position, equity_usd=check.margin_total_usd, leverage=leverage)
    after = tried(deposited, market)
    assert leverage <= after.max_leverage * (1 + 1e-9)


@GIVEN_TIME
@given(positions(), markets())
def test_the_ladder_is_climbed_before_liquidation(position: Position, market: Conditions) -> None:
    check = tried(position, market)
    for stance in (check.asked, check.fitting):
        if stance is not None and stance.liquidation_price_usd is not None:
            ladder = stance.ladder
            prices = (check.trade.entry_usd, ladder.trim_usd, ladder.hedge_usd, ladder.exit_usd)
            away = [sign_of(position.side) * (check.trade.entry_usd - (price or 0.0)) for price in prices]
            to_liquidation = sign_of(position.side) * (check.trade.entry_usd - stance.liquidation_price_usd)
            assert away == sorted(away)
            assert away[-1] < to_liquidation


@GIVEN_TIME
@given(positions(), markets())
def test_a_short_is_never_allowed_more_than_its_long(position: Position, market: Conditions) -> None:
    still = replace(market, funding_8h=0.0)
    long = tried(replace(position, side=Side.LONG), still)
    short = tried(replace(position, side=Side.SHORT), still)
    assert short.caps[Cap.STEP] == long.caps[Cap.STEP]
    assert short.caps[Cap.CONTINUOUS] == long.caps[Cap.CONTINUOUS]
    assert short.caps[Cap.TEN_PERCENT] <= long.caps[Cap.TEN_PERCENT]
    assert short.caps[Cap.TWO_SIGMA] <= long.caps[Cap.TWO_SIGMA]


@GIVEN_TIME
@given(positions(), markets())
def test_every_number_of_the_command_is_there_and_finite(position: Position, market: Conditions) -> None:
    numbers = numbers_of(tried(position, market))
    listed = (
        *("verdict", "max_leverage", "binding_cap", "caps", "liquidation_price", "liquidation_distance"),
        *("sigma_horizon", "touch_probability", "survives_10pct", "survives_2sigma", "funding_cost"),
        *(
            "margin_total",
            "margin_to_deposit",
            "risk_budget_notional",
            "new_notional_factor",
            "trim",
            "hedge",
        ),
        *("exit", "equity", "notional", "regime", "distance_sigma"),
    )
    assert set(listed) <= set(numbers)
    assert set(numbers["caps"]) >= {"step", "continuous", "two_sigma", "ten_percent", "tier"}  # type: ignore[call-overload]
    for value in numbers.values():
        assert not isinstance(value, float) or abs(value) < 1e300


def left_after(check: SizeCheck, leverage: float, move: float, tiers: Tiers) -> float:
    """Margin left above maintenance and fee after an adverse move and the funding, as a share of the margin."""
    margin = check.trade.margin_usd
    notional = leverage * margin
    after = max(0.0, notional * (1.0 - sign_of(check.trade.side) * move))
    lost = abs(after - notional) + notional * check.trade.funding_paid
    return (margin - lost - tiers.maintenance_usd(after) - SIZING.fee_rate * after) / margin
