"""What an operator or a simulation recorded: heard before and beside the exchanges, never instead of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.findings import Found
from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Funding,
    Liquidations,
    OpenInterest,
    Side,
    Skew,
    Venue,
)
from scheduler.condense import Condenser
from scheduler.condense.presumption import presumed_interest
from scheduler.exchange import Told
from tests.scheduler.condense.venues import (
    T0,
    A,
    B,
    C,
    alive,
    at,
    candle,
    candles_of,
    coins_of,
    forced,
    forced_of,
    found,
    interest,
    rate,
    rates_of,
    take,
)

RECORDED, VENDOR = Venue.SIMULATED, Venue.CRYPTOQUANT
HOUR = 60


def bucket(hour: int, longs: float, shorts: float = 0.0) -> Told:
    return Told("BTC", Liquidations(RECORDED, at(hour * HOUR), HOUR_MS, longs, shorts))


def skew(minutes: int, points: float) -> Told:
    return Told("BTC", Skew(RECORDED, at(minutes), HOUR_MS, points))


def bar(minutes: int, opened: float, closed: float) -> Told:
    """An hour that closes at `minutes`."""
    low, high = sorted((opened, closed))
    return Told("BTC", Candle(A, at(minutes) - HOUR_MS, HOUR_MS, opened, high, low, closed))


def skews_of(condenser: Condenser, minutes: int) -> list[float]:
    return [one.skew_25d_30d for one in condenser.step(at(minutes))[0] if isinstance(one, Skew)]


def test_a_recorded_sum_of_liquidations_is_passed_on_as_one_of_all_venues() -> None:
    condenser = Condenser("BTC")
    take(condenser, HOUR, bucket(1, 7.0, 2.0))
    told = forced_of(condenser.step(at(HOUR))[0])
    assert told == [Liquidations(Venue.AGGREGATE, at(HOUR), HOUR_MS, 7.0, 2.0)]
    assert forced_of(condenser.step(at(HOUR + 1))[0]) == []


def test_minutes_that_were_heard_go_before_a_recorded_sum_of_the_same_time() -> None:
    condenser = Condenser("BTC")
    condenser.step(at(0))
    alive(condenser, (A,), 0, 3)
    take(condenser, 2, forced(A, 1.5, 3.0, Side.LONG))
    minutes = forced_of(condenser.step(at(3))[0])
    assert sum(one.long_coins for one in minutes) == 3.0
    take(condenser, HOUR, bucket(1, 7.0))
    assert forced_of(condenser.step(at(HOUR))[0]) == []


def test_minutes_go_on_behind_a_recorded_sum() -> None:
    condenser = Condenser("BTC")
    take(condenser, HOUR, bucket(1, 7.0))
    condenser.step(at(HOUR))
    alive(condenser, (A,), HOUR - 2, HOUR + 2)
    take(condenser, HOUR + 2, forced(A, HOUR - 0.5, 5.0), forced(A, HOUR + 0.5, 1.0))
    told = forced_of(condenser.step(at(HOUR + 2))[0])
    assert [one.known_at_ms for one in told] == [at(HOUR + 1), at(HOUR + 2)]
    assert sum(one.long_coins for one in told) == 1.0


def test_a_sum_of_the_future_waits() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, bucket(1, 7.0))
    assert forced_of(condenser.step(at(30))[0]) == []
    assert len(forced_of(condenser.step(at(HOUR))[0])) == 1


def test_a_recorded_skew_is_told_once() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, skew(0, 0.05))
    assert skews_of(condenser, 0) == [0.05]
    assert skews_of(condenser, 1) == []
    take(condenser, HOUR, skew(HOUR, 0.06), skew(0, 0.01))
    assert skews_of(condenser, HOUR) == [0.06]


def test_recorded_prices_are_the_last_choice() -> None:
    condenser = Condenser("BTC")
    for minute, venues in ((5, (RECORDED,)), (10, (RECORDED, Venue.DERIBIT)), (15, (RECORDED, A))):
        take(condenser, minute, *(candle(venue, minute, 100.0) for venue in venues))
        told = candles_of(condenser.step(at(minute))[0])
        assert [one.venue for one in told] == [venues[-1]]


def test_a_recorded_sum_of_open_interest_that_falls_silent_is_no_flush_and_counts_once() -> None:
    """It says 100 of all; A and B, which join with 40 and 20 of it, grow by a tenth: so does the sum."""
    condenser = Condenser("BTC")
    condenser.venues = (RECORDED,)
    take(condenser, 0, interest(RECORDED, 0, 100.0))
    assert coins_of(condenser.step(at(0))[0]) == [100.0]
    take(condenser, 5, interest(RECORDED, 5, 101.0), interest(A, 5, 40.0), interest(B, 5, 20.0))
    assert coins_of(condenser.step(at(5))[0]) == [pytest.approx(101.0)]
    take(condenser, 10, interest(A, 10, 44.0), interest(B, 10, 22.0))
    told, findings = condenser.step(at(10))
    assert coins_of(told) == [pytest.approx(101.0 * 1.1)]
    assert found(findings, Found.INTEREST_SHARE) == [1.0]
    for minute in (30, 60):
        take(condenser, minute, interest(A, minute, 44.0), interest(B, minute, 22.0))
        told, findings = condenser.step(at(minute))
        assert coins_of(told) == [pytest.approx(101.0 * 1.1)]
        assert found(findings, Found.LEFT_OUT) == []


def test_two_vendors_of_the_whole_market_are_not_added_up() -> None:
    condenser = Condenser("BTC", (VENDOR, Venue.COINGLASS))
    take(condenser, 0, interest(VENDOR, 0, 100.0), interest(Venue.COINGLASS, 0, 90.0))
    assert coins_of(condenser.step(at(0))[0]) == [100.0]


def test_recorded_rates_have_no_vote_beside_an_exchange() -> None:
    condenser = Condenser("BTC")
    take(condenser, 0, rate(RECORDED, 0, 0.0008))
    assert rates_of(condenser.step(at(0))[0]) == [0.0008]
    take(condenser, 1, rate(RECORDED, 1, 0.0008), rate(A, 1, 0.0001))
    told, findings = condenser.step(at(1))
    assert rates_of(told) == [0.0001]
    assert found(findings, Found.FUNDING_SHARE) == [1.0]


def test_recorded_settlements_have_no_vote_beside_an_exchange() -> None:
    condenser = Condenser("BTC")
    ended = 8 * HOUR - (T0 // MINUTE_MS) % (8 * HOUR)
    paid = [
        Told("BTC", Funding(venue, at(ended), of, 8.0)) for venue, of in ((RECORDED, 0.0008), (A, 0.0001))
    ]
    take(condenser, ended, *paid)
    settled = [one.rate for one in condenser.step(at(ended))[0] if isinstance(one, Funding) and one.settled]
    assert settled == [0.0001]


def test_a_crash_within_an_hour_of_the_past_is_believed_at_once() -> None:
    """100 to 30 within the bar: it opens where the last one closed. What opens at a thousand times that is not believed."""
    condenser = Condenser("BTC")
    for number, (opened, closed) in enumerate(((100.0, 100.0), (99.9, 30.0), (30.0, 60.0)), start=1):
        take(condenser, number * HOUR, bar(number * HOUR, opened, closed))
        told = candles_of(condenser.step(at(number * HOUR))[0])
        assert [one.close_usd for one in told] == [closed]
    take(condenser, 4 * HOUR, bar(4 * HOUR, 60_000.0, 60_000.0))
    held, findings = condenser.step(at(4 * HOUR))
    assert candles_of(held) == []
    assert found(findings, Found.QUARANTINED, A) == [1000.0]


def test_a_bar_with_a_slipped_decimal_point_at_its_close_is_not_believed() -> None:
    condenser = Condenser("BTC")
    take(condenser, HOUR, bar(HOUR, 100.0, 100.0))
    condenser.step(at(HOUR))
    take(condenser, 2 * HOUR, bar(2 * HOUR, 100.0, 1000.0))
    told, findings = condenser.step(at(2 * HOUR))
    assert candles_of(told) == []
    assert found(findings, Found.QUARANTINED, A) == [10.0]


def samples(venue: Venue, coins: dict[int, float]) -> list[OpenInterest]:
    return [OpenInterest(venue, at(hour * HOUR), of, HOUR_MS) for hour, of in coins.items()]


def test_a_late_comer_is_presumed_to_have_moved_like_the_others() -> None:
    """A doubles from 50 to 100; B appears then with 60: it is presumed to have begun with 30, and the sum ends with 160."""
    told = [*samples(A, {0: 50.0, 1: 75.0, 2: 100.0}), *samples(B, {2: 60.0})]
    assert presumed_interest("BTC", told) == {A: 50.0, B: pytest.approx(30.0)}
    condenser = Condenser("BTC", (A, B))
    condenser.presume(told)
    sums = []
    for hour in range(3):
        take(
            condenser, hour * HOUR, *[Told("BTC", one) for one in told if one.known_at_ms == at(hour * HOUR)]
        )
        sums += coins_of(condenser.step(at(hour * HOUR))[0])
    assert sums == [pytest.approx(80.0), pytest.approx(120.0), pytest.approx(160.0)]


def test_what_is_presumed_weighs_rates_before_open_interest_is_known() -> None:
    condenser = Condenser("BTC", (A, B))
    condenser.presume([*samples(A, {5: 30.0}), *samples(B, {5: 10.0})])
    take(condenser, 0, rate(A, 0, 0.0004), rate(B, 0, 0.0))
    assert rates_of(condenser.step(at(0))[0]) == [pytest.approx(0.0003)]


def test_a_sum_that_is_known_keeps_its_level_whatever_a_later_past_says() -> None:
    condenser = Condenser("BTC", (A,))
    take(condenser, 0, interest(A, 0, 50.0))
    condenser.step(at(0))
    condenser.presume(samples(B, {1: 60.0}))
    assert condenser.state.presumed == {}


VENUES = (A, B, C, Venue.HYPERLIQUID)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=len(VENUES), max_size=len(VENUES)),
    st.lists(
        st.lists(st.floats(0.9, 1.1), min_size=24, max_size=24), min_size=len(VENUES), max_size=len(VENUES)
    ),
)
def test_whenever_venues_join_the_sum_moves_as_they_do_and_ends_as_all_of_them(
    begins: list[int], growths: list[list[float]]
) -> None:
    told: list[OpenInterest] = []
    for venue, begin, growth in zip(VENUES, begins, growths, strict=True):
        coins = 50.0
        for hour in range(min(begins), 24):
            coins *= growth[hour]
            if hour >= begin:
                told += samples(venue, {hour: coins})
    condenser = Condenser("BTC", VENUES)
    condenser.presume(told)
    last = None
    for hour in range(min(begins), 24):
        now = [one for one in told if one.known_at_ms == at(hour * HOUR)]
        take(condenser, hour * HOUR, *[Told("BTC", one) for one in now])
        for coins in coins_of(condenser.step(at(hour * HOUR))[0]):
            moves = [growth[hour] for growth in growths]
            assert last is None or min(moves) - 1e-9 <= coins / last <= max(moves) + 1e-9
            last = coins
    assert last == pytest.approx(sum(one.coins for one in told if one.known_at_ms == at(23 * HOUR)), rel=1e-9)
