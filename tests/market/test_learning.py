"""What a reading has yet to learn: days of the past that its rank is over, none once it is full."""

from collections.abc import Iterable

import pytest

from market.observations import DAY_MS, MINUTE_MS, Candle, Liquidations, Observation, OpenInterest, Venue
from market.reading import Learning, learning
from market.rules import Rules
from market.state import MarketState
from tests.market.feeds import candle, fed, interest, liquidated, read, settled, skewed

Hours = Iterable[list[Observation]]


def days(count: float) -> range:
    """The numbers of the hours of so many days, and one more, whose value waits for the next."""
    return range(1, round(24 * count) + 2)


def whole(count: float, funding: bool = True) -> Hours:
    """Days of candles, open interest, liquidations, skew, and settlements each eight hours."""
    for number in days(count):
        step: list[Observation] = [
            candle(number, 100.0 + number % 7),
            interest(number, 1_000.0 + number % 5),
            liquidated(number, 1.0),
            skewed(number, 2.0 + number % 3),
        ]
        yield [*step, settled(number, 0.0001)] if funding and number % 8 == 0 else step


def told(state: MarketState, name: str) -> Learning | None:
    return read(state, name).learning


def test_after_two_days_every_reading_says_how_many_it_has_seen_of_how_many() -> None:
    state = fed(whole(2))
    assert told(state, "open_interest") == Learning(2.0, 7.0, 90.0)
    assert told(state, "skew") == Learning(2.0, 7.0, 30.0)
    funding = told(state, "funding")
    assert funding is not None
    assert (funding.have_days, funding.needed_days, funding.full_days) == (2.0, 10.0, 90.0)
    forced = told(state, "liquidations")
    assert forced is not None
    assert (forced.needed_days, forced.full_days) == (7.0, 30.0)
    assert 1.8 < forced.have_days < 2.0  # the first hours have no open interest to be measured in
    volatility = told(state, "volatility")
    assert volatility is not None
    assert (volatility.needed_days, volatility.full_days) == (7.0, 365.0)
    price = told(state, "price")
    assert price is not None
    assert (price.needed_days, price.full_days) == (7.0, 30.0)


def test_what_is_below_its_need_has_no_rank_and_what_is_above_has_one() -> None:
    for count in (2, 12):
        state = fed(whole(count))
        for name in ("open_interest", "skew", "funding", "liquidations", "volatility"):
            reading = read(state, name)
            assert reading.learning is not None
            is_ranked = reading.learning.have_days >= reading.learning.needed_days
            assert (reading.percentile is not None) is is_ranked, (name, count)


def test_a_month_is_all_for_liquidations_skew_and_price_and_a_third_for_the_others() -> None:
    state = fed(whole(31))
    assert told(state, "liquidations") is None
    assert told(state, "skew") is None
    assert told(state, "price") is None
    for name, full in (("open_interest", 90.0), ("funding", 90.0), ("volatility", 365.0)):
        learned = told(state, name)
        assert learned is not None
        assert learned.full_days == full
        assert 29.0 < learned.have_days <= 31.0


def test_ninety_days_of_funding_leave_nothing_to_learn() -> None:
    state = fed([[settled(number, 0.0001)] if number % 8 == 0 else [] for number in range(1, 91 * 24)])
    assert told(state, "funding") is None


def test_hours_that_were_not_heard_are_not_learned() -> None:
    steps = list(whole(10))
    for number in range(100, 148):
        steps[number] = [one for one in steps[number] if type(one).__name__ != "Liquidations"]
    forced = told(fed(steps), "liquidations")
    assert forced is not None
    assert 7.0 < forced.have_days <= 8.0


def test_a_daily_series_learns_a_day_a_value() -> None:
    state = fed([[interest(number, 1_000.0 + number)] if number % 24 == 0 else [] for number in days(4)])
    state.open_interest.series[next(iter(state.open_interest.series))].cadence_ms = 24 * 3_600_000
    learned = told(state, "open_interest")
    assert learned is not None
    assert (learned.have_days, learned.needed_days, learned.full_days) == (3.0, 7.0, 90.0)


@pytest.mark.parametrize(("count", "is_learning"), [(28.9, True), (29.1, False), (30.0, False)])
def test_a_month_is_learned_within_a_day_of_it(count: float, is_learning: bool) -> None:
    assert (told(fed(whole(count)), "skew") is not None) is is_learning


@pytest.mark.parametrize(("count", "is_learning"), [(88.9, True), (89.1, False)])
def test_a_quarter_is_learned_within_a_day_of_it(count: float, is_learning: bool) -> None:
    state = fed([[interest(number, 1_000.0 + number % 5)] for number in days(count)])
    assert (told(state, "open_interest") is not None) is is_learning


def test_equal_progress_is_one_value_for_all_assets() -> None:
    assert learning(100, 168, 720) is learning(100, 168, 720)


def test_what_is_not_seen_has_nothing_to_learn_from() -> None:
    assert told(MarketState("BTC"), "liquidations") is None


@pytest.mark.parametrize("late", [(), (240, 241)])
def test_an_hour_whose_last_minutes_wait_for_a_venue_is_learned_all_the_same(late: tuple[int, ...]) -> None:
    """A stream is renewed at four o'clock: what was forced until then is told two minutes later, and judged then."""
    state, begin_ms, held = MarketState("BTC"), 20_000 * DAY_MS, list[Observation]()
    for minute in range(1, 5 * 60 + 1):
        at_ms = begin_ms + minute * MINUTE_MS
        told: list[Observation] = [
            Candle(Venue.BINANCE, at_ms - MINUTE_MS, MINUTE_MS, 100.0, 100.0, 100.0, 100.0),
            OpenInterest(Venue.AGGREGATE, at_ms, 1_000.0, MINUTE_MS),
        ]
        held.append(Liquidations(Venue.AGGREGATE, at_ms, MINUTE_MS, 1.0 if minute > 180 else 0.0, 0.0))
        if minute not in late:
            told, held = [*told, *held], []
        state.observe(told, at_ms + 10_000, Rules())
    assert state.liquidations.learned_hours == 5
    # the fourth hour alone: what was forced in the minutes after it is the fifth's
    assert list(state.liquidations.totals.values)[3] == 60.0 * 100.0
