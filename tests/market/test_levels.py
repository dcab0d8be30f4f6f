"""Fuel around the price: the map of section 9 made of closed hours, with what is not known left out and said."""

import math
from dataclasses import replace

import pytest

from market.evidence_rules import LEAST_HOURS
from market.hourly import Hourly
from market.levels import Levels, NoMap, day_volume_usd, fuel_of, hours_known, levels_of
from market.observations import HOUR_MS, Side
from market.reading import Because, Presence, Reading
from market.snapshot import Snapshot
from tests.market.markets import reading, snapshot

PRICE = 100_000.0
MILLION = 1e6


def hours_of(
    *last: tuple[float, float, float, float | None], flat: int = LEAST_HOURS, coins: float = 10_000.0
) -> Hourly:
    """So many quiet hours at 100,000 with 10,000 coins open, then hours of (high, low, close, coins)."""
    hourly = Hourly()
    for number in range(flat + 1):
        hourly.close_hour((number + 1) * HOUR_MS, PRICE, PRICE, PRICE, coins)
    for number, (high, low, close, after) in enumerate(last):
        hourly.close_hour((flat + 2 + number) * HOUR_MS, high, low, close, after)
    return hourly


OPENED = hours_of((PRICE, PRICE, PRICE, 12_000.0))
"""2,000 coins more at 100,000: $100M of longs and as much of shorts, the vector of section 9 with a long share of .5."""


def depth(
    bid_usd: float = 50 * MILLION, ask_usd: float = 40 * MILLION, reaches: float = 1.0, whole: float = 1.0
) -> Reading:
    facts = {"bid_usd": bid_usd, "ask_usd": ask_usd, "reaches": reaches, "whole": whole}
    return Reading("depth", "USD", Presence.SEEN, Because.MEASURED, value=bid_usd, quality=1.0, facts=facts)


def market(*more: Reading, price_usd: float = PRICE) -> Snapshot:
    calm = snapshot(
        reading("price", price_usd=price_usd, sigma_1d=0.03),
        reading("open_interest", usd=1_200 * MILLION, turnover_days=0.4),
    )
    return replace(calm, readings=(*calm.readings, *more))


def levels(hours: Hourly = OPENED, *more: Reading, price_usd: float = PRICE) -> Levels:
    found = levels_of(market(*more, price_usd=price_usd), hours)
    assert isinstance(found, Levels)
    return found


def test_fuel_below_is_that_of_the_section_at_half_of_the_growth() -> None:
    below = levels().below
    assert [one.fuel_usd / MILLION for one in below.within] == pytest.approx([15, 45, 75])
    assert [one.of_interest for one in below.within] == pytest.approx([15 / 1_200, 45 / 1_200, 75 / 1_200])
    assert below.side is Side.LONG


def test_fuel_above_is_the_mirror_of_it() -> None:
    above = levels().above
    assert above.side is Side.SHORT
    # 100x shorts opened at 100,000 are closed at 100,498, 50x at 101,493, 25x at 103,483, 20x at 104,478, 10x at 109,453
    assert [one.fuel_usd / MILLION for one in above.within] == pytest.approx([15, 45, 75])
    assert [round(heap.price_usd) for heap in above.heaps] == [101_493, 104_478, 109_453]


def test_the_heaviest_prices_are_named_the_nearest_first() -> None:
    below = levels().below
    assert [round(heap.price_usd, 1) for heap in below.heaps] == [98_492.5, 95_477.4, 90_452.3]
    assert [heap.fuel_usd / MILLION for heap in below.heaps] == pytest.approx([10, 20, 30])


def test_fuel_is_held_against_the_book_that_it_would_meet() -> None:
    found = levels(OPENED, depth())
    assert found.below.depth_usd == 50 * MILLION
    assert found.above.depth_usd == 40 * MILLION
    assert [one.of_book for one in found.below.within] == pytest.approx([0.3, 0.9, 1.5])
    assert found.above.within[0].of_book == pytest.approx(15 / 40)
    assert not found.depth_is_floor
    assert levels(OPENED, depth(reaches=0.0)).depth_is_floor
    assert levels(OPENED, depth(whole=0.0)).depth_is_floor


def test_without_a_book_fuel_is_still_told_and_no_trigger() -> None:
    below = levels().below
    assert below.depth_usd is None
    assert [one.of_book for one in below.within] == [None, None, None]
    assert below.triggers == ()
    assert below.selling.at_once is None


def test_a_thinner_book_is_broken_by_a_smaller_fall() -> None:
    triggers = levels(OPENED, depth()).below.triggers
    assert [one.depth_left for one in triggers] == [1.0, 0.3, 0.1]
    # $50M a percent: 95,477 (20M) lies .4 % below 96,482 after (10M, .2 %): nothing reaches the next by half a percent
    assert triggers[0].trigger is None or triggers[0].trigger.initial_drop > 0.03
    first = triggers[2].trigger
    assert first is not None
    # $5M a percent: a fall of .5176 % sweeps $15M down to 98,492, which fall 3 % further: to 96,482 and 95,477
    assert first.initial_drop == pytest.approx(1 - 96_482.412 / PRICE - 0.03, abs=1e-6)
    assert first.drop_before == pytest.approx(1 - 96_482.412 / PRICE, abs=1e-6)
    assert first.drop_after == pytest.approx(0.005176 + 45 / 5 / 100, abs=1e-6)


def test_what_selling_costs_is_a_range_from_hours_to_at_once() -> None:
    selling = levels(OPENED, depth()).below.selling
    assert selling.move == 0.05
    # $45M of a day's $3,000M at 3 % a day: .03 x sqrt(.015); and into $50M a percent
    assert selling.over_hours == pytest.approx(0.03 * math.sqrt(0.015))
    assert selling.at_once == pytest.approx(0.009)
    assert day_volume_usd(market()) == pytest.approx(3_000 * MILLION)


def test_where_volume_is_unknown_only_the_book_is_told() -> None:
    quiet = snapshot(reading("price", price_usd=PRICE, sigma_1d=0.03))
    found = levels_of(replace(quiet, readings=(*quiet.readings, depth())), OPENED)
    assert isinstance(found, Levels)
    assert found.below.selling.over_hours is None
    assert found.below.within[0].of_interest is None


def test_what_the_present_price_has_gone_through_is_no_fuel_any_more() -> None:
    found = levels(price_usd=98_000.0)
    assert found.below.heaps[0].price_usd == pytest.approx(96_482.4, abs=0.1)
    assert sum(cluster.fuel_usd for cluster in found.fuel.longs) == pytest.approx(85 * MILLION)


def test_an_hour_that_went_through_a_price_has_consumed_what_waited_there() -> None:
    swept = hours_of((PRICE, PRICE, PRICE, 12_000.0), (PRICE, 96_000.0, PRICE, 12_000.0))
    below = levels(swept).below
    assert below.within[0].fuel_usd == 0.0
    assert below.within[1].fuel_usd / MILLION == pytest.approx(20 * 0.5 ** (1 / 168))


def test_growth_over_an_hour_that_was_not_seen_has_no_price_and_is_left_out() -> None:
    unseen = hours_of((PRICE, PRICE, PRICE, None), (PRICE, PRICE, PRICE, 12_000.0))
    assert levels(unseen).fuel.longs == ()
    jumped = hours_of()
    jumped.close_hour(jumped.last_close_ms + 3 * HOUR_MS, PRICE, PRICE, PRICE, 12_000.0)
    assert levels(jumped).fuel.longs == ()


def test_positions_closed_by_choice_leave_every_price_alike_even_over_hours_that_were_not_seen() -> None:
    left = hours_of(
        (PRICE, PRICE, PRICE, 12_000.0), (PRICE, PRICE, PRICE, None), (PRICE, PRICE, PRICE, 9_600.0)
    )
    total = sum(cluster.fuel_usd for cluster in levels(left).fuel.longs)
    assert total / MILLION == pytest.approx(80 * 0.5 ** (2 / 168))


def test_another_sources_open_interest_closes_no_position_of_the_map() -> None:
    """For an hour another source tells a tenth, then the first is back: nothing that was opened has gone, or is known of."""
    there = (PRICE, PRICE, PRICE, 12_000.0)
    changed = hours_of(
        there, (PRICE, PRICE, PRICE, None), (PRICE, PRICE, PRICE, 1_200.0), (PRICE, PRICE, PRICE, None), there
    )
    assert hours_known(changed) == 0
    assert levels_of(market(), changed) is NoMap.LEARNING
    again = hours_of(
        there, (PRICE, PRICE, PRICE, None), *[(PRICE, PRICE, PRICE, 50_000.0)] * (LEAST_HOURS + 1)
    )
    assert levels(again).fuel.longs == ()
    assert levels(again).fuel.hours_known == LEAST_HOURS


def test_below_a_week_of_hours_there_is_no_map_and_it_is_said_why() -> None:
    young = hours_of(flat=LEAST_HOURS - 1)
    assert hours_known(young) == LEAST_HOURS - 1
    assert levels_of(market(), young) is NoMap.LEARNING
    assert levels_of(market(), None) is NoMap.NO_HOURS
    assert levels_of(market(), Hourly()) is NoMap.NO_HOURS
    assert fuel_of(hours_of(), PRICE) != NoMap.LEARNING


def test_hours_without_open_interest_are_no_map() -> None:
    blind = Hourly()
    for number in range(LEAST_HOURS + 10):
        blind.close_hour((number + 1) * HOUR_MS, PRICE, PRICE, PRICE, None)
    assert levels_of(market(), blind) is NoMap.LEARNING


def test_without_a_usable_price_there_are_no_levels() -> None:
    assert levels_of(snapshot(absent=("price",)), OPENED) is NoMap.NO_PRICE
    stale = snapshot(reading("price", Presence.STALE, 0.0, price_usd=PRICE))
    assert levels_of(stale, OPENED) is NoMap.NO_PRICE


def test_a_book_far_deeper_than_the_fuel_is_broken_by_no_fall() -> None:
    assert [one.trigger for one in levels(OPENED, depth(bid_usd=1e12)).below.triggers] == [None, None, None]


def test_a_map_on_which_nothing_is_left_has_no_heap_and_no_trigger() -> None:
    gone = hours_of((PRICE, PRICE, PRICE, 12_000.0), (PRICE, PRICE, PRICE, 0.0))
    below = levels(gone, depth()).below
    assert below.heaps == ()
    assert {one.trigger for one in below.triggers} == {None}
    assert below.within[2].fuel_usd == 0.0
