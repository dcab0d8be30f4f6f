"""Books of several venues to one sum: of one time, never carried, and whole only where nobody is missing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from market.findings import Found
from market.observations import Depth, DepthBand, Observation, Venue
from scheduler.condense import Condenser
from scheduler.exchange import Told
from tests.scheduler.condense.venues import A, B, C, at, found, mark, take


def book(
    venue: Venue, minutes: float, bid: float, ask: float = 1.0, *, reaches: bool = True, within: float = 0.01
) -> DepthBand:
    return DepthBand(venue, "BTC", at(minutes), within, bid, ask, reaches)


def depths(observations: tuple[Observation, ...]) -> list[Depth]:
    return [one for one in observations if isinstance(one, Depth)]


def bids(condenser: Condenser, minutes: float) -> list[tuple[float, bool]]:
    """The sums of bids of one step, and whether each is whole."""
    return [(one.bid_usd, one.is_whole) for one in depths(condenser.step(at(minutes))[0])]


def begun(*venues: Venue) -> Condenser:
    """Each of these told ten at minute 0."""
    condenser = Condenser("BTC", venues)
    take(condenser, 0, *[book(venue, 0, 10.0) for venue in venues])
    condenser.step(at(0))
    return condenser


def test_books_of_one_time_are_one_sum_with_its_parts() -> None:
    condenser = Condenser("BTC", (A, B))
    take(condenser, 0, book(A, 0, 60.0, 70.0), book(B, 0, 40.0, 30.0))
    (told,) = depths(condenser.step(at(0))[0])
    assert (told.venue, told.known_at_ms, told.within) == (Venue.AGGREGATE, at(0), 0.01)
    assert (told.bid_usd, told.ask_usd, told.is_whole, told.reaches) == (100.0, 100.0, True, True)
    assert [(one.venue, one.bid_usd, one.ask_usd) for one in told.books] == [(A, 60.0, 70.0), (B, 40.0, 30.0)]


def test_a_sum_is_told_once() -> None:
    assert bids(begun(A, B), 1) == []


def test_a_wider_band_is_not_added_to_the_narrow_one() -> None:
    condenser = Condenser("BTC", (A,))
    take(condenser, 0, book(A, 0, 10.0), book(A, 0, 25.0, within=0.02))
    assert bids(condenser, 0) == [(10.0, True)]


def test_one_book_that_does_not_reach_makes_the_sum_a_floor() -> None:
    condenser = Condenser("BTC", (A, B))
    take(condenser, 0, book(A, 0, 10.0), book(B, 0, 10.0, reaches=False))
    (told,) = depths(condenser.step(at(0))[0])
    assert (told.is_whole, told.reaches) == (True, False)


def test_a_venue_that_fails_to_answer_is_awaited_for_a_minute_and_a_half() -> None:
    condenser = begun(A, B)
    take(condenser, 5, book(A, 5, 10.0))
    assert bids(condenser, 5) == []
    take(condenser, 6, book(B, 6, 10.0))
    assert bids(condenser, 6) == [(20.0, True)]


def test_without_it_the_sum_is_a_floor_and_its_venue_is_named() -> None:
    condenser = begun(A, B)
    take(condenser, 5, book(A, 5, 10.0))
    condenser.step(at(5))
    assert bids(condenser, 7) == [(10.0, False)]
    _, findings = condenser.step(at(9))
    assert found(findings, Found.NO_BOOK, B) == [0.5]
    assert found(findings, Found.NO_BOOK, A) == []


def test_a_late_answer_makes_the_same_sum_whole() -> None:
    condenser = begun(A, B)
    take(condenser, 5, book(A, 5, 10.0))
    condenser.step(at(7))
    take(condenser, 8, book(B, 8, 11.0))
    assert bids(condenser, 8) == [(21.0, True)]


def test_a_venue_that_has_been_away_is_not_awaited_and_keeps_every_sum_from_being_whole() -> None:
    condenser = begun(A, B)
    for minute in (5, 10):
        take(condenser, minute, book(A, minute, 10.0))
        condenser.step(at(minute + 2))
    take(condenser, 15, book(A, 15, 10.0))
    assert bids(condenser, 15) == [(10.0, False)]


def test_after_a_week_without_books_it_is_no_venue_with_books_any_more() -> None:
    condenser = begun(A, B)
    week = 7 * 24 * 60 + 5
    take(condenser, week, book(A, week, 10.0))
    told, findings = condenser.step(at(week))
    assert [(one.bid_usd, one.is_whole) for one in depths(told)] == [(10.0, True)]
    assert found(findings, Found.NO_BOOK) == []


def test_a_venue_that_hangs_while_the_others_move_is_left_out() -> None:
    condenser = begun(A, B, C)
    for minute in range(6):
        prices = {A: 100.0, B: 100.0 + minute, C: 100.0 + minute}
        take(condenser, minute, *[mark(venue, minute, usd) for venue, usd in prices.items()])
    take(condenser, 5, *[book(venue, 5, 10.0) for venue in (A, B, C)])
    (told,) = depths(condenser.step(at(5))[0])
    assert ([one.venue for one in told.books], told.is_whole) == ([B, C], False)


def test_a_book_beside_a_price_that_is_not_believed_is_not_taken() -> None:
    condenser = begun(A, B, C)
    take(condenser, 5, *[mark(venue, 5, usd) for venue, usd in ((B, 100.0), (C, 100.0), (A, 1_000.0))])
    take(condenser, 5, *[book(venue, 5, 10.0) for venue in (A, B, C)])
    condenser.step(at(5))
    assert bids(condenser, 7) == [(20.0, False)]


def test_a_book_that_empties_is_taken_at_once() -> None:
    condenser = begun(A)
    take(condenser, 5, book(A, 5, 0.1, 0.0))
    assert bids(condenser, 5) == [(0.1, True)]


def test_a_book_ten_times_as_deep_waits_for_a_second_that_agrees() -> None:
    condenser = begun(A)
    take(condenser, 5, book(A, 5, 10_000.0))
    assert bids(condenser, 5) == []
    take(condenser, 10, book(A, 10, 10_100.0))
    assert bids(condenser, 10) == [(10_100.0, True)]


def test_books_that_cannot_be_are_named() -> None:
    condenser = begun(A)
    for minute, bid in enumerate((float("nan"), float("inf"), -1.0), start=5):
        take(condenser, minute, book(A, minute, bid))
        told, findings = condenser.step(at(minute))
        assert depths(told) == []
        assert found(findings, Found.IMPLAUSIBLE, A) == [None]


def test_a_book_told_again_or_out_of_order_changes_nothing() -> None:
    condenser = begun(A)
    take(condenser, 5, book(A, 5, 20.0))
    condenser.step(at(5))
    take(condenser, 6, book(A, 5, 30.0), book(A, 4, 40.0))
    assert bids(condenser, 6) == []


def test_a_recorded_past_is_told_as_it_was_and_not_beside_books() -> None:
    condenser = Condenser("BTC", (A,))
    past = [
        Told("BTC", Depth(Venue.SIMULATED, at(minute), 60_000, 0.01, minute, 1.0)) for minute in (1, 2, 9)
    ]
    take(condenser, 0, *past)
    assert bids(condenser, 2) == [(1.0, True), (2.0, True)]
    take(condenser, 8, book(A, 8, 10.0))
    assert bids(condenser, 8) == [(10.0, True)]
    take(condenser, 8, Told("BTC", Depth(Venue.SIMULATED, at(7), 60_000, 0.01, 7.0, 1.0)))
    assert bids(condenser, 8.5) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((A, B, C)), st.integers(0, 90)), max_size=60))
def test_whenever_who_answers_a_sum_is_whole_only_with_all_and_never_counts_a_book_of_another_time(
    answers: list[tuple[Venue, int]],
) -> None:
    condenser = begun(A, B, C)
    newest: dict[Venue, int] = dict.fromkeys((A, B, C), 0)
    told_at_ms = [at(0)]
    for minute in range(1, 92):
        for venue in {venue for venue, when in answers if when == minute}:
            take(condenser, minute, book(venue, minute, 10.0 + minute / 100.0))
            newest[venue] = minute
        for told in depths(condenser.step(at(minute))[0]):
            together = {venue for venue, when in newest.items() if max(newest.values()) - when < 4.5}
            assert {one.venue for one in told.books} == together
            assert told.is_whole is (len(together) == 3)
            assert told.known_at_ms > told_at_ms[-1]
            assert told.bid_usd == sum(one.bid_usd for one in told.books)
            told_at_ms.append(told.known_at_ms)
