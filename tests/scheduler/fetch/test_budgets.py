"""Budgets: never more than a venue allows in any window, in the order of asking, corrected by what the venue counts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.observations import Venue
from scheduler.exchange import Budget
from scheduler.fetch import Failure, SourceFailed, State
from scheduler.fetch.allowance import Allowance
from tests.doubles.exchange_server import ExchangeServer, answer
from tests.scheduler.fetch.venues import ASKED, Time, asking, exchange, price_of

BTC = price_of(Venue.BINANCE, weight=5)


async def test_a_question_waits_for_its_turn(server: ExchangeServer, time: Time) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url, Budget(10, 20.0))) as fetcher:
        for _ in range(3):
            await fetcher.get(BTC, ASKED)
    assert time.slept == [20.0]


async def test_a_question_whose_turn_is_too_far_away_fails_at_once(
    server: ExchangeServer, time: Time
) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url, Budget(10, 60.0))) as fetcher:
        await fetcher.get(BTC, ASKED)
        await fetcher.get(BTC, ASKED)
        with pytest.raises(SourceFailed, match="not asked within 30 s, to stay inside its limit") as failed:
            await fetcher.get(BTC, ASKED)
        await fetcher.get(BTC, ASKED, patience_s=60.0)
        (status,) = fetcher.status()
    assert failed.value.failure is Failure.NO_TURN
    assert time.slept == [60.0]
    assert (status.state, status.rejected, status.complaints) == (State.OK, 0, ())
    assert "inside its limit" in (status.last_failure_why or "")


async def test_a_question_larger_than_its_budget_or_of_no_budget_fails(
    server: ExchangeServer, time: Time
) -> None:
    async with asking(time, exchange(Venue.BINANCE, server.url, Budget(10, 60.0))) as fetcher:
        for ask in (replace(BTC, weight=11), replace(BTC, budget="other")):
            with pytest.raises(SourceFailed) as failed:
                await fetcher.get(ask, ASKED, patience_s=1e9)
            assert failed.value.failure is Failure.NO_TURN
    assert not server.seen


async def test_budgets_of_two_names_and_of_two_venues_are_apart(
    server: ExchangeServer, other: ExchangeServer, time: Time
) -> None:
    binance = exchange(Venue.BINANCE, server.url)
    binance = replace(binance, budgets={"default": Budget(5, 60.0), "shared": Budget(5, 60.0)})
    okx = exchange(Venue.OKX, other.url, Budget(5, 60.0))
    async with asking(time, binance, okx) as fetcher:
        for ask in (BTC, replace(BTC, budget="shared"), price_of(Venue.OKX, weight=5)):
            await fetcher.get(ask, ASKED)
    assert time.slept == []


async def test_what_the_venue_has_counted_beyond_our_own_is_respected(
    server: ExchangeServer, time: Time
) -> None:
    """Somebody else behind our address has used 80 of 100; we 5 of the 85."""
    server.then(answer(headers={"X-MBX-USED-WEIGHT-1M": "85"}))
    venue = exchange(
        Venue.BINANCE,
        server.url,
        Budget(100, 60.0),
        used=lambda headers: {"default": int(headers.get("x-mbx-used-weight-1m", "0")), "unheard of": 9},
    )
    async with asking(time, venue) as fetcher:
        for _ in range(4):
            await fetcher.get(BTC, ASKED)
        assert time.slept == []
        with pytest.raises(SourceFailed):
            await fetcher.get(BTC, ASKED)
        time.passes(60.0)
        await fetcher.get(BTC, ASKED)
    assert time.slept == []


def test_what_a_venue_has_counted_is_not_added_to_what_we_know(time: Time) -> None:
    allowance = Allowance(Budget(10, 60.0), lambda: time.monotonic)
    for used in (4, 8):
        assert allowance.book(4, 0.0) == 0.0
        allowance.correct(used)
        allowance.correct(used - 1)
    assert allowance.book(2, 0.0) == 0.0
    assert allowance.book(1, 0.0) is None


def test_a_venue_that_counts_nonsense_stops_us_for_a_window_at_most(time: Time) -> None:
    allowance = Allowance(Budget(10, 60.0), lambda: time.monotonic)
    allowance.correct(10**30)
    allowance.correct(-5)
    assert allowance.book(1, 100.0) == 60.0


@given(
    limit=st.integers(1, 20),
    window_s=st.floats(0.5, 60.0),
    asked=st.lists(st.tuples(st.integers(1, 20), st.floats(0.0, 10.0)), max_size=60),
)
def test_no_window_ever_holds_more_than_the_budget_and_who_asks_first_goes_first(
    limit: int, window_s: float, asked: list[tuple[int, float]]
) -> None:
    time = Time()
    allowance = Allowance(Budget(limit, window_s), lambda: time.monotonic)
    turns: list[tuple[float, int]] = []
    for weight, later_s in asked:
        time.passes(later_s)
        wait_s = allowance.book(weight, 1e9)
        assert (wait_s is None) == (weight > limit)
        if wait_s is not None:
            assert wait_s >= 0.0
            turns.append((time.monotonic + wait_s, weight))
    assert turns == sorted(turns, key=lambda turn: turn[0])
    for begins_s, _ in turns:
        ends_s = begins_s + window_s - 1e-6
        assert sum(weight for at_s, weight in turns if begins_s <= at_s < ends_s) <= limit
