"""The depth of the books: what is usual a venue, and a size that shrinks with the side it would be closed into."""

from dataclasses import replace

import pytest

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Book, Depth, Observation, Side, Venue
from market.reading import Because, Learning, Presence, Reading
from market.signals import signals
from market.sizing import conditions_of
from market.snapshot import Snapshot
from market.state import MarketState
from tests.market.feeds import RULES, candle, fed, hour, read
from tests.market.markets import snapshot

A, B = Venue.BINANCE, Venue.OKX
WEEK, MONTH = 7, 30


def depth(
    number: float,
    *books: tuple[Venue, float, float],
    whole: bool = True,
    reaches: bool = True,
    within: float = 0.01,
) -> Depth:
    """What these venues hold (bids, asks in US dollars), known at hour `number`."""
    parts = tuple(Book(*book) for book in books)
    bids, asks = sum(part.bid_usd for part in parts), sum(part.ask_usd for part in parts)
    at_ms = hour(0) + round(number * HOUR_MS)
    return Depth(Venue.AGGREGATE, at_ms, 5 * MINUTE_MS, within, bids, asks, whole, reaches, parts)


def usual(days: int, *books: tuple[Venue, float, float]) -> MarketState:
    """So many days in which these books stood as they are, and one step more."""
    steps: list[list[Observation]] = [
        [candle(number, 100.0), depth(number, *books)] for number in range(1, 24 * days + 5)
    ]
    return fed(steps)


def then(state: MarketState, said: Depth) -> Reading:
    """The reading after one more sum, five minutes on."""
    state.observe([said], said.known_at_ms, RULES)
    return read(state, "depth")


def later(state: MarketState, minutes: float = 5.0) -> float:
    """Minutes after the last step, in hours."""
    return (state.now_ms - hour(0)) / HOUR_MS + minutes / 60.0


def test_it_weighs_nothing_and_claims_nothing() -> None:
    signal = next(signal for signal in signals() if signal.name == "depth")
    assert signal.weight == 0.0
    reading = read(usual(1, (A, 60.0, 120.0)), "depth")
    assert (reading.conditions, reading.level, reading.percentile) == ((), None, None)


def test_history_without_books_says_that_there_are_none() -> None:
    reading = read(fed([[candle(number, 100.0)] for number in range(1, 30)]), "depth")
    assert (reading.presence, reading.because) == (Presence.ABSENT, Because.NEVER_SEEN)
    assert (reading.value, dict(reading.facts)) == (None, {})


def test_what_rests_is_told_a_side_before_anything_is_usual() -> None:
    reading = read(usual(1, (A, 60.0, 120.0), (B, 40.0, 80.0)), "depth")
    assert (reading.value, reading.unit) == (100.0, "USD")
    assert dict(reading.facts) == {
        "bid_usd": 100.0,
        "ask_usd": 200.0,
        "bid_ratio": None,
        "ask_ratio": None,
        "reaches": 1.0,
        "whole": 1.0,
    }


def test_it_is_learning_for_a_week_and_says_how_far() -> None:
    young = read(usual(2, (A, 60.0, 120.0)), "depth")
    assert (young.because, young.learning) == (Because.LEARNING, Learning(2.0, 7.0, 30.0))
    grown = read(usual(WEEK, (A, 60.0, 120.0)), "depth")
    assert (grown.because, grown.facts["bid_ratio"]) == (Because.MEASURED, 1.0)
    assert read(usual(MONTH, (A, 60.0, 120.0)), "depth").learning is None


def test_a_book_that_thins_is_a_fraction_of_its_median_a_side() -> None:
    state = usual(WEEK, (A, 60.0, 120.0))
    facts = then(state, depth(later(state), (A, 6.0, 90.0))).facts
    assert facts["bid_ratio"] == pytest.approx(0.1)
    assert facts["ask_ratio"] == pytest.approx(0.75)


def test_a_venue_that_is_silent_is_compared_with_nothing_and_the_sum_is_called_a_floor() -> None:
    """60 of 60 are there; the 40 of the other venue are missing from both sides of the comparison."""
    state = usual(WEEK, (A, 60.0, 120.0), (B, 40.0, 80.0))
    facts = then(state, depth(later(state), (A, 60.0, 120.0), whole=False)).facts
    assert (facts["bid_usd"], facts["bid_ratio"], facts["whole"]) == (60.0, 1.0, 0.0)


def test_a_venue_that_is_new_does_not_deepen_the_book_against_its_past() -> None:
    state = usual(WEEK, (A, 60.0, 120.0))
    facts = then(state, depth(later(state), (A, 30.0, 60.0), (B, 500.0, 500.0))).facts
    assert (facts["bid_usd"], facts["bid_ratio"]) == (530.0, 0.5)


def test_a_book_not_told_as_far_as_one_percent_is_a_floor_too() -> None:
    state = usual(WEEK, (A, 60.0, 120.0))
    assert then(state, depth(later(state), (A, 60.0, 120.0), reaches=False)).facts["reaches"] == 0.0


def test_another_band_is_no_depth_of_ours() -> None:
    state = usual(WEEK, (A, 60.0, 120.0))
    assert then(state, depth(later(state), (A, 600.0, 600.0), within=0.02)).facts["bid_usd"] == 60.0


def test_a_negative_part_is_refused() -> None:
    state = usual(WEEK, (A, 60.0, 120.0), (B, 40.0, 80.0))
    facts = then(state, depth(later(state), (A, -1.0, 5.0), (B, 2.0, 5.0))).facts
    assert (facts["bid_usd"], state.refused) == (100.0, {"Depth": 1})


def test_it_is_old_after_ten_minutes_and_worth_nothing_after_thirty() -> None:
    state = usual(WEEK, (A, 60.0, 120.0))
    at_ms = state.now_ms
    assert read(state, "depth", at_ms + 10 * MINUTE_MS).presence is Presence.SEEN
    assert read(state, "depth", at_ms + 11 * MINUTE_MS).presence is Presence.STALE
    assert read(state, "depth", at_ms + 30 * MINUTE_MS).quality == 0.0
    assert read(state, "depth", at_ms + 8 * DAY_MS).presence is Presence.ABSENT


def test_a_sum_whose_parts_nobody_told_is_one_part_by_itself() -> None:
    state = MarketState("BTC")
    for number in range(1, 24 * WEEK + 9):
        told = replace_parts(depth(number, (A, 60.0, 120.0)))
        state.observe([candle(number, 100.0), told], hour(number), RULES)
    assert read(state, "depth").facts["bid_ratio"] == 1.0


def replace_parts(said: Depth) -> Depth:
    return Depth(said.venue, said.known_at_ms, said.cadence_ms, said.within, said.bid_usd, said.ask_usd)


def test_a_long_is_closed_into_the_bids_and_a_short_into_the_asks() -> None:
    found = conditions_of(beside(book(bid_ratio=0.25, ask_ratio=0.81)))
    assert found.against(Side.LONG).depth_ratio == 0.25
    assert found.against(Side.SHORT).depth_ratio == 0.81


def test_depth_that_is_not_known_or_worthless_is_left_out() -> None:
    assert conditions_of(snapshot()).against(Side.LONG).depth_ratio is None
    worthless = replace(book(bid_ratio=0.25, ask_ratio=0.81), quality=0.0)
    assert conditions_of(beside(worthless)).against(Side.LONG).depth_ratio is None


def book(bid_ratio: float | None, ask_ratio: float | None) -> Reading:
    facts = {"bid_usd": 1e8, "ask_usd": 1e8, "bid_ratio": bid_ratio, "ask_ratio": ask_ratio}
    return Reading("depth", "USD", Presence.SEEN, Because.MEASURED, quality=1.0, facts=facts)


def beside(reading: Reading) -> Snapshot:
    quiet = snapshot()
    return replace(quiet, readings=(*quiet.readings, reading))
