"""Streams that follow what is watched without losing anything, and gaps that are filled or marked."""

from dataclasses import replace

import pytest

from market.findings import Found
from market.observations import HOUR_MS, MINUTE_MS, Liquidations, Side, Venue
from scheduler.collect import Collector
from scheduler.exchange import Exchange
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.collect.room import VENUES, Room, listening, room

BURST_MS = START_MS + 28 * HOUR_MS + 50 * MINUTE_MS
"""A cascade: in the four minutes from then on BTC longs are closed by force at Binance, OKX and Deribit."""

OF_BINANCE_AND_DERIBIT_S = (205, 250)


def minutes(at: Room) -> list[Liquidations]:
    return [one for one in at.told if isinstance(one, Liquidations)]


def due_coins(at: Room, venue: Venue, side: Side = Side.LONG) -> float:
    """What a venue tells of the minutes that were told."""
    market = at.venues.markets[venue]
    tell = market.sampled if venue in {Venue.BINANCE, Venue.OKX} else market.forced
    first_ms, last_ms = minutes(at)[0].known_at_ms - MINUTE_MS, minutes(at)[-1].known_at_ms
    orders = tell("BTC", first_ms, last_ms)
    return sum(order.coins for order in orders if order.side is side and order.at_ms > first_ms)


def coins(at: Room) -> float:
    return sum(one.long_coins for one in minutes(at))


async def test_watching_one_more_in_the_middle_of_a_cascade_loses_no_liquidation_and_counts_none_twice() -> (
    None
):
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(3)
            await at.pass_s(30)
            at.collector.begin("ETH")
            await at.pass_s(3)
            at.collector.begin("SOL")
            await at.pass_s(27)
            await at.minutes(2)
            assert at.venues.open_lines == len(VENUES)
            assert [one.streams_up for one in at.collector.reports()] == [1] * len(VENUES)
        assert all(one.is_whole for one in minutes(at))
        assert len(minutes(at)) == 4
        due = sum(due_coins(at, venue) for venue in VENUES if venue is not Venue.HYPERLIQUID)
        assert due > 50.0
        assert coins(at) == pytest.approx(due, rel=1e-4)
        assert not [one for one in at.found if one.found in {Found.UNHEARD, Found.OUT_OF_ORDER}]


async def test_watching_one_less_keeps_the_streams_of_the_others() -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC", "ETH")
        async with listening(at):
            await at.minutes(2)
            at.collector.drop("ETH")
            await at.minutes(3)
            assert at.venues.open_lines == len(VENUES)
            assert {one.lists for one in at.collector.reports()} == {1}
        assert all(one.is_whole for one in minutes(at))
        assert len(minutes(at)) == 3
        with pytest.raises(KeyError):
            at.collector.condenser("ETH")


def short_lived(exchange: Exchange) -> Exchange:
    """Binance as if it cut its streams after two and a half minutes instead of a day."""
    if exchange.venue is not Venue.BINANCE:
        return exchange
    return replace(
        exchange,
        streams=lambda watched: tuple(replace(one, lives_s=150.0) for one in exchange.streams(watched)),
    )


async def test_a_stream_that_the_venue_will_cut_is_renewed_in_a_cascade_without_a_hole() -> None:
    async with room(BURST_MS) as at:
        venues = [short_lived(exchange) for exchange in exchanges()]
        at.collector = Collector(venues, at.collector._fetcher, at.wires, at.time.clock)
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(6)
            assert at.venues.open_lines == len(VENUES)
            (binance,) = [one for one in at.collector._ears.status() if one.venue is Venue.BINANCE]
            assert (binance.connected_since_ms or 0) > BURST_MS + 2 * MINUTE_MS
            assert binance.reconnects == 0
        assert len(minutes(at)) == 4
        assert all(one.is_whole for one in minutes(at))
        due = sum(due_coins(at, venue) for venue in VENUES if venue is not Venue.HYPERLIQUID)
        assert coins(at) == pytest.approx(due, rel=1e-4)
        assert not [one for one in at.found if one.found in {Found.UNHEARD, Found.OUT_OF_ORDER}]


async def test_with_nothing_watched_nothing_is_listened_to() -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.pass_s(5)
            assert at.venues.open_lines == len(VENUES)
            at.collector.drop("BTC")
            await at.pass_s(5)
            assert at.venues.open_lines == 0


async def test_what_is_watched_and_dropped_at_once_disturbs_no_stream() -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.pass_s(5)
            before = [one.heard_ms for one in at.collector.reports()]
            at.collector.begin("ETH")
            at.collector.drop("ETH")
            for _ in range(4):
                await at.pass_s(1)
                assert at.venues.open_lines == len(VENUES)
            assert all(
                one.heard_ms is not None and then is not None and one.heard_ms > then
                for one, then in zip(at.collector.reports(), before, strict=True)
            )


async def cut(at: Room, venue: Venue, seconds: int) -> None:
    """The venue's stream breaks and nothing can be asked or heard there for so long."""
    at.venues.faults.set(venue, Trouble(Fault.DROP))
    await at.pass_s(seconds)
    at.venues.faults.clear(venue)


async def test_a_gap_in_a_cascade_is_filled_by_asking_and_its_minutes_are_whole() -> None:
    first_s, last_s = OF_BINANCE_AND_DERIBIT_S
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(3)
            await at.pass_s(first_s - 180)
            await cut(at, Venue.DERIBIT, last_s - first_s)
            await at.pass_s(300 - last_s)
            await at.minutes(3)
        told = at.venues.markets[Venue.DERIBIT].forced("BTC", BURST_MS, BURST_MS + 300_000)
        gap_ms = BURST_MS + 1_000 * first_s, BURST_MS + 1_000 * last_s
        assert len(told) > 5
        assert all(gap_ms[0] <= one.at_ms <= gap_ms[1] for one in told), "all of them in the gap"
        assert all(one.is_whole for one in minutes(at))
        due = sum(due_coins(at, venue) for venue in VENUES if venue is not Venue.HYPERLIQUID)
        assert coins(at) == pytest.approx(due, rel=1e-4)


async def test_a_gap_that_nobody_can_fill_is_marked_and_not_taken_for_calm() -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(2)
            await at.pass_s(20)
            await cut(at, Venue.BYBIT, 10)
            await at.pass_s(30)
            await at.minutes(4)
        told = [one.is_whole for one in minutes(at)]
        assert told.count(False) == 1, "ten seconds of one minute were missed"
        unheard = [one for one in at.found if one.found is Found.UNHEARD]
        assert {(one.venue, one.value) for one in unheard} == {(Venue.BYBIT, 1.0)}


@pytest.mark.parametrize("away_s", [33, 45], ids=["new-stream-back-first", "old-stream-back-first"])
async def test_a_venue_that_was_away_while_another_asset_was_begun_has_its_gap_filled_all_the_same(
    away_s: int,
) -> None:
    first_s = OF_BINANCE_AND_DERIBIT_S[0]
    last_s = first_s + away_s
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(3)
            await at.pass_s(first_s - 180)
            at.venues.faults.set(Venue.DERIBIT, Trouble(Fault.DROP))
            await at.pass_s(5)
            at.collector.begin("ETH")
            await at.pass_s(last_s - first_s - 5)
            at.venues.faults.clear(Venue.DERIBIT)
            await at.pass_s(300 - last_s)
            await at.minutes(3)
            assert at.venues.open_lines == len(VENUES)
        assert all(one.is_whole for one in minutes(at))
        due = sum(due_coins(at, venue) for venue in VENUES if venue is not Venue.HYPERLIQUID)
        assert coins(at) == pytest.approx(due, rel=1e-4)


@pytest.mark.parametrize("venue", VENUES)
async def test_every_venue_is_heard_again_after_it_was_away(venue: Venue) -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.pass_s(5)
            await cut(at, venue, 15)
            assert {one.venue: one.streams_up for one in at.collector.reports()}[venue] == 0
            assert {one.venue: one.why for one in at.collector.reports()}[venue]
            await at.pass_s(45)
            assert [one.streams_up for one in at.collector.reports()] == [1] * len(VENUES)


async def test_a_stream_that_falls_silent_is_named() -> None:
    async with room(BURST_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.pass_s(5)
            at.venues.faults.set(Venue.HYPERLIQUID, Trouble(Fault.STALL))
            await at.pass_s(30)
            silent = {one.venue: one.silent for one in at.collector.reports()}
            assert silent.pop(Venue.HYPERLIQUID) == ("mark BTC",)
            assert set(silent.values()) == {()}
