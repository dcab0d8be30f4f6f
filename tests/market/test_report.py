"""Snapshots as JSON lines, as they age, and together."""

import json
from dataclasses import replace

import pytest

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from market.reading import Presence
from market.regime import INPUTS
from market.report import all_as_of, as_of, breadth, iso, market_time, state_line
from market.rules import PriceRules, RegimeRules
from market.table import FLAGS, State
from tests.commands.markets import AGES_MS, NOW_MS, TTLS_MS, calm, crowding, market, reading

RULES = RegimeRules()


def test_a_state_line_holds_plain_values_only() -> None:
    line = state_line(crowding(lacking=("skew",)))
    again = json.loads(json.dumps(line, allow_nan=False))
    assert again == line
    assert list(again["flags"]) == list(FLAGS)
    assert again["readings"]["skew"] == {
        "value": None, "unit": "pts", "level": None, "quality": 0.0, "asof": None, "reason": "never_seen",
    }  # fmt: skip
    assert again["readings"]["open_interest"]["level"] == 2


@pytest.mark.parametrize(
    ("ms", "told"),
    [(1_722_823_200_000, "2024-08-05T02:00:00Z"), (1_722_823_200_250, "2024-08-05T02:00:00.250Z")],
)
def test_times_are_iso_8601_with_z(ms: int, told: str) -> None:
    assert iso(ms) == told


def test_a_fresh_snapshot_stays_as_it_is() -> None:
    snapshot = crowding()
    assert as_of(snapshot, NOW_MS, RULES) is snapshot
    assert as_of(snapshot, NOW_MS + 50 * SECOND_MS, RULES) is snapshot


@pytest.mark.parametrize("source", ["history", "simulated"])
def test_a_recorded_or_simulated_market_does_not_age_by_our_clock(source: str) -> None:
    snapshot = crowding(source=source)
    assert as_of(snapshot, NOW_MS + 900 * DAY_MS, RULES) is snapshot
    assert market_time(snapshot, NOW_MS + 900 * DAY_MS) == NOW_MS


@pytest.mark.parametrize("age_ms", [0, 56 * SECOND_MS, 57 * SECOND_MS, 5 * MINUTE_MS, 2 * HOUR_MS])
def test_a_market_ages_as_each_of_its_snapshots_does(age_ms: int) -> None:
    recorded = crowding(source="history", asset="SOL")
    for snapshots in ((crowding(), calm(asset="ETH"), recorded), (recorded,), ()):
        told = all_as_of(snapshots, NOW_MS + age_ms, RULES)
        assert told == tuple(as_of(snapshot, NOW_MS + age_ms, RULES) for snapshot in snapshots)
        assert (told is snapshots) is all(one is other for one, other in zip(told, snapshots, strict=True))


def test_what_was_too_old_when_it_was_said_stays_too_old_on_a_recorded_market() -> None:
    old = replace(reading("price", NOW_MS), asof_ms=NOW_MS - HOUR_MS)
    for source in ("history", "live"):
        (told,) = all_as_of((crowding(source=source, price=old),), NOW_MS - DAY_MS, RULES)
        assert told.regime.state is State.INSUFFICIENT_DATA


def test_a_clock_behind_the_market_makes_nothing_younger() -> None:
    assert market_time(crowding(), NOW_MS - HOUR_MS) == NOW_MS


def test_a_reading_past_its_time_to_live_votes_no_more() -> None:
    later = as_of(
        crowding(price=replace(reading("price", NOW_MS, "pd", "down"), ttl_ms=HOUR_MS)),
        NOW_MS + 12 * MINUTE_MS,
        RULES,
    )
    assert later.regime.flag("fe") is None
    assert later.regime.flag("oe") is None
    assert later.regime.flag("pd") is True
    funding = later.reading("funding")
    assert funding is not None
    assert funding.presence is Presence.STALE
    assert all(condition.enters is None for condition in funding.conditions)
    assert later.regime.levels["funding"] is None
    assert later.regime.protip is None


def test_quality_falls_to_nothing_at_three_times_the_time_to_live() -> None:
    half = as_of(crowding(), NOW_MS + 2 * MINUTE_MS - AGES_MS["price"], RULES).reading("price")
    none = as_of(crowding(), NOW_MS + 3 * MINUTE_MS, RULES).reading("price")
    assert half is not None
    assert none is not None
    assert half.quality == pytest.approx(0.5)
    assert none.quality == 0.0


def test_without_a_fresh_price_there_is_no_state() -> None:
    later = as_of(crowding(), NOW_MS + 2 * MINUTE_MS, RULES)
    assert later.regime.state is State.INSUFFICIENT_DATA
    assert later.regime.insufficient_because == "price"


def test_a_calm_state_does_not_outlive_its_open_interest() -> None:
    fresh = {
        name: replace(reading(name, NOW_MS, "fr"), ttl_ms=HOUR_MS)
        for name in INPUTS
        if name != "open_interest"
    }
    later = as_of(
        calm(**{**fresh, "funding": replace(fresh["funding"], facts={"f24": 0.00004})}),
        NOW_MS + 9 * MINUTE_MS,
        RULES,
    )
    assert calm().regime.state is State.HEALTHY
    assert later.regime.state is State.MIXED


@pytest.mark.parametrize(
    "age_ms", [0, 30 * SECOND_MS, 59 * SECOND_MS, 5 * MINUTE_MS, 11 * MINUTE_MS, 2 * HOUR_MS]
)
def test_nothing_older_than_its_time_to_live_counts_in_a_vote(age_ms: int) -> None:
    later = as_of(crowding(), NOW_MS + age_ms, RULES)
    for name in INPUTS:
        expired = AGES_MS[name] + age_ms > TTLS_MS[name]
        one = later.reading(name)
        assert one is not None
        assert (one.presence is Presence.STALE) is expired
        assert (later.regime.levels[name] is None) is expired


def test_breadth_counts_only_what_was_seen() -> None:
    risen = calm(asset="ETH", price=reading("price", NOW_MS, hours_since_low_72h=30.0))
    blind = market(asset="SOL", lacking=("price", "open_interest"))
    wide = breadth((crowding(), risen, blind), PriceRules())
    assert (wide.off_lows, wide.off_lows_of) == (1, 2)
    assert (wide.constructive, wide.constructive_of) == (1, 2)
    assert (wide.both, wide.both_of) == (1, 2)


def test_the_pro_tip_is_not_denied_by_what_has_expired() -> None:
    reset = market("pd", "down", "oe", "fr")
    assert reset.regime.protip is False
    assert as_of(reset, NOW_MS + 30 * SECOND_MS, RULES).regime.protip is False
    crowded = market("oe", "fr", price=replace(reading("price", NOW_MS, "pd", "down"), ttl_ms=HOUR_MS))
    assert as_of(crowded, NOW_MS + 9 * MINUTE_MS + SECOND_MS, RULES).regime.protip is None


def test_breadth_leaves_out_what_is_stale() -> None:
    wide = breadth((calm(), market(asset="ETH", silent=("price", "open_interest"))), PriceRules())
    assert (wide.off_lows_of, wide.constructive_of) == (1, 1)
