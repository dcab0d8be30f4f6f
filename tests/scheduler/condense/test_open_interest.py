"""Open interest of several venues: chain-linked, carried a quarter of an hour, never fallen by absence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.findings import Found
from market.observations import OpenInterest, Venue
from scheduler.condense import Condenser
from tests.scheduler.condense.venues import A, B, C, at, coins_of, found, interest, settle, take


def test_the_first_sum_is_of_all_venues() -> None:
    told = settle(Condenser("BTC"), {A: 50.0, B: 30.0, C: 20.0})
    assert told == (OpenInterest(Venue.AGGREGATE, at(0), 100.0, 60_000),)


def test_the_first_sum_waits_three_minutes_for_a_venue_that_was_not_heard() -> None:
    condenser = Condenser("BTC", (A, B))
    for minute in range(3):
        take(condenser, minute, interest(A, minute, 50.0))
        assert coins_of(condenser.step(at(minute))[0]) == []
    take(condenser, 3, interest(A, 3, 50.0))
    assert coins_of(condenser.step(at(3))[0]) == [50.0]


def test_growth_is_that_of_the_venues_present_at_both_ends() -> None:
    """A 50 to 49, B 30 to missing, C 20 to 20.4: (49 + 20.4) / 70 = -0.857 %, where the sums say -30.6 %."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 30.0, C: 20.0})
    take(condenser, 16, interest(A, 16, 49.0), interest(C, 16, 20.4))
    told, findings = condenser.step(at(16))
    assert coins_of(told) == [pytest.approx(100.0 * 69.4 / 70.0)]
    assert found(findings, Found.LEFT_OUT, B) == [pytest.approx(30.0 / 99.4)]
    assert found(findings, Found.INTEREST_SHARE) == [pytest.approx(69.4 / 99.4)]


def test_a_silent_venue_is_carried_fifteen_minutes() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 30.0})
    take(condenser, 15, interest(A, 15, 49.0))
    told, findings = condenser.step(at(15))
    assert coins_of(told) == [79.0]
    assert found(findings, Found.INTEREST_SHARE) == [1.0]


def test_a_venue_that_comes_back_lower_after_its_carry_is_no_fall() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 30.0})
    take(condenser, 16, interest(A, 16, 50.0))
    condenser.step(at(16))
    take(condenser, 30, interest(A, 30, 50.0), interest(B, 30, 20.0))
    told, findings = condenser.step(at(30))
    assert coins_of(told) == [80.0]
    assert found(findings, Found.JOINED, B) == [20.0]


def test_when_nothing_new_is_known_nothing_is_told_and_the_last_value_ages() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0})
    assert coins_of(condenser.step(at(1))[0]) == []
    assert coins_of(condenser.step(at(60))[0]) == []


def test_a6_a_jump_of_a_thousand_is_held_back_until_a_second_agrees() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 30.0})
    take(condenser, 1, interest(A, 1, 50_000.0), interest(B, 1, 30.0))
    told, findings = condenser.step(at(1))
    assert coins_of(told) == [80.0]
    assert found(findings, Found.QUARANTINED, A) == [1000.0]
    take(condenser, 2, interest(A, 2, 51.0), interest(B, 2, 30.0))
    assert coins_of(condenser.step(at(2))[0]) == [pytest.approx(81.0)]


@pytest.mark.parametrize("coins", [float("nan"), float("inf"), -1.0, 0.0])
def test_a6_what_cannot_be_open_interest_is_refused_and_named(coins: float) -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0})
    take(condenser, 1, interest(A, 1, coins))
    told, findings = condenser.step(at(1))
    assert coins_of(told) == []
    assert found(findings, Found.IMPLAUSIBLE, A) == [None]


def test_a11_a_contract_of_a_thousand_coins_is_a_redenomination_and_no_crash() -> None:
    """SHIB to 1000SHIB: 50000 of one are 50 of the other, twice in a row; B did not move."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 50_000.0, B: 30_000.0})
    for minute in (1, 2):
        take(condenser, minute, interest(A, minute, 50.0), interest(B, minute, 30_000.0))
        told, findings = condenser.step(at(minute))
        assert coins_of(told) == [80_000.0]
        named = [pytest.approx(0.001)] if minute == 2 else []
        assert found(findings, Found.REDENOMINATED, A) == named
    take(condenser, 3, interest(A, 3, 55.0), interest(B, 3, 30_000.0))
    assert coins_of(condenser.step(at(3))[0]) == [pytest.approx(80_000.0 * 30_055.0 / 30_050.0)]


def test_a11_alone_a_power_of_ten_is_a_redenomination_and_a_fall_to_a_third_is_a_fall() -> None:
    for coins, expected in ((5.0, 50.0), (17.0, 17.0)):
        condenser = Condenser("BTC")
        settle(condenser, {A: 50.0})
        for minute in (1, 2):
            take(condenser, minute, interest(A, minute, coins))
            condenser.step(at(minute))
        assert condenser.state.interest_coins == pytest.approx(expected)


def test_a11_where_every_venue_falls_by_more_than_half_it_is_a_crash() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 50.0})
    for minute in (1, 2):
        take(condenser, minute, interest(A, minute, 20.0), interest(B, minute, 20.0))
        condenser.step(at(minute))
    assert condenser.state.interest_coins == pytest.approx(40.0)


def test_a7_what_is_told_again_or_late_changes_nothing() -> None:
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0})
    take(condenser, 10, interest(A, 10, 51.0), interest(A, 10, 49.0), interest(A, 5, 48.0))
    told, findings = condenser.step(at(10))
    assert coins_of(told) == [51.0]
    assert found(findings, Found.OUT_OF_ORDER, A) == [5 * 60_000.0]


VENUES = (A, B, C)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from(VENUES)), min_size=1, max_size=60),
    st.lists(st.floats(1.0, 1.01), min_size=60, max_size=60),
)
def test_a_missing_venue_never_makes_open_interest_fall(heard: list[set[Venue]], growth: list[float]) -> None:
    """Every venue only grows; whichever of them are heard in which minute, the sum never falls."""
    condenser = Condenser("BTC")
    coins = {A: 50.0, B: 30.0, C: 20.0}
    last = coins_of(settle(condenser, coins))[0]
    for number, (venues, grown) in enumerate(zip(heard, growth, strict=False), start=1):
        minute = 4 * number
        coins = {venue: of * grown for venue, of in coins.items()}
        take(
            condenser, minute, *[interest(venue, minute, coins[venue]) for venue in VENUES if venue in venues]
        )
        for now in coins_of(condenser.step(at(minute))[0]):
            assert now >= last * (1.0 - 1e-12)
            last = now


def test_what_changed_while_no_venue_was_heard_is_seen_when_they_are_back() -> None:
    """An hour without any network, in which a fifth was closed: the chain goes on from both ends of it."""
    condenser = Condenser("BTC")
    settle(condenser, {A: 50.0, B: 50.0})
    for minute in range(1, 60):
        assert coins_of(condenser.step(at(minute))[0]) == []
    take(condenser, 60, interest(A, 60, 40.0), interest(B, 60, 40.0))
    assert coins_of(condenser.step(at(60))[0]) == [pytest.approx(80.0)]
