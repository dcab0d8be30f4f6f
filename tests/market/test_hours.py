"""The closed hours that the engine keeps: what is known of each, and what is not."""

from collections.abc import Iterable
from math import isnan

import pytest

from market.hourly import KEPT_HOURS, Hourly
from market.observations import HOUR_MS, MINUTE_MS, Candle, Observation, OpenInterest, Venue
from market.rules import Rules
from market.state import MarketState
from tests.market.feeds import START_MS, candle, hour, interest

RULES = Rules()


def fed(*steps: tuple[int, Iterable[Observation]]) -> Hourly:
    state = MarketState("BTC")
    for now_ms, said in steps:
        state.observe(said, now_ms, RULES)
    return state.hours


def quarter(number: int, close_usd: float, high_usd: float, mark_usd: float | None = None) -> Candle:
    """The number-th quarter of an hour from the start on."""
    opened_ms = START_MS + number * 15 * MINUTE_MS
    return Candle(Venue.BYBIT, opened_ms, 15 * MINUTE_MS, 100.0, high_usd, 95.0 - number, close_usd, mark_usd)


def at(candle: Candle) -> tuple[int, Iterable[Observation]]:
    return candle.known_at_ms, [candle]


def coins(hours: Hourly) -> list[float | None]:
    return [None if isnan(one) else one for one in hours.open_interest_coins]


def test_an_hour_is_kept_when_its_last_bar_has_closed() -> None:
    bars = [quarter(number, 100.0, 103.0 + number) for number in range(3)]
    assert len(fed(*map(at, bars))) == 0
    hours = fed(*map(at, [*bars, quarter(3, 101.0, 102.0)]))
    assert (hours.last_close_ms, len(hours)) == (hour(1), 1)
    assert (hours.high_usd[0], hours.low_usd[0], hours.close_usd[0]) == (105.0, 92.0, 101.0)


def test_it_closes_at_the_mark_and_reaches_as_far() -> None:
    bars = [quarter(number, 100.0, 103.0, 106.0) for number in range(4)]
    hours = fed(*map(at, bars))
    assert (hours.high_usd[0], hours.close_usd[0]) == (106.0, 106.0)


def test_an_hour_with_a_bar_missing_is_unknown_and_not_left_out() -> None:
    bars = [quarter(number, 100.0, 103.0) for number in range(12) if number != 6]
    hours = fed(*map(at, bars))
    assert (hours.last_close_ms, len(hours)) == (hour(3), 3)
    assert [isnan(one) for one in hours.close_usd] == [False, True, False]


def test_open_interest_is_that_of_the_close_told_with_the_last_bar_or_before() -> None:
    told = fed((hour(1), [interest(1, 500.0), candle(1, 100.0)]), (hour(2), [candle(2, 100.0)]))
    assert coins(told) == [500.0, 500.0]


def test_many_hours_told_in_one_step_are_those_told_one_by_one() -> None:
    said = [one for number in range(1, 6) for one in (candle(number, 99.0 + number), interest(number, 9.0))]
    at_once = fed((hour(5), said))
    one_by_one = fed(*((hour(number), said[2 * number - 2 : 2 * number]) for number in range(1, 6)))
    assert at_once == one_by_one
    assert len(at_once) == 5


def test_old_open_interest_is_unknown() -> None:
    steps: list[tuple[int, list[Observation]]] = [(hour(1), [interest(1, 500.0), candle(1, 100.0)])]
    steps += [(hour(number), [candle(number, 100.0)]) for number in range(2, 5)]
    assert coins(fed(*steps))[-1] is None


def test_where_another_venues_open_interest_begins_the_hour_is_unknown() -> None:
    def of(venue: Venue, number: int, amount: float) -> tuple[int, list[Observation]]:
        return hour(number), [OpenInterest(venue, hour(number), amount, HOUR_MS), candle(number, 100.0)]

    steps = [of(Venue.CRYPTOQUANT, number, 500.0) for number in (1, 2)]
    steps += [(hour(number), [candle(number, 100.0)]) for number in (3, 4)]
    steps += [of(Venue.COINGLASS, number, 900.0) for number in (5, 6, 7)]
    assert coins(fed(*steps)) == [500.0, 500.0, 500.0, None, None, 900.0, 900.0]


def test_what_is_older_than_is_kept_goes() -> None:
    hours = Hourly()
    for number in range(1, KEPT_HOURS + 3):
        hours.close_hour(number * HOUR_MS, 2.0, 1.0, float(number), None)
    assert (len(hours), hours.close_usd[0]) == (KEPT_HOURS, 3.0)


@pytest.mark.parametrize("gap", [KEPT_HOURS, 5 * KEPT_HOURS])
def test_after_a_gap_as_long_as_what_is_kept_nothing_is_known_of_before(gap: int) -> None:
    hours = Hourly()
    hours.close_hour(HOUR_MS, 2.0, 1.0, 1.5, None)
    hours.close_hour((gap + 1) * HOUR_MS, 2.0, 1.0, 1.5, None)
    assert len(hours) == KEPT_HOURS
    assert all(isnan(one) for one in hours.close_usd[:-1])
    assert not isnan(hours.close_usd[-1])


def test_hours_are_equal_where_the_same_is_unknown() -> None:
    one, other, third = Hourly(), Hourly(), Hourly()
    for hours in (one, other):
        hours.close_hour(HOUR_MS, 2.0, 1.0, 1.5, None)
    third.close_hour(HOUR_MS, 2.0, 1.0, 1.5, 7.0)
    assert one == other != third
    assert one != Hourly()
    assert one != "hours"
