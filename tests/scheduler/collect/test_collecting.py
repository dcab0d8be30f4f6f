"""All five venues polled and listened to, one asset's step made of them, and nobody stopped by anybody else."""

import asyncio

import pytest

from market.findings import Found
from market.observations import (
    HOUR_MS,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    OpenInterest,
    Skew,
    Venue,
)
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import STANDINGS, Fault, Trouble
from tests.scheduler.collect.room import VENUES, Room, listening, room

NOW_MS = START_MS + 30 * HOUR_MS
OTHERS = tuple(venue for venue in VENUES if venue is not Venue.BINANCE)


def of(at: Room, kind: type) -> list[object]:
    return [one for one in at.told if type(one) is kind]


async def test_five_venues_polled_and_listened_to_make_one_assets_step() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.minutes(5)
        opened = of(at, OpenInterest)[-1]
        assert isinstance(opened, OpenInterest)
        truth = at.venues.tape.open_interest("BTC", opened.known_at_ms)
        assert opened.coins == pytest.approx(truth, rel=1e-4), (
            "the shares of five venues add up to the market"
        )
        for kind in (Candle, Funding, Liquidations, Skew, ImpliedVolatility):
            assert of(at, kind), kind
        shares = [one.value for one in at.found if one.found is Found.INTEREST_SHARE]
        assert shares[-1] == 1.0
        heard = [one.value for one in at.found if one.found is Found.LIQUIDATIONS_SHARE]
        without_hyperliquid = 1.0 - STANDINGS[Venue.HYPERLIQUID].share
        assert heard[-1] == pytest.approx(without_hyperliquid, rel=1e-4), "it publishes none"
        minutes = [one for one in at.told if isinstance(one, Liquidations)]
        assert all(one.is_whole for one in minutes)
        assert len(minutes) == 3, "the first begins before anybody listens, the last has just ended"


async def test_every_venue_reports_that_it_answers_and_is_heard() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC", "ETH")
        fresh = at.collector.reports()
        assert [(one.venue, one.streams, one.lists) for one in fresh] == [(venue, 0, 2) for venue in VENUES]
        async with listening(at):
            await at.pass_s(5)
            await at.poll()
            for one in at.collector.reports():
                assert (one.state, one.streams, one.streams_up) == ("open", 1, 1), one
                assert one.answered_ms == at.time.now_ms()
                assert one.heard_ms is not None
                assert at.time.now_ms() - one.heard_ms <= 2_000
                assert (one.silent, one.complaints, one.why) == ((), (), None)


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (Trouble(Fault.STATUS, 503), "shut"),
        (Trouble(Fault.STATUS, 451), "geo_blocked"),
        (Trouble(Fault.DROP), "shut"),
        (Trouble(Fault.STALL), "shut"),
        (Trouble(Fault.GARBLE), "open"),
    ],
    ids=lambda case: f"{case.fault}-{case.status}" if isinstance(case, Trouble) else "",
)
async def test_a_venue_in_trouble_stops_no_other(trouble: Trouble, state: str) -> None:
    async with room(NOW_MS, deadline_s=1.5) as at:
        await at.begin("BTC")
        at.venues.faults.set(Venue.BINANCE, trouble)
        async with listening(at):
            async with asyncio.timeout(60.0):
                await at.minutes(5)
            reports = {one.venue: one for one in at.collector.reports()}
        assert [reports[venue].streams_up for venue in OTHERS] == [1, 1, 1, 1]
        assert all(reports[venue].state == "open" for venue in OTHERS)
        assert reports[Venue.BINANCE].state in {state, "troubled" if state == "shut" else state}
        assert reports[Venue.BINANCE].why or reports[Venue.BINANCE].complaints
        assert {one.venue for one in at.told if isinstance(one, Candle)} == {Venue.OKX}
        coins = of(at, OpenInterest)[-1]
        assert isinstance(coins, OpenInterest)
        truth = at.venues.tape.open_interest("BTC", at.time.now_ms())
        assert coins.coins == pytest.approx(truth * (1 - STANDINGS[Venue.BINANCE].share), rel=1e-3)


async def test_a_venue_that_was_away_at_the_start_is_learned_and_polled_as_soon_as_it_is_back() -> None:
    async with room(NOW_MS) as at:
        at.venues.faults.set(Venue.OKX, Trouble(Fault.DROP))
        await at.begin("BTC")
        assert Venue.OKX not in at.collector.listings.venues_of("BTC")
        async with listening(at):
            await at.pass_s(3)
            at.venues.faults.clear(Venue.OKX)
            await at.pass_s(120)
            answered = {ask.venue for ask in await at.poll()}
            assert answered == {*VENUES}
            await at.pass_s(5)
            assert {one.venue: one.streams_up for one in at.collector.reports()}[Venue.OKX] == 1
        assert at.collector.condenser("BTC").venues == VENUES


async def test_nothing_is_left_when_listening_is_cancelled() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC", "ETH")
        before = asyncio.all_tasks()
        async with listening(at):
            await at.pass_s(5)
            assert at.venues.open_lines == len(VENUES)
            at.collector.begin("SOL")
            await at.time.advance(1)
            assert at.venues.open_lines > len(VENUES), "cancelled in the middle of a rearrangement"
        await at.time.settle()
        assert at.venues.open_lines == 0
        ours = [task for task in asyncio.all_tasks() - before if "listen" in task.get_name()]
        assert not ours
        assert all(one.streams == 0 for one in at.collector.reports())


async def test_listening_begins_anew_after_it_was_cancelled() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        for _ in range(2):
            async with listening(at):
                await at.pass_s(5)
                assert at.venues.open_lines == len(VENUES)


async def test_a_slip_of_ours_over_one_asset_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC", "ETH")
        at.collector.condenser("BTC").state.venues = None  # type: ignore[assignment]
        await at.poll()
        told, _ = at.collector.step("ETH", NOW_MS)
        assert told
        assert "a slip of ours in condensing BTC" in caplog.text


async def test_a_venue_that_never_answered_is_named_with_every_step() -> None:
    async with room(NOW_MS) as at:
        at.venues.faults.set(Venue.BYBIT, Trouble(Fault.STATUS, 451))
        await at.begin("BTC")
        await at.poll()
        at.step()
        assert [one.venue for one in at.found if one.found is Found.NEVER_HEARD] == [Venue.BYBIT]
        at.venues.faults.clear(Venue.BYBIT)
