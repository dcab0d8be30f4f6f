"""Venues held against each other: means by open interest of fresh rates alone, who stands where, and what is a floor."""

from dataclasses import replace

import pytest

from market.across import AtVenue
from market.observations import HOUR_MS, MINUTE_MS, Funding, Venue
from market.reading import Level
from market.regime import judge
from market.rules import Rules
from market.signals import read_signals
from market.venues import Rates, forced_across, is_rate_fresh, rates_across, standings, stands_at_cap
from tests.market.feeds import RULES, claims, closes, fed, hour, read, settled

FRESH = Rules().freshness
NOW_MS = 1_000 * HOUR_MS
A, B, C = Venue.BINANCE, Venue.BYBIT, Venue.OKX


def rated(venue: Venue, coins: float | None, rate: float, hours: float = 8.0, **more: object) -> AtVenue:
    said = AtVenue(venue, coins=coins, rate=rate, is_predicted=True, interval_hours=hours, rate_at_ms=NOW_MS)
    return replace(said, **more)  # type: ignore[arg-type]


def known(venues: list[AtVenue]) -> Rates:
    found = rates_across(venues, NOW_MS, FRESH)
    assert found is not None
    return found


def test_the_mean_weighs_by_open_interest_and_the_dispersion_is_the_largest_minus_the_smallest() -> None:
    found = known([rated(A, 6e9, 0.0001), rated(B, 3e9, 0.0003), rated(C, 1e9, -0.0002)])
    assert found.mean_8h == pytest.approx(0.00013)
    assert found.dispersion_8h == pytest.approx(0.0005)
    assert (found.lowest, found.highest, found.counted) == (C, B, 3)


def test_rates_of_different_intervals_meet_per_eight_hours() -> None:
    found = known([rated(A, 1.0, 0.0001), rated(Venue.HYPERLIQUID, 1.0, 0.0000125, 1.0)])
    assert found.mean_8h == pytest.approx(0.0001)
    assert found.dispersion_8h == pytest.approx(0.0, abs=1e-15)


def test_old_rates_have_no_part_in_it() -> None:
    old = rated(B, 9e9, 0.01, rate_at_ms=NOW_MS - 11 * MINUTE_MS)
    assert known([rated(A, 1.0, 0.0001), old]).mean_8h == 0.0001
    assert rates_across([old], NOW_MS, FRESH) is None
    assert rates_across([AtVenue(A, coins=1.0)], NOW_MS, FRESH) is None


def test_a_paid_rate_holds_for_its_interval_and_a_tenth() -> None:
    paid = rated(A, 1.0, 0.0001, is_predicted=False, rate_at_ms=NOW_MS - 8 * HOUR_MS)
    assert is_rate_fresh(paid, NOW_MS, FRESH)
    assert not is_rate_fresh(paid, NOW_MS + HOUR_MS, FRESH)


def test_a_venue_without_open_interest_has_no_vote_unless_nobody_has_one() -> None:
    assert known([rated(A, 1.0, 0.0001), rated(B, None, 0.0003)]).mean_8h == 0.0001
    assert known([rated(A, None, 0.0001), rated(B, None, 0.0003)]).mean_8h == pytest.approx(0.0002)


def test_the_premium_is_weighted_and_unknown_where_no_index_is_told() -> None:
    over = rated(A, 3.0, 0.0001, mark_usd=101.0, index_usd=100.0)
    under = rated(B, 1.0, 0.0001, mark_usd=99.0, index_usd=100.0)
    assert known([over, under]).premium == pytest.approx(0.005)
    assert known([rated(A, 3.0, 0.0001)]).premium is None


@pytest.mark.parametrize(("rate", "capped"), [(0.02, True), (-0.02, True), (0.0199, False)])
def test_a_rate_at_its_cap_is_named(rate: float, capped: bool) -> None:
    one = rated(A, 1.0, rate, cap=0.02)
    assert stands_at_cap(one) is capped
    assert known([one]).capped == ((A,) if capped else ())
    assert not stands_at_cap(rated(A, 1.0, rate))


def test_leverage_stands_at_each_venues_own_mark_the_largest_first() -> None:
    rows = standings([AtVenue(A, coins=10.0, mark_usd=101.0), AtVenue(B, coins=30.0), AtVenue(C)], 100.0)
    assert [(row.venue, row.usd, row.share) for row in rows] == [(B, 3_000.0, 0.75), (A, 1_010.0, 0.25)]
    assert standings([AtVenue(B, coins=30.0)], None)[0].usd is None


def forced(
    venue: Venue, longs: float, heard: int = 60, *, sample: bool = False, factor: float | None = None
) -> AtVenue:
    return AtVenue(
        venue,
        long_usd_1h=longs,
        short_usd_1h=1.0,
        heard_minutes=heard,
        is_sample=sample,
        missing_factor=factor,
    )


def test_the_hours_forced_closing_is_a_sum_and_a_floor_where_anything_is_missing_from_it() -> None:
    whole = forced_across([forced(A, 5.0), forced(B, 3.0), AtVenue(C)])
    assert whole is not None
    assert (whole.long_usd, whole.short_usd, whole.is_floor, whole.long_usd_likely) == (8.0, 2.0, False, 8.0)
    short = forced_across([forced(A, 5.0, 59)])
    assert short is not None
    assert short.is_floor
    assert forced_across([AtVenue(C)]) is None


def test_what_a_throttled_feed_left_out_is_added_where_it_can_be_told() -> None:
    told = forced_across([forced(A, 5.0, sample=True, factor=1.2), forced(B, 3.0)])
    assert told is not None
    assert (told.long_usd, told.is_floor, told.long_usd_likely) == (8.0, True, 9.0)
    saturated = forced_across([forced(A, 5.0, sample=True), forced(B, 3.0)])
    assert saturated is not None
    assert saturated.long_usd_likely is None
    quiet = forced_across([forced(A, 0.0, sample=True), forced(B, 3.0)])
    assert quiet is not None
    assert quiet.long_usd_likely == 3.0


def test_venues_that_tell_all_say_by_their_open_interest_what_throttled_ones_may_have_closed() -> None:
    """Bybit closed 3 on 30 coins, so 60 at Binance and 40 at OKX closed 10 more."""
    bybit = replace(forced(B, 3.0), coins=30.0)
    binance, okx = (
        replace(forced(one, 1.0, sample=True), coins=coins) for one, coins in ((A, 60.0), (C, 40.0))
    )
    told = forced_across([binance, bybit, okx])
    assert told is not None
    assert told.long_usd_scaled == pytest.approx(13.0)
    for lacking in ([binance, okx], [bybit], [replace(binance, coins=None), bybit]):
        found = forced_across(lacking)
        assert found is not None
        assert found.long_usd_scaled is None


def test_two_settlements_paid_by_shorts_are_a_flip_and_one_paid_by_longs_ends_it() -> None:
    state = fed(closes([100.0] * 2))
    flips = []
    for number, rate in ((8, 0.0001), (16, -0.0001), (24, -0.0002), (32, 0.0001)):
        state.observe([settled(number, rate)], hour(number), RULES)
        flips.append(read(state, "funding").facts["flipped"])
    assert flips == [None, 0.0, 1.0, 0.0]


def test_venues_that_disagree_are_told_apart_where_each_is_heard() -> None:
    state = fed(closes([100.0] * 2))
    state.observe([settled(2, 0.0001)], hour(2), RULES)
    assert read(state, "funding").facts["dispersion"] is None
    state.observe([Funding(Venue.HYPERLIQUID, hour(3), 0.0000375, 1.0)], hour(3), RULES)
    assert read(state, "funding").facts["dispersion"] == pytest.approx(0.0002)
    assert read(state, "funding", hour(6)).facts["dispersion"] is None


def test_a_rate_at_its_cap_is_stress_however_small_the_days_mean_still_is() -> None:
    state = fed(closes([100.0] * 8))
    state.observe([settled(1, 0.00002)], hour(8), RULES)
    free = read(state, "funding")
    assert "at_cap" not in claims(free)
    assert free.facts["at_cap"] is None
    capped = Funding(Venue.BINANCE, hour(8), 0.003, 8.0, settled=False, next_at_ms=hour(16), cap=0.003)
    state.observe([capped], hour(8), RULES)
    held = read(state, "funding")
    assert (claims(held)["at_cap"], held.facts["at_cap"]) == (True, 1.0)
    assert claims(held)["fe"] is False
    assert judge(read_signals(state, hour(8), RULES), None, RULES, hour(8)).levels["funding"] is Level.STRESS
