"""What is asked of venues each cycle, in what order, and after an absence."""

from collections import Counter
from dataclasses import replace

import pytest

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Candle, Depth, Funding, OpenInterest, Venue
from scheduler.collect.due import MOST_OF_A_MINUTE, named, within_means
from scheduler.collect.poller import MOST_TRIES
from scheduler.exchange import Exchange, Instrument, Kind
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.collect.room import VENUES, of_kind, room

NOW_MS = START_MS + 30 * HOUR_MS
PERPETUAL = Instrument(Venue.BINANCE, "C", "C", coins_per_contract=1.0)
SELDOM = (Kind.FUNDING_HISTORY, Kind.OPTIONS)


async def test_nothing_is_asked_while_nothing_is_watched() -> None:
    async with room(NOW_MS) as at:
        await at.begin()
        assert await at.poll() == []


async def test_what_is_asked_seldom_is_not_due_again_in_the_same_minutes() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        first = await at.poll()
        again = await at.poll()
        assert {ask.kind for ask in first} >= {*SELDOM, Kind.CANDLES, Kind.MARK, Kind.FUNDING}
        assert again, "prices are asked each time"
        assert all(ask.every_s is None for ask in again)
        assert not of_kind(again, Kind.CANDLES, Venue.HYPERLIQUID)


async def test_a_venue_of_which_nothing_is_due_is_not_asked() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        at.collector.drop("BTC")
        assert await at.poll() == []


async def test_where_bars_are_dear_those_of_five_minutes_are_asked_for_as_soon_as_they_have_closed() -> None:
    async with room(NOW_MS + 3 * MINUTE_MS) as at:
        await at.begin("BTC")
        minutes = []
        for minute in range(3, 12):
            asked = await at.poll()
            minutes += [minute] * len(of_kind(asked, Kind.CANDLES, Venue.HYPERLIQUID))
            await at.time.advance(60)
        assert minutes == [3, 5, 10], "it asks for them every five minutes"


async def test_books_are_asked_for_every_five_minutes_and_make_one_depth_of_all_venues() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        minutes = []
        for minute in range(11):
            asked = of_kind(await at.poll(), Kind.DEPTH)
            minutes += [minute] if {ask.venue for ask in asked} == set(VENUES) else []
            assert bool(asked) is (minute in minutes), "all of them, or none"
            at.step()
            await at.time.advance(60)
        assert minutes == [0, 5, 10]
        told = [one for one in at.told if isinstance(one, Depth)]
        assert [{book.venue for book in one.books} for one in told] == [set(VENUES)] * 3
        assert all(one.is_whole and one.reaches for one in told)


async def test_a_venue_whose_book_fails_is_asked_again_and_the_sum_says_what_it_lacks() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        at.venues.faults.set(Venue.OKX, Trouble(Fault.GARBLE))
        for _ in range(5):
            await at.time.advance(60)
            await at.poll()
            at.step()
        await at.time.advance(2 * 60)
        at.venues.faults.clear(Venue.OKX)
        at.step()
        assert of_kind(await at.poll(), Kind.DEPTH), "it is due still"
        at.step()
        whole = [one.is_whole for one in at.told if isinstance(one, Depth)]
        assert whole == [True, False, True]


@pytest.mark.parametrize("exchange", exchanges(), ids=lambda exchange: str(exchange.name))
def test_with_fifteen_assets_the_minute_of_the_books_fits_into_three_quarters_of_every_budget(
    exchange: Exchange,
) -> None:
    """All that is due in one minute: what is asked each cycle, and at the same time what is asked every five minutes."""
    watched = [replace(PERPETUAL, symbol=f"C{number}", asset=f"C{number}") for number in range(15)]
    asks = [*exchange.asks(watched), *(exchange.timed_asks(watched, NOW_MS) if exchange.timed_asks else ())]
    spent: Counter[str] = Counter()
    for ask in asks:
        spent[ask.budget] += ask.weight
    for name, weight in spent.items():
        budget = exchange.budgets[name]
        assert weight <= MOST_OF_A_MINUTE * budget.weight * 60.0 / budget.window_s, (name, weight)
    due = [named(ask) for ask in asks]
    assert len(within_means(due, exchange.budgets, {})) == len(due), "nobody waits for the next minute"


async def test_what_was_settled_is_read_before_what_is_predicted() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC", "ETH")
        asked = await at.poll()
        for venue in VENUES:
            kinds = [ask.kind for ask in asked if ask.venue is venue]
            last_paid = max(place for place, kind in enumerate(kinds) if kind is Kind.FUNDING_HISTORY)
            predicted = {Kind.FUNDING, Kind.MARK}
            assert last_paid < min(place for place, kind in enumerate(kinds) if kind in predicted), venue
            assert kinds.count(Kind.FUNDING_HISTORY) == 2, venue


async def test_a_question_that_failed_is_due_again_at_the_next_poll() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        at.venues.faults.set(Venue.BYBIT, Trouble(Fault.GARBLE))
        await at.poll()
        at.venues.faults.clear(Venue.BYBIT)
        assert of_kind(await at.poll(), Kind.FUNDING_HISTORY, Venue.BYBIT)
        assert not of_kind(await at.poll(), Kind.FUNDING_HISTORY, Venue.BYBIT)


async def test_an_asset_watched_anew_is_asked_for_at_once() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.collector.drop("BTC")
        at.collector.begin("BTC")
        assert of_kind(await at.poll(), Kind.FUNDING_HISTORY, Venue.BINANCE)


async def test_an_absence_of_hours_is_made_up_for_without_a_hole_in_the_bars() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        await at.time.advance(3 * 3_600)
        asked = await at.poll()
        at.step()
        bars = [one for one in at.told if isinstance(one, Candle)]
        assert [one.open_at_ms for one in bars[1:]] == [one.known_at_ms for one in bars[:-1]]
        assert at.time.now_ms() - bars[-1].known_at_ms < MINUTE_MS
        assert of_kind(asked, Kind.OPEN_INTEREST_HISTORY, Venue.OKX)
        before = len(of_kind(asked, Kind.OPEN_INTEREST_HISTORY))
        assert before
        assert not of_kind(await at.poll(), Kind.OPEN_INTEREST_HISTORY), "and once"


async def test_after_an_hour_without_any_network_no_bar_is_missing() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        for venue in VENUES:
            at.venues.faults.set(venue, Trouble(Fault.DROP))
        for _ in range(12):
            await at.time.advance(5 * 60)
            assert await at.poll() == []
            at.step()
        for venue in VENUES:
            at.venues.faults.clear(venue)
        await at.time.advance(5 * 60)
        await at.poll()
        at.step()
        bars = [one for one in at.told if isinstance(one, Candle)]
        assert [one.open_at_ms for one in bars[1:]] == [one.known_at_ms for one in bars[:-1]]
        assert at.time.now_ms() - bars[-1].known_at_ms < MINUTE_MS


async def test_an_absence_below_what_a_poll_reaches_back_asks_nothing_more() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        await at.time.advance(24 * 60)
        assert not of_kind(await at.poll(), Kind.OPEN_INTEREST_HISTORY)


async def test_an_absence_over_a_settlement_reads_what_was_paid_before_what_is_predicted_now() -> None:
    eight_hours_ms = 8 * HOUR_MS
    begin_ms = START_MS + DAY_MS + eight_hours_ms - HOUR_MS
    async with room(begin_ms) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        await at.time.advance(2 * 3_600)
        await at.poll()
        at.step()
        settled = [one for one in at.told if isinstance(one, Funding) and one.settled]
        assert settled[-1].known_at_ms == START_MS + DAY_MS + eight_hours_ms


async def test_what_cannot_be_made_up_for_is_given_up_after_five_polls() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        await at.time.advance(3 * 3_600)
        at.venues.faults.set(Venue.DERIBIT, Trouble(Fault.GARBLE))
        for _ in range(MOST_TRIES):
            await at.poll()
        at.venues.faults.clear(Venue.DERIBIT)
        bars = of_kind(await at.poll(), Kind.CANDLES, Venue.DERIBIT)
        assert len(bars) == 1, "those of each cycle, and no history any more"


async def test_what_could_not_be_made_up_for_at_once_is_at_the_next_poll() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        await at.time.advance(3 * 3_600)
        at.venues.faults.set(Venue.DERIBIT, Trouble(Fault.GARBLE))
        await at.poll()
        at.venues.faults.clear(Venue.DERIBIT)
        assert len(of_kind(await at.poll(), Kind.CANDLES, Venue.DERIBIT)) == 2
        assert len(of_kind(await at.poll(), Kind.CANDLES, Venue.DERIBIT)) == 1


async def test_the_largest_assets_are_those_with_the_most_open_interest_in_dollars() -> None:
    market = SimulatedMarket(3, "sell_off", ("SOL", "ETH", "BTC"), past_days=2)
    async with room(START_MS + HOUR_MS, market) as at:
        assert await at.collector.largest(3) == (), "nothing is known before it was learned"
        await at.collector.learn()
        tape, now_ms = at.venues.tape, at.time.now_ms()
        usd = {asset: tape.open_interest(asset, now_ms) * tape.price(asset, now_ms) for asset in tape.assets}
        due = tuple(sorted(usd, key=lambda asset: -usd[asset]))
        assert await at.collector.largest(2) == due[:2]
        assert await at.collector.largest(99) == due
        assert not of_kind(at.asked, Kind.CANDLES), "of bulk questions alone"


async def test_the_largest_assets_are_found_while_a_venue_is_away() -> None:
    async with room(NOW_MS) as at:
        await at.collector.learn()
        at.venues.faults.set(Venue.OKX, Trouble(Fault.STATUS, 503))
        assert await at.collector.largest(1) == ("BTC",)


async def test_open_interest_of_all_venues_is_known_after_one_poll() -> None:
    async with room(NOW_MS) as at:
        await at.begin("ETH")
        await at.poll()
        at.step("ETH")
        opened = [one for one in at.told if isinstance(one, OpenInterest)]
        assert len(opened) == 1


async def test_an_asset_that_could_not_be_asked_for_since_a_start_has_no_hole_when_venues_are_back() -> None:
    """Begun ten minutes after its memory ends, with no venue there for two hours: nothing was reached yet, and was missed."""
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        state = at.collector.condenser("BTC").state
        at.collector.drop("BTC")
        await at.time.advance(10 * 60)
        at.collector.begin("BTC", state)
        for venue in VENUES:
            at.venues.faults.set(venue, Trouble(Fault.DROP))
        await at.poll()
        await at.time.advance(2 * 3_600)
        for venue in VENUES:
            at.venues.faults.clear(venue)
        await at.time.advance(5 * 60)
        await at.poll()
        at.step()
        bars = [one for one in at.told if isinstance(one, Candle)]
        assert [one.open_at_ms for one in bars[1:]] == [one.known_at_ms for one in bars[:-1]]
        assert at.time.now_ms() - bars[-1].known_at_ms < MINUTE_MS
