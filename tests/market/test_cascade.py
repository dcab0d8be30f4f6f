"""quant.md section 9: the fuel map, the book and the least fixed point, on the figures printed there."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.cascade import (
    Cluster,
    FuelMap,
    PositionsBar,
    book_impact,
    cascade_through,
    feedback,
    fuel_map,
    liquidation_price,
    simulate_cascade,
    slow_impact,
    thinned_cascades,
    trigger_drop,
    uniform_book,
)
from market.cascade_rules import DROP_CAP
from market.observations import DAY_MS, HOUR_MS, Side

MILLION = 1e6
CLUSTERS = (Cluster(0.03, 80 * MILLION), Cluster(0.05, 150 * MILLION), Cluster(0.09, 100 * MILLION))
BANDS = [
    (99_497.5, 6),
    (98_492.5, 12),
    (96_482.4, 12),
    (95_477.4, 24),
    (90_452.3, 36),
    (80_402.0, 30),
]


def bar(
    hour: int, coins: float, price: float = 100_000.0, low: float | None = None, **more: float
) -> PositionsBar:
    return PositionsBar(hour * HOUR_MS, coins, more.pop("high", price), low or price, price, **more)


def the_map_of_section_9() -> FuelMap:
    """$200M of new positions at 100,000, six of ten takers bought."""
    return fuel_map([bar(0, 10_000), bar(1, 12_000, long_share=0.6)])


def test_two_hundred_million_of_new_positions_become_six_bands() -> None:
    bands = [(band.price_usd, band.notional_usd / MILLION) for band in the_map_of_section_9().nearest_first()]
    assert [price for price, _ in bands] == pytest.approx([price for price, _ in BANDS], abs=0.06)
    assert [notional for _, notional in bands] == pytest.approx([notional for _, notional in BANDS])


@pytest.mark.parametrize(("drop", "fuel"), [(0.02, 18), (0.05, 54), (0.10, 90), (0.30, 120), (0.001, 0)])
def test_fuel_below_the_price_is_what_a_fall_would_liquidate(drop: float, fuel: float) -> None:
    assert the_map_of_section_9().fuel_within(100_000, drop) == pytest.approx(fuel * MILLION)


def test_the_levered_shorts_of_the_same_bar_burn_above_the_price() -> None:
    shorts = fuel_map([bar(0, 10_000), bar(1, 12_000, long_share=0.6)], Side.SHORT)
    nearest = next(shorts.nearest_first())
    assert nearest.price_usd == pytest.approx(101_000 / 1.005)
    assert nearest.notional_usd == pytest.approx(4 * MILLION)
    assert shorts.fuel_within(100_000, 0.02) == pytest.approx(12 * MILLION)


def test_a_low_consumes_the_bands_it_crosses_and_only_once() -> None:
    fuel = the_map_of_section_9()
    assert fuel.sweep(98_000) * 100_000 == pytest.approx(18 * MILLION)
    assert fuel.sweep(98_000) == 0.0
    assert fuel.fuel_within(98_000, 0.02) == pytest.approx(12 * MILLION)  # 96,482 is 1.5 % below 98,000


def test_a_bar_that_falls_and_shrinks_sweeps_ages_and_closes_pro_rata() -> None:
    bars = [bar(0, 10_000), bar(1, 12_000, long_share=0.6), bar(169, 6_000, 99_000, 98_000)]
    fuel = fuel_map(bars)
    assert fuel.coins * 100_000 == pytest.approx(102 * MILLION / 2 / 2)


def test_the_map_never_holds_more_than_open_interest() -> None:
    assert fuel_map([bar(0, 0.0), bar(1, 500.0, long_share=1.0), bar(2, 400.0)]).coins <= 400.0
    fuel = FuelMap()
    fuel.open(500.0, 100_000)
    fuel.cap(200.0)
    assert fuel.coins == pytest.approx(200.0)


def test_a_map_that_is_closed_again_and_again_forgets_what_is_negligible() -> None:
    fuel = FuelMap()
    fuel.open(1_000.0, 100_000)
    for _ in range(30):
        fuel.keep(0.5)
    fuel.open(1.0, 90_000)
    assert fuel.coins == pytest.approx(1.0, rel=1e-3)
    fuel.keep(0.0)
    assert fuel.coins == 0.0
    assert not list(fuel.nearest_first())


def test_opening_nothing_changes_nothing() -> None:
    fuel = FuelMap()
    fuel.open(-5.0, 100_000)
    assert fuel.coins == 0.0
    assert fuel.fuel_within(100_000, 1.0) == 0


def test_half_of_the_fuel_is_forgotten_in_a_week() -> None:
    fuel = the_map_of_section_9()
    fuel.age(7 * DAY_MS / HOUR_MS)
    assert fuel.coins * 100_000 == pytest.approx(60 * MILLION)


def test_a_five_times_long_is_closed_where_the_section_says() -> None:
    assert liquidation_price(100_000, 5) == pytest.approx(80_402.01, abs=0.005)
    assert liquidation_price(100_000, 10, Side.SHORT) == pytest.approx(109_452.74, abs=0.005)


@pytest.mark.parametrize(("share", "final"), [(1.0, 0.05), (0.5, 0.02857142857)])
def test_uniform_fuel_in_a_uniform_book_multiplies_the_first_fall(share: float, final: float) -> None:
    cascade = simulate_cascade(0.02, lambda drop: 6_000 * drop, uniform_book(100), share)
    assert cascade.final_drop == pytest.approx(final, abs=1e-9)
    assert not cascade.ran_away


def test_a_halved_book_runs_away_to_the_cap() -> None:
    cascade = simulate_cascade(0.02, lambda drop: 6_000 * drop, uniform_book(50))
    assert cascade.ran_away
    assert cascade.final_drop == DROP_CAP
    assert feedback(60, 50) == pytest.approx(1.2)
    assert feedback(60, 100, 0.5) == pytest.approx(0.3)


VECTORS = [
    (0.02, 50, 0.02, 0),
    (0.03, 50, 0.046, 80),
    (0.04, 50, 0.086, 230),
    (0.05, 50, 0.116, 330),
    (0.03, 100, 0.038, 80),
]


@pytest.mark.parametrize(("first", "depth", "final", "swept"), VECTORS)
def test_discrete_clusters_fall_as_far_as_the_section_says(
    first: float, depth: float, final: float, swept: float
) -> None:
    cascade = cascade_through(first, CLUSTERS, uniform_book(depth * MILLION))
    assert cascade.final_drop == pytest.approx(final)
    assert cascade.swept_usd == pytest.approx(swept * MILLION)
    iterated = simulate_cascade(
        first,
        lambda drop: sum(c.fuel_usd for c in CLUSTERS if c.drop <= drop + 1e-12),
        uniform_book(depth * MILLION),
    )
    assert iterated.final_drop == pytest.approx(final)


def test_the_trigger_drop_lies_between_three_and_four_percent() -> None:
    trigger = trigger_drop(CLUSTERS, uniform_book(50 * MILLION))
    assert trigger is not None
    assert trigger.initial_drop == pytest.approx(0.034)  # 3.4 % + 80/50 % reaches the cluster at 5 %
    assert trigger.drop_before == pytest.approx(0.050)
    assert trigger.drop_after == pytest.approx(0.080)
    below = cascade_through(trigger.initial_drop - 1e-9, CLUSTERS, uniform_book(50 * MILLION))
    at = cascade_through(trigger.initial_drop + 1e-9, CLUSTERS, uniform_book(50 * MILLION))
    assert below.final_drop == pytest.approx(trigger.drop_before, abs=1e-8)
    assert at.final_drop == pytest.approx(trigger.drop_after, abs=1e-8)


def test_without_fuel_there_is_no_trigger_and_a_runaway_is_one() -> None:
    assert trigger_drop((), uniform_book(50)) is None
    trigger = trigger_drop(CLUSTERS, uniform_book(0.5 * MILLION))
    assert trigger is not None
    assert trigger.initial_drop == pytest.approx(0.03)
    assert trigger.drop_after == DROP_CAP


def test_a_thinner_book_never_falls_less() -> None:
    now, bad, october = thinned_cascades(0.03, CLUSTERS, 50 * MILLION)
    assert now.final_drop == pytest.approx(0.046)
    assert bad.final_drop == pytest.approx(0.03 + 330 / 15 / 100)
    assert october.final_drop == pytest.approx(0.03 + 330 / 5 / 100)


def test_a_book_is_walked_level_by_level() -> None:
    impact = book_impact([(0.01, 50.0), (0.02, 70.0), (0.05, 100.0)])
    assert impact(0.0) == 0.0
    assert impact(25.0) == pytest.approx(0.005)
    assert impact(60.0) == pytest.approx(0.015)
    assert impact(85.0) == pytest.approx(0.035)
    assert impact(100.0) == pytest.approx(0.05)
    assert math.isinf(impact(100.1))
    assert cascade_through(0.03, [Cluster(0.03, 101.0)], impact).ran_away


@pytest.mark.parametrize(("sold", "volume", "final"), [(1, 30, 0.00548), (7, 60, 0.01025)])
def test_the_same_selling_over_hours_costs_far_less(sold: float, volume: float, final: float) -> None:
    assert slow_impact(sold, volume, 0.03) == pytest.approx(final, abs=5e-6)


cluster_lists = st.lists(st.tuples(st.floats(0.001, 0.5), st.floats(0.0, 500.0)), max_size=12).map(
    lambda pairs: tuple(Cluster(drop, fuel) for drop, fuel in sorted(pairs))
)


@given(cluster_lists, st.floats(0.0, 0.3), st.floats(5.0, 500.0), st.floats(0.1, 1.0))
def test_walking_the_clusters_and_iterating_end_at_the_same_fixed_point(
    clusters: tuple[Cluster, ...], first: float, depth: float, share: float
) -> None:
    book = uniform_book(depth)

    def fuel(drop: float) -> float:
        return sum(c.fuel_usd for c in clusters if c.drop <= drop + 1e-12)

    walked = cascade_through(first, clusters, book, share)
    iterated = simulate_cascade(first, fuel, book, share)
    assert walked.final_drop == pytest.approx(iterated.final_drop, abs=1e-9)
    assert walked.final_drop >= first
    if not walked.ran_away:
        assert walked.final_drop == pytest.approx(first + book(share * fuel(walked.final_drop)), abs=1e-9)


@given(cluster_lists, st.floats(0.0, 0.3), st.floats(5.0, 500.0))
def test_a_larger_first_fall_or_a_thinner_book_never_ends_higher(
    clusters: tuple[Cluster, ...], first: float, depth: float
) -> None:
    here = cascade_through(first, clusters, uniform_book(depth)).final_drop
    assert cascade_through(first + 0.01, clusters, uniform_book(depth)).final_drop >= here
    assert cascade_through(first, clusters, uniform_book(depth / 2)).final_drop >= here
