"""Making a plan of a checked position, adding to it, and lines that are noise."""

import math
from dataclasses import replace

import pytest

from market.margin import Impossible, ImpossiblePosition
from market.observations import DAY_MS, Side, Venue
from market.plans import (
    Added,
    AddRefused,
    Happened,
    Ladder,
    NoAdd,
    NoPlan,
    PlanRefused,
    Thesis,
    add_to,
    fresh_id,
    make_plan,
    noise_of,
    watch,
    why_not_add,
)
from market.reading import Presence
from market.sizing import MarginMode
from tests.market.markets import HALF_PERCENT, RULES, SIZING, reading, snapshot
from tests.market.stated import MADE_MS, at, checked, planned, seen, watched


def test_a_plan_holds_the_position_and_its_three_numbers() -> None:
    plan = planned(line_usd=90_000.0, until_ms=MADE_MS + DAY_MS, lose=None)
    assert (plan.asset, plan.side, plan.mode, plan.venue) == (
        "BTC",
        Side.LONG,
        MarginMode.ISOLATED,
        Venue.BINANCE,
    )
    assert (plan.coins, plan.entry_usd, plan.margin_usd, plan.leverage) == (0.5, 100_000.0, 10_000.0, 5.0)
    assert (plan.drawdown_usd, plan.max_leverage) == (500.0, 5.0)
    assert plan.liquidation_usd == pytest.approx(80_442.43, abs=0.01)
    assert (plan.maintenance_rate, plan.tiers_on) == (0.005, "2026-09-29")
    assert (plan.line_usd, plan.until_ms) == (90_000.0, MADE_MS + DAY_MS)
    assert plan.watch.told_ms == {}


def test_the_ladder_of_a_plan_is_the_one_before_anything_pulls_it_in() -> None:
    assert planned(invalidated=True).ladder == planned().ladder


@pytest.mark.parametrize(
    ("thesis", "why"),
    [
        (Thesis(line_usd=100_000.0), NoPlan.LINE_TOUCHED),
        (Thesis(line_usd=101_000.0), NoPlan.LINE_TOUCHED),
        (Thesis(line_usd=80_000.0), NoPlan.LINE_BEYOND_LIQUIDATION),
        (Thesis(until_ms=MADE_MS), NoPlan.TIME_OVER),
    ],
)
def test_a_line_that_means_nothing_is_refused_with_its_numbers(thesis: Thesis, why: NoPlan) -> None:
    with pytest.raises(PlanRefused) as refused:
        make_plan(checked(), "p1", MADE_MS, SIZING, thesis)
    assert refused.value.why is why
    assert refused.value.numbers


def test_a_shorts_line_lies_above_the_price() -> None:
    assert planned(Side.SHORT, line_usd=105_000.0).line_usd == 105_000.0
    with pytest.raises(PlanRefused):
        planned(Side.SHORT, line_usd=99_000.0)


def test_a_plan_needs_an_equity() -> None:
    with pytest.raises(PlanRefused, match=NoPlan.NO_EQUITY):
        make_plan(checked(equity_usd=None), "p1", MADE_MS, SIZING)


def test_an_id_is_short_and_its_owners_alone() -> None:
    taken: set[str] = set()
    for _ in range(20):
        made = fresh_id(taken, MADE_MS)
        assert made not in taken
        assert len(made) == 4
        taken.add(made)


def test_a_line_nearer_than_one_sigma_is_noise_and_its_ways_out_keep_the_loss() -> None:
    plan = planned(line_usd=98_000.0)
    noise = noise_of(plan, 100_000.0)
    assert noise is not None
    sigma_72h = 0.4 * math.sqrt(72 / 8760)
    assert noise.distance == pytest.approx(0.02)
    assert noise.sigmas == pytest.approx(0.02 / sigma_72h)
    assert 0.4 * math.sqrt(noise.hours / 8760) == pytest.approx(0.02)
    assert noise.wider_line_usd == pytest.approx(100_000.0 * (1 - sigma_72h))
    assert noise.smaller_share is not None
    assert noise.wider_line_usd is not None
    loss = plan.coins * (plan.entry_usd - 98_000.0)
    assert noise.smaller_share * plan.coins * (plan.entry_usd - noise.wider_line_usd) == pytest.approx(loss)


@pytest.mark.parametrize(("side", "line_usd"), [(Side.LONG, 98_000.0), (Side.SHORT, 102_000.0)])
def test_the_loss_that_stays_the_same_is_one_in_coins_where_the_margin_is(
    side: Side, line_usd: float
) -> None:
    plan = replace(planned(side, line_usd=line_usd), is_inverse=True)
    noise = noise_of(plan, 100_000.0)
    assert noise is not None
    assert noise.smaller_share is not None
    assert noise.wider_line_usd is not None
    lost_coins = 50_000.0 / line_usd - 50_000.0 / 100_000.0
    lost_by_wider = 50_000.0 / noise.wider_line_usd - 50_000.0 / 100_000.0
    assert noise.smaller_share * lost_by_wider == pytest.approx(lost_coins)


def test_a_line_at_one_sigma_or_beyond_or_touched_is_no_noise() -> None:
    assert noise_of(planned(line_usd=96_000.0), 100_000.0) is None
    assert noise_of(planned(line_usd=98_000.0), 97_000.0) is None
    assert noise_of(planned(), 100_000.0) is None


def test_a_line_that_would_lose_nothing_cannot_be_kept_by_a_smaller_size() -> None:
    plan = replace(planned(line_usd=98_000.0), entry_usd=95_000.0)
    noise = noise_of(plan, 100_000.0)
    assert noise is not None
    assert noise.smaller_share is None


@pytest.mark.parametrize(
    ("side", "raised", "why"),
    [
        (Side.LONG, ("oe", "fn"), NoAdd.LEVERAGE_CROWDED),
        (Side.LONG, ("ou", "pd", "nc"), NoAdd.CROWDED_TREND),
        (Side.LONG, ("rolling_over",), NoAdd.RISK_INVALIDATED),
        (Side.SHORT, ("oe", "fd"), NoAdd.LEVERAGE_CROWDED),
        (Side.SHORT, ("up", "oe"), NoAdd.CROWDED_TREND),
        (Side.SHORT, ("lc_short",), NoAdd.RISK_INVALIDATED),
    ],
)
def test_nothing_is_added_against_the_rules(side: Side, raised: tuple[str, ...], why: NoAdd) -> None:
    assert why_not_add(planned(side), seen(100_000, 1, raised=raised), RULES) == (why,)


@pytest.mark.parametrize("raised", [(), ("oe",), ("fn",), ("pd", "nc"), ("ou",)])
def test_adding_is_open_where_leverage_is_not_crowded(raised: tuple[str, ...]) -> None:
    assert why_not_add(planned(), seen(100_000, 1, raised=raised), RULES) == ()


def test_silence_is_no_calm_to_add_in() -> None:
    assert why_not_add(planned(), seen(100_000, 1, raised=["oe"], unknown=["fn"]), RULES) == (
        NoAdd.MARKET_UNKNOWN,
    )
    stale = snapshot(
        reading("price", price_usd=100_000.0),
        reading("open_interest", Presence.STALE),
        unknown=("oe", "ou", "rolling_over"),
        raised=("fn",),
    )
    assert why_not_add(planned(), stale, RULES) == (NoAdd.MARKET_UNKNOWN,)


def test_nothing_is_added_to_what_is_over() -> None:
    plan, _ = watch(planned(), seen(92_000, 1), RULES, at(0), at(1))
    assert why_not_add(plan, seen(100_000, 2), RULES) == (NoAdd.PLAN_OVER,)
    with pytest.raises(AddRefused) as refused:
        add_to(plan, Added(500.0), seen(100_000, 2), HALF_PERCENT, RULES)
    assert refused.value.why == (NoAdd.PLAN_OVER,)


@pytest.mark.parametrize("price_usd", [99_000.0, 92_000.0, 80_000.0])
def test_nothing_is_added_to_what_is_over_at_this_price_though_the_watch_has_not_looked_yet(
    price_usd: float,
) -> None:
    plan = planned(lose=0.05)
    assert why_not_add(plan, seen(price_usd, 2), RULES) == (NoAdd.PLAN_OVER,)
    assert why_not_add(plan, seen(99_500.0, 2), RULES) == ()


def test_an_add_loses_no_larger_share_unless_that_is_said() -> None:
    plan = planned(lose=0.02)
    larger, _ = add_to(plan, Added(1_000.0), seen(100_000, 2), HALF_PERCENT, RULES)
    assert larger.drawdown_usd == pytest.approx(220.0)
    said, _ = add_to(plan, Added(1_000.0, drawdown_budget=0.03), seen(100_000, 2), HALF_PERCENT, RULES)
    assert said.drawdown_usd == pytest.approx(330.0)


def test_what_was_told_of_the_risk_forbids_adding_until_it_was_clear_for_long_enough() -> None:
    plan, _ = watch(planned(), seen(100_000, 1, raised=["rolling_over"]), RULES, at(0), at(1))
    assert why_not_add(plan, seen(100_000, 2), RULES) == (NoAdd.RISK_INVALIDATED,)


def test_an_add_averages_the_entry_at_the_plans_own_leverage_and_begins_the_rungs_anew() -> None:
    plan, _ = watch(planned(line_usd=88_000.0), seen(96_000, 1), RULES, at(0), at(1))
    assert Happened.TRIM in plan.watch.told_ms
    larger, check = add_to(plan, Added(10_000.0, entry_usd=96_000.0), seen(96_000, 2), HALF_PERCENT, RULES)
    assert larger.coins == pytest.approx(0.5 + 50_000.0 / 96_000.0)
    assert larger.entry_usd == pytest.approx(100_000.0 / larger.coins)
    assert larger.margin_usd == 20_000.0
    assert larger.leverage == pytest.approx(5.0)
    assert larger.liquidation_usd == check.asked.liquidation_price_usd != plan.liquidation_usd
    assert (larger.id, larger.made_ms, larger.line_usd) == (plan.id, plan.made_ms, 88_000.0)
    assert (larger.watch.told_ms, larger.watch.news_ms) == ({}, at(2))


@pytest.mark.parametrize(
    ("side", "line_usd", "price_usd"), [(Side.LONG, 85_000.0, 130_000.0), (Side.SHORT, 115_000.0, 80_000.0)]
)
def test_an_add_that_moves_the_forced_close_beyond_the_own_line_is_refused(
    side: Side, line_usd: float, price_usd: float
) -> None:
    plan, there = planned(side, line_usd=line_usd), seen(price_usd, 1)
    with pytest.raises(PlanRefused) as refused:
        add_to(plan, Added(15_000.0), there, HALF_PERCENT, RULES)
    assert refused.value.why is NoPlan.LINE_BEYOND_LIQUIDATION
    larger, _ = add_to(plan, Added(500.0), there, HALF_PERCENT, RULES)
    assert larger.line_usd == line_usd


def test_an_add_forgets_since_when_what_it_ends_was_clear() -> None:
    near, far = seen(83_000, 1), seen(100_000, 2)
    plan = replace(planned(), ladder=Ladder(0.5, 0.6, 0.7))
    plan, told = watched(plan, [near, far], since_ms=at(0))
    assert (told[0], set(plan.watch.clear_since_ms)) == (
        (Happened.NEAR_LIQUIDATION,),
        {Happened.NEAR_LIQUIDATION},
    )
    larger, _ = add_to(plan, Added(500.0), seen(100_000, 3), HALF_PERCENT, RULES)
    assert larger.watch.clear_since_ms == {}


@pytest.mark.parametrize(
    ("added", "why"),
    [
        (Added(0.0), Impossible.EQUITY_NOT_POSITIVE),
        (Added(math.nan), Impossible.EQUITY_NOT_POSITIVE),
        (Added(500.0, entry_usd=0.0), Impossible.ENTRY_NOT_POSITIVE),
        (Added(500.0, entry_usd=math.inf), Impossible.ENTRY_NOT_POSITIVE),
    ],
)
def test_an_add_that_means_nothing_is_refused(added: Added, why: Impossible) -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        add_to(planned(), added, seen(100_000, 1), HALF_PERCENT, RULES)
    assert refused.value.why is why


def test_an_add_without_any_price_is_refused() -> None:
    with pytest.raises(ImpossiblePosition) as refused:
        add_to(planned(), Added(500.0), seen(None, 1, absent=("price",)), HALF_PERCENT, RULES)
    assert refused.value.why is Impossible.NO_PRICE
