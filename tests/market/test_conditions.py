"""What a size takes from a snapshot: facts, claims against each side, and what is unknown, absent or old."""

import math
from dataclasses import replace

import pytest

from market.margin import tiers_of
from market.observations import Side
from market.reading import Because, Level, Presence
from market.sizing import Assumption, Cap, Position, Reduction, check_size, conditions_of
from market.table import State
from tests.market.markets import RULES, SIZING, reading, snapshot


def test_a_quiet_market_is_taken_as_it_is() -> None:
    found = conditions_of(snapshot(), RULES)
    assert (found.price_usd, found.sigma, found.sigma_ref, found.funding_8h) == (64_210.0, 0.60, 0.45, 0.0001)
    assert (found.volatility_high, found.long.liquidations_high, found.long.funding_dear) == (
        False,
        False,
        False,
    )
    assert (found.uncertain, found.under_a_week, found.sigma_ref_cold) == (False, False, False)
    assert (found.absent, found.stale) == ((), ())
    assert found.long.depth_ratio is None


@pytest.mark.parametrize("flag", ["lb", "lc"])
def test_a_burst_or_a_cluster_is_high_liquidation(flag: str) -> None:
    found = conditions_of(snapshot(raised=(flag,)))
    assert found.against(Side.LONG).liquidations_high is True
    assert found.against(Side.SHORT).liquidations_high is False
    mirrored = conditions_of(snapshot(raised=(f"{flag}_short",)))
    assert mirrored.short.liquidations_high is True
    assert mirrored.long.liquidations_high is False


def test_dear_funding_is_the_longs_or_the_shorts() -> None:
    assert conditions_of(snapshot(raised=("fe",))).long.funding_dear is True
    assert conditions_of(snapshot(raised=("fd",))).short.funding_dear is True
    assert conditions_of(snapshot(raised=("fd",))).long.funding_dear is False


@pytest.mark.parametrize("state", [State.CROWDING, State.CAPITULATION, State.UNWINDING])
def test_crowding_or_worse_invalidates_a_longs_risk_and_no_shorts(state: State) -> None:
    found = conditions_of(snapshot(state=state))
    assert found.long.risk_invalidated is True
    assert found.short.risk_invalidated is False


def test_the_protip_and_leverage_rolling_over_invalidate_a_longs_risk() -> None:
    assert conditions_of(snapshot(protip=True)).long.risk_invalidated is True
    assert conditions_of(snapshot(raised=("rolling_over",))).long.risk_invalidated is True
    assert conditions_of(snapshot(protip=None)).long.risk_invalidated is None
    assert conditions_of(snapshot(state=State.MIXED)).long.risk_invalidated is False


def test_a_squeeze_clusters_of_shorts_or_crowded_shorts_invalidate_a_shorts_risk() -> None:
    assert conditions_of(snapshot(state=State.SQUEEZE_RISK)).short.risk_invalidated is True
    assert conditions_of(snapshot(raised=("lc_short",))).short.risk_invalidated is True
    assert conditions_of(snapshot(raised=("up", "oe", "fd"))).short.risk_invalidated is True
    assert conditions_of(snapshot(raised=("up", "oe"))).short.risk_invalidated is False


def test_insufficient_data_does_not_let_go_of_what_was_held() -> None:
    found = conditions_of(snapshot(state=State.INSUFFICIENT_DATA, held=State.CROWDING))
    assert found.long.risk_invalidated is True
    assert found.uncertain


def test_mixed_is_uncertain_where_rows_conflict_and_not_where_nothing_was_seen_wrong() -> None:
    conflicting = {"price": Level.CAUTION, "funding": Level.CALM}
    unseen = {"price": Level.CALM, "funding": Level.CALM, "open_interest": None, "volatility": Level.CAUTION}
    assert conditions_of(snapshot(state=State.MIXED, levels=conflicting)).uncertain
    assert not conditions_of(snapshot(state=State.MIXED, levels=unseen)).uncertain
    assert not conditions_of(snapshot(state=State.DIGESTING, levels=conflicting)).uncertain


def test_an_absent_feed_is_not_seen_and_named() -> None:
    found = conditions_of(snapshot(absent=("liquidations", "open_interest", "skew")))
    assert found.absent == ("liquidations", "open_interest", "skew")
    assert found.long.liquidations_high is False
    check = check_size(Position("BTC", Side.LONG, 5.0), found, tiers_of("BTC"), SIZING)
    assert Assumption.LIQUIDATIONS_NOT_SEEN in check.assumptions
    assert check.caps[Cap.STEP] == 5.0


def test_a_dead_feed_is_not_calm() -> None:
    found = conditions_of(snapshot(reading("liquidations", Presence.STALE, 0.5)))
    assert found.stale == ("liquidations",)
    assert found.long.liquidations_high is None
    check = check_size(Position("BTC", Side.LONG, 5.0), found, tiers_of("BTC"), SIZING)
    assert check.chain[-1].why is Reduction.LIQUIDATIONS_UNKNOWN
    assert check.caps[Cap.STEP] == 2.5
    assert Assumption.LIQUIDATIONS_COUNTED_HIGH in check.assumptions


def test_while_ranks_are_learned_the_level_of_the_hour_decides() -> None:
    learning = replace(reading("liquidations", long_bps_1h=4.9), because=Because.LEARNING)
    found = conditions_of(snapshot(learning, unknown=("lb", "lc")))
    assert found.learning == ("liquidations",)
    assert found.long.liquidations_high is False
    check = check_size(Position("BTC", Side.LONG, 5.0), found, tiers_of("BTC"), SIZING)
    assert Assumption.LIQUIDATIONS_LEARNING in check.assumptions
    intense = replace(reading("liquidations", long_bps_1h=5.0), because=Because.LEARNING)
    assert conditions_of(snapshot(intense, unknown=("lb", "lc"))).long.liquidations_high is True
    learned = reading("liquidations", long_bps_1h=0.1)
    assert conditions_of(snapshot(learned, unknown=("lc",))).long.liquidations_high is None


def test_an_old_value_serves_until_it_has_no_quality_left() -> None:
    fading = conditions_of(snapshot(reading("price", Presence.STALE, 0.25)))
    assert fading.price_usd == 64_210.0
    assert fading.stale == ("price",)
    assert conditions_of(snapshot(reading("price", Presence.STALE, 0.0))).price_usd is None


def test_without_volatility_the_cold_reference_of_the_asset_stands_in() -> None:
    for asset, reference in (("BTC", 0.50), ("ETH", 0.65), ("SOL", 0.90)):
        found = conditions_of(snapshot(absent=("volatility",), asset=asset))
        assert (found.sigma, found.sigma_ref, found.sigma_ref_cold) == (None, reference, True)
        assert found.volatility_high is None
    cold = conditions_of(snapshot(reading("volatility", sigma_ref=0.5, sigma_ref_cold=1.0)))
    assert cold.sigma_ref_cold


def test_a_number_that_is_none_is_unknown() -> None:
    assert conditions_of(snapshot(reading("volatility", sigma=math.nan))).sigma is None
    assert conditions_of(snapshot(reading("funding", f24=None))).funding_8h == 0.0002
    assert conditions_of(snapshot(reading("funding", f24=None, rate_8h=None))).funding_8h is None
    assert conditions_of(snapshot(absent=("funding",))).funding_8h is None


def test_less_than_a_week_of_prices_is_said_to_be_so() -> None:
    young = snapshot(reading("price", r_7d=None), reading("volatility", rv_7d=None))
    assert conditions_of(young).under_a_week
    assert not conditions_of(snapshot(reading("price", r_7d=None))).under_a_week
    assert not conditions_of(snapshot(absent=("price", "volatility"))).under_a_week


def test_a_size_needs_price_and_volatility_only() -> None:
    bare = snapshot(
        absent=("liquidations", "open_interest", "funding", "skew"), state=State.INSUFFICIENT_DATA
    )
    check = check_size(
        Position("BTC", Side.LONG, 5.0, 10_000.0), conditions_of(bare), tiers_of("BTC"), SIZING
    )
    assert check.max_leverage == pytest.approx(5.0 * 0.45 / 0.60)
    assert check.new_notional_factor == 0.5
    assert {Assumption.FUNDING_NOT_SEEN, Assumption.FUNDING_COST_UNKNOWN} <= set(check.assumptions)
