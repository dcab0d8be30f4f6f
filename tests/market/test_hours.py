"""The closed hours that the engine keeps: what is known of each, and what is not."""

from array import array
from collections.abc import Iterable, Sequence
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.hourly import KEPT_HOURS, Hourly, known
from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Liquidations,
    Observation,
    OpenInterest,
    Venue,
)
from market.rules import Rules
from market.state import MarketState
from market.table import CODED, State
from scheduler.engine import Engine
from tests.market.feeds import START_MS, candle, hour, interest, liquidated, settled, skewed

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


def held(*told: float) -> Hourly:
    prices, coins = array("d", [100.0] * len(told)), array("d", told)
    return Hourly(len(told) * HOUR_MS, prices[:], prices[:], prices[:], coins)


def test_open_interest_is_of_the_source_that_told_the_last_hours_alone() -> None:
    """A daily sum of all venues stood in for one venue over four hours: what was before is not compared with what is."""
    hours = held(92.0, 93.0, nan, 275.0, 275.0, nan, 90.0, 91.0)
    assert known(hours.interest_of_one_source()) == (*[None] * 6, 90.0, 91.0)


def test_an_hour_that_was_not_seen_is_no_other_source() -> None:
    hours = held(92.0, nan, 93.0, nan, nan, 90.0)
    assert known(hours.interest_of_one_source()) == (92.0, None, 93.0, None, None, 90.0)
    assert known(held(92.0, 60.0).interest_of_one_source()) == (92.0, 60.0), "no hour between: it was closed"
    assert known(held(nan, nan).interest_of_one_source()) == (None, None)


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


# ------------------------------------------------------------------------------------------ what is shown of an hour


def forced(
    known_at_ms: int, long_coins: float, *, step_ms: int = MINUTE_MS, is_whole: bool = True
) -> Liquidations:
    return Liquidations(Venue.AGGREGATE, known_at_ms, step_ms, long_coins, 0.5 * long_coins, is_whole)


def shown(column: Sequence[float]) -> list[float | None]:
    return list(known(column))


def minutes_of(number: int, count: int = 60, *, is_whole: bool = True) -> list[Observation]:
    """The first minutes of the hour that closes at hour `number`, in each of which a coin of longs was closed."""
    begun_ms = hour(number - 1)
    return [forced(begun_ms + (one + 1) * MINUTE_MS, 1.0, is_whole=is_whole) for one in range(count)]


def test_liquidations_of_an_hour_are_its_own_minutes_valued_at_the_price_of_then() -> None:
    hours = fed((hour(1), [candle(1, 100.0)]), (hour(2), [*minutes_of(2), candle(2, 200.0)]))
    assert shown(hours.long_liquidated_usd) == [None, 59 * 100.0 + 200.0]
    assert shown(hours.short_liquidated_usd) == [None, 0.5 * (59 * 100.0 + 200.0)]


def test_the_last_minutes_of_an_hour_mend_it_when_they_come_late() -> None:
    early, late = minutes_of(2)[:57], minutes_of(2)[57:]
    first = (hour(1), [candle(1, 100.0)])
    second = (hour(2), [*early, candle(2, 100.0)])
    hours = fed(first, second)
    assert shown(hours.long_liquidated_usd)[-1] == 5_700.0
    changes = hours.changes
    mended = fed(first, second, (hour(2) + 2 * MINUTE_MS, late))
    assert shown(mended.long_liquidated_usd)[-1] == 6_000.0
    assert mended.changes > changes
    assert mended == fed(first, (hour(2), [*minutes_of(2), candle(2, 100.0)]))


def test_an_hour_of_which_a_tenth_was_not_told_is_not_known() -> None:
    first = (hour(1), [candle(1, 100.0)])
    assert (
        shown(fed(first, (hour(2), [*minutes_of(2, 54), candle(2, 100.0)])).long_liquidated_usd)[-1]
        == 5_400.0
    )
    assert (
        shown(fed(first, (hour(2), [*minutes_of(2, 53), candle(2, 100.0)])).long_liquidated_usd)[-1] is None
    )
    halves = minutes_of(2, is_whole=False)
    assert shown(fed(first, (hour(2), [*halves, candle(2, 100.0)])).long_liquidated_usd)[-1] is None


def test_a_minute_that_is_told_twice_counts_once() -> None:
    first = (hour(1), [candle(1, 100.0)])
    again = (hour(2) + MINUTE_MS, minutes_of(2)[-2:])
    hours = fed(first, (hour(2), [*minutes_of(2), candle(2, 100.0)]), again)
    assert shown(hours.long_liquidated_usd)[-1] == 6_000.0


def test_an_hour_whose_price_has_a_hole_knows_its_liquidations_all_the_same() -> None:
    steps = [at(quarter(number, 100.0, 103.0)) for number in range(4)]
    steps.append((hour(2), [*minutes_of(2), *[quarter(number, 100.0, 103.0) for number in (4, 5, 7)]]))
    steps += [at(quarter(number, 100.0, 103.0)) for number in range(8, 12)]
    hours = fed(*steps)
    assert shown(hours.close_usd) == [100.0, None, 100.0]
    assert shown(hours.long_liquidated_usd) == [None, 6_000.0, None]


def test_an_hour_without_any_word_of_liquidations_is_not_one_without_liquidations() -> None:
    hours = fed((hour(1), [candle(1, 100.0), liquidated(1, 0.0)]), (hour(2), [candle(2, 100.0)]))
    assert shown(hours.long_liquidated_usd) == [0.0, None]


def test_funding_skew_and_turnover_are_those_of_the_close() -> None:
    hours = fed(
        (hour(1), [settled(1, 0.0003), skewed(1, 6.5), candle(1, 100.0)]),
        (hour(2), [candle(2, 100.0)]),
        (hour(3), [settled(3, 0.0001), candle(3, 200.0)]),
    )
    assert shown(hours.funding_8h) == pytest.approx([0.0003, 0.0003, 0.0003])
    assert shown(hours.skew_points) == [6.5, 6.5, None]
    assert shown(hours.volume_usd) == [10_000.0, 10_000.0, 20_000.0]


def test_funding_that_is_old_is_not_known() -> None:
    steps: list[tuple[int, list[Observation]]] = [(hour(1), [settled(1, 0.0003), candle(1, 100.0)])]
    steps += [(hour(number), [candle(number, 100.0)]) for number in range(2, 11)]
    assert [value is not None for value in shown(fed(*steps).funding_8h)] == [True] * 9 + [False]


def test_many_hours_in_one_step_know_as_much_as_those_told_one_by_one() -> None:
    said: list[list[Observation]] = [
        [
            settled(number, 1e-4 * number),
            skewed(number, number),
            liquidated(number, number),
            candle(number, 99.0),
        ]
        for number in range(1, 6)
    ]
    at_once = fed((hour(5), [one for step in said for one in step]))
    assert at_once == fed(*((hour(number), step) for number, step in enumerate(said, start=1)))
    assert shown(at_once.skew_points) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_the_state_of_an_hour_is_the_one_said_at_its_close() -> None:
    engine = Engine("BTC", RULES, "live")
    snapshots = [engine.step(hour(number), [candle(number, 100.0)])[0] for number in range(1, 4)]
    engine.step(hour(3) + MINUTE_MS, [])
    codes = shown(engine.state.market.hours.state_code)
    assert codes == [float(CODED.index(one.regime.state)) for one in snapshots]


def test_every_state_can_be_kept_by_its_number() -> None:
    assert sorted(CODED) == sorted(State)


def test_hours_of_an_older_version_know_nothing_of_what_was_not_kept_then() -> None:
    one, two, three, four = (array("d", [1.0, 2.0]) for _ in range(4))
    old = Hourly(hour(2), one, two, three, four)
    assert shown(old.funding_8h) == shown(old.state_code) == [None, None]
    old.close_hour(hour(3), 2.0, 1.0, 1.5, None, funding_8h=0.25)
    assert shown(old.funding_8h) == [None, None, 0.25]


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.0, 1e9)), max_size=12))
def test_what_is_mended_is_never_another_hour(said: list[tuple[int, float]]) -> None:
    hours = Hourly()
    for number in (1, 2, 4):
        hours.close_hour(number * HOUR_MS, 2.0, 1.0, 1.5, None)
    for number, usd in said:
        hours.set_liquidated(number * HOUR_MS, usd, 0.0)
    expected = {number: usd for number, usd in said if number <= 4}
    assert shown(hours.long_liquidated_usd) == pytest.approx([expected.get(number) for number in range(1, 5)])
