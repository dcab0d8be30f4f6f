"""Liquidations of several venues: closed minutes, zero only where the channel was alive, floors named as such."""

import pytest
from msgspec.structs import replace

from market.findings import Found
from market.observations import MINUTE_MS, Liquidations, Side, Venue
from market.state.liquidations import LiquidationWindows
from scheduler.condense import Condenser
from tests.scheduler.condense.venues import (
    A,
    B,
    C,
    alive,
    at,
    beat,
    forced,
    forced_of,
    found,
    mark,
    settle,
    take,
)


def whole(minutes: float, longs: float, shorts: float = 0.0, *, is_whole: bool = True) -> Liquidations:
    return Liquidations(Venue.AGGREGATE, at(minutes), MINUTE_MS, longs, shorts, is_whole)


def test_events_of_a_minute_are_summed_over_venues_by_side_when_it_is_closed() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A, B), 0, 0.5)
    take(condenser, 0.5, forced(A, 0.5, 2.0), forced(B, 0.5, 3.0), forced(B, 0.5, 1.0, Side.SHORT))
    assert forced_of(condenser.step(at(0.9))[0]) == []
    alive(condenser, (A, B), 0.75, 1)
    assert forced_of(condenser.step(at(1))[0]) == [whole(1, 5.0, 1.0)]


def test_a_minute_ends_with_its_last_millisecond_included() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A,), 0, 2)
    take(condenser, 2, forced(A, 1, 2.0), forced(A, 1 + 1 / MINUTE_MS, 3.0))
    assert forced_of(condenser.step(at(2))[0]) == [whole(1, 2.0), whole(2, 3.0)]


def test_a_silent_minute_is_zero_only_while_the_channel_is_proven_alive() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A,), 0, 1)
    assert forced_of(condenser.step(at(1))[0]) == [whole(1, 0.0)]
    told, findings = condenser.step(at(2) + 90_000)
    assert forced_of(told) == []
    assert found(findings, Found.UNHEARD, A) == [1.0]


def test_heartbeats_half_a_minute_apart_and_more_prove_nothing_of_the_time_between() -> None:
    condenser = Condenser("BTC")
    for minute in (0, 0.5, 1.02, 1.5, 2.0):
        take(condenser, minute, beat(A, minute))
    assert forced_of(condenser.step(at(4))[0]) == []


def test_heartbeats_of_another_channel_prove_nothing() -> None:
    condenser = Condenser("BTC")
    for quarter in range(5):
        take(condenser, quarter / 4, replace(beat(A, quarter / 4), channel="mark"))
    assert forced_of(condenser.step(at(4))[0]) == []


def test_where_a_venue_that_is_usually_heard_is_missing_the_minute_waits_and_is_then_a_floor() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 60.0, B: 40.0})
    alive(condenser, (A, B), 0, 1)
    told, findings = condenser.step(at(1))
    assert forced_of(told) == [whole(1, 0.0)]
    assert found(findings, Found.LIQUIDATIONS_SHARE) == [1.0]
    alive(condenser, (A,), 1, 2)
    assert forced_of(condenser.step(at(2))[0]) == []
    alive(condenser, (A,), 2, 3.5)
    told, findings = condenser.step(at(3.5))
    assert forced_of(told) == [whole(2, 0.0, is_whole=False), whole(3, 0.0, is_whole=False)]
    assert found(findings, Found.LIQUIDATIONS_SHARE) == [0.6]
    assert found(findings, Found.UNHEARD, B) == [2.0]


def test_a_venue_that_stays_silent_is_waited_for_once_and_the_minutes_of_the_others_are_fresh_again() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A, B), 0, 1)
    condenser.step(at(1.2))
    told = []
    for minute in range(2, 7):
        alive(condenser, (A,), minute - 1, minute)
        told.append([one.known_at_ms for one in forced_of(condenser.step(at(minute + 0.2))[0])])
    assert told == [[], [], [at(2), at(3), at(4)], [at(5)], [at(6)]]


def test_what_is_told_again_in_another_frame_counts_once_and_twins_in_one_frame_count_twice() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (B,), 0, 0.5)
    take(condenser, 0.5, forced(B, 0.5, 2.0), forced(B, 0.5, 2.0))
    take(condenser, 0.6, forced(B, 0.5, 2.0), forced(B, 0.5, 2.0))
    alive(condenser, (B,), 0.75, 1)
    assert forced_of(condenser.step(at(1))[0]) == [whole(1, 4.0)]


def test_a_feed_that_samples_has_no_twins_and_its_sum_is_named_a_floor() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A,), 0, 0.5)
    take(condenser, 0.5, *[forced(A, 0.5, 2.0, is_sample=True) for _ in range(2)])
    alive(condenser, (A,), 0.75, 1)
    told, findings = condenser.step(at(1))
    assert forced_of(told) == [whole(1, 2.0)]
    assert found(findings, Found.FLOOR, A) == [2.0]
    assert found(findings, Found.SATURATED) == []


@pytest.mark.parametrize(("seconds", "expected"), [(56, []), (57, [57.0])])
def test_a_minute_with_an_event_in_ninety_five_of_a_hundred_seconds_is_saturated(
    seconds: int, expected: list[float]
) -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, beat(A, 0))
    for second in range(1, seconds + 1):
        take(condenser, second / 60, forced(A, second / 60, 1.0, is_sample=True))
    alive(condenser, (A,), 1, 1)
    assert found(condenser.step(at(1))[1], Found.SATURATED, A) == expected


def test_what_comes_after_its_minute_was_told_is_named_and_not_added_to_another() -> None:
    condenser = Condenser("BTC")
    alive(condenser, (A,), 0, 1)
    condenser.step(at(1))
    take(condenser, 1.1, forced(A, 0.5, 7.0))
    alive(condenser, (A,), 1.25, 2)
    told, findings = condenser.step(at(2))
    assert forced_of(told) == [whole(2, 0.0)]
    assert found(findings, Found.TOO_LATE, A) == [7.0]


@pytest.mark.parametrize("coins", [float("nan"), float("inf"), 0.0, -1.0, 51.0])
def test_a6_what_cannot_be_a_liquidation_is_refused_and_named(coins: float) -> None:
    """51 coins cannot be closed where 50 are open."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0})
    take(condenser, 0.5, forced(A, 0.5, coins))
    assert found(condenser.step(at(0.5))[1], Found.IMPLAUSIBLE, A) == [None]
    assert condenser.state.venues[A].forced.minutes == {}


def test_a_venue_that_was_never_heard_is_not_waited_for() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, forced(C, -0.5, 1.0))
    alive(condenser, (A,), 0, 1)
    assert forced_of(condenser.step(at(1))[0]) == [whole(1, 0.0)]


def test_a_floor_leaves_the_hour_of_the_engine_unproven_as_small_and_still_counts_in_its_sum() -> None:
    windows = LiquidationWindows()
    for minute in range(1, 61):
        windows.observe(whole(minute, 1.0), 100.0)
    was_whole = windows.is_hour_whole
    windows.observe(whole(61, 1.0, is_whole=False), 100.0)
    assert (was_whole, windows.is_hour_whole) == (True, False)
    assert windows.longs.day.total == pytest.approx(6_100.0)


def test_a_venue_that_is_not_believed_proves_no_calm() -> None:
    """Its clock is an hour ahead: what it says of forced orders is refused, so their absence is no zero."""
    condenser = Condenser("BTC")
    for second in range(0, 180, 5):
        take(condenser, second / 60, mark(A, 60 + second / 60, 100.0), beat(A, second / 60))
        take(condenser, second / 60, forced(A, 60 + second / 60, 1.0))
    assert forced_of(condenser.step(at(3))[0]) == []


def test_a_minute_with_an_event_that_cannot_be_counted_is_not_proven() -> None:
    condenser = Condenser("BTC")
    for second in range(0, 125, 5):
        take(condenser, second / 60, mark(A, second / 60, 100.0), beat(A, second / 60))
        if second == 90:
            take(condenser, second / 60, forced(A, 1.5, float("nan")))
    assert forced_of(condenser.step(at(4))[0]) == [whole(1, 0.0)]


def test_a_frozen_venue_proves_no_calm() -> None:
    condenser = Condenser("BTC")
    for second in range(0, 240, 5):
        moved = 100.0 if second < 70 else 102.0
        take(condenser, second / 60, *[mark(one, second / 60, moved) for one in (B, C)])
        take(condenser, second / 60, mark(A, second / 60, 100.0), beat(A, second / 60))
    assert forced_of(condenser.step(at(4))[0]) == [whole(1, 0.0)]


def test_marks_told_twice_or_after_their_successors_are_still_a_proof() -> None:
    condenser = Condenser("BTC")
    for second in range(0, 65, 5):
        take(condenser, second / 60, mark(A, second / 60, 100.0))
        take(condenser, second / 60, mark(A, second / 60, 100.0), mark(A, (second - 1) / 60, 100.0))
        take(condenser, second / 60, beat(A, second / 60))
    assert forced_of(condenser.step(at(1.2))[0]) == [whole(1, 0.0)]


def test_what_was_told_of_a_minute_that_is_not_proven_is_a_part_of_its_floor() -> None:
    """B's connection breaks in the second minute, after a liquidation of three coins: they were closed all the same."""
    condenser = Condenser("BTC")
    alive(condenser, (A, B), 0, 1)
    condenser.step(at(1.2))
    alive(condenser, (A,), 1, 3.5)
    take(condenser, 1.2, forced(B, 1.2, 3.0))
    told = forced_of(condenser.step(at(3.5))[0])
    assert told[0] == whole(2, 3.0, is_whole=False)


def test_a_program_that_begins_anew_has_not_heard_the_seconds_before() -> None:
    """Stopped at 2:10 and begun at 2:38: less than half a minute, and still nobody listened."""
    before = Condenser("BTC")
    alive(before, (B,), 0, 2)
    take(before, 2 + 10 / 60, beat(B, 2 + 10 / 60))
    before.step(at(2.2))
    condenser = Condenser("BTC", before.venues, before.state)
    condenser.begin_to_listen()
    for second in range(158, 195, 5):
        take(condenser, second / 60, beat(B, second / 60))
    assert forced_of(condenser.step(at(3.3))[0]) == []
