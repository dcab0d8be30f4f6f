"""Venues and the store in trouble: what is missing is named, nothing is made up, and nothing resolves for want of data."""

from pathlib import Path

import pytest

from market.alerts import Edge
from market.findings import Found
from market.observations import HOUR_MS, MINUTE_MS, Venue
from market.reading import Presence
from market.table import State
from scheduler.live import want
from scheduler.simulator.market import START_MS
from scheduler.simulator.server.faults import Fault, Trouble
from store.connection import Connection, StoreUnavailable, connected
from tests.doubles.proxy import proxied
from tests.scheduler.live.house import VENUES, House, town

NOW_MS = START_MS + 30 * HOUR_MS
GEO_BLOCK = Trouble(Fault.STATUS, 451)


def away(house: House, *, yes: bool) -> None:
    """All venues break every connection, or none does."""
    for venue in VENUES:
        if yes:
            house.venues.faults.set(venue, Trouble(Fault.DROP))
        else:
            house.venues.faults.clear(venue)


async def test_a_venue_that_does_not_serve_this_country_is_named_and_the_others_are_the_market(
    valkey: Connection,
) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        house.venues.faults.set(Venue.BINANCE, GEO_BLOCK)
        await house.begin("BTC")
        assert house.market.is_live("BTC")
        snapshot = (await house.minutes(6))[-1]
        assert snapshot.regime.state is not State.INSUFFICIENT_DATA
        priced = [finding.venue for finding in snapshot.findings if finding.found is Found.PRICE_VENUE]
        assert priced == [Venue.OKX]
        await house.market.tell()
        (binance,) = [one for one in await house.memory.sources.reports() if one.venue is Venue.BINANCE]
        assert binance.state == "geo_blocked"
        assert binance.until_ms is not None
        assert binance.until_ms > here.time.now_ms() + 5 * HOUR_MS


async def test_without_any_venue_the_first_start_knows_nothing_remembers_nothing_and_says_why(
    valkey: Connection,
) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        away(house, yes=True)
        await house.begin("BTC")
        snapshots = await house.minutes(3)
        assert {snapshot.regime.state for snapshot in snapshots} == {State.INSUFFICIENT_DATA}
        (past,) = await house.memory.sources.pasts()
        assert (past.share, past.missing) == (0.0, ("no venue answers",))
        await house.market.tell()
        assert {one.state for one in await house.memory.sources.reports()} <= {"troubled", "shut"}
        assert all(one.why for one in await house.memory.sources.reports())
        assert (await house.cycle.history.load("BTC")).last_seq == 0
        assert (await house.cycle.feed.status()).last_evaluation_ms == snapshots[-1].at_ms


async def test_an_asset_that_is_tried_in_vain_again_and_again_is_one_line_in_the_log(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "scheduler.live.market")
    async with town(NOW_MS) as here, here.house(valkey) as house:
        away(house, yes=True)
        await house.begin("BTC")
        for _ in range(3):
            await house.market.mind_watchlist()
    said = [record.getMessage() for record in caplog.records if record.name == "scheduler.live.market"]
    assert said == ["BTC: no price can be had yet; missing: no venue answers"]


async def test_when_the_venues_are_there_at_last_the_whole_past_is_read(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        away(house, yes=True)
        await house.begin("BTC")
        await house.minutes(2)
        away(house, yes=False)
        await here.time.advance(120)
        await house.poll()
        await house.market.mind_watchlist()
        assert house.market.is_live("BTC")
        snapshot = await house.minute()
        assert snapshot.regime.state is not State.INSUFFICIENT_DATA
        assert await house.log.recent(100) == ()


async def test_when_all_venues_go_the_alarm_becomes_unknown_and_is_never_resolved(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        before = (await house.minutes(2))[-1]
        assert before.regime.state in (State.CROWDING, State.UNWINDING)
        away(house, yes=True)
        snapshots = await house.minutes(45)
        assert snapshots[-1].regime.state is State.INSUFFICIENT_DATA
        price = snapshots[-1].reading("price")
        assert price is not None
        assert price.presence is Presence.STALE
        assert Found.NO_PRICE in {finding.found for finding in snapshots[-1].findings}
        edges = [alert.edge for alert in house.alerts]
        assert Edge.UNKNOWN in edges
        assert Edge.RESOLVED not in edges
        assert Edge.FALSE_ALARM not in edges


async def test_a_restart_without_venues_looks_on_blind_and_makes_up_for_it_when_they_are_back(
    valkey: Connection,
) -> None:
    async with town(NOW_MS) as here:
        async with here.house(valkey) as house:
            await house.begin("BTC")
            await house.minutes(2)
        await here.time.advance(2 * 3_600)
        async with here.house(valkey) as house:
            away(house, yes=True)
            await house.begin("BTC")
            blind = await house.minutes(3)
            assert not house.market.is_live("BTC")
            assert {snapshot.regime.state for snapshot in blind} == {State.INSUFFICIENT_DATA}
            away(house, yes=False)
            await here.time.advance(120)
            await house.poll()
            await house.market.mind_watchlist()
            assert house.market.is_live("BTC")
            snapshot = await house.minute()
            assert snapshot.regime.state is not State.INSUFFICIENT_DATA
            assert snapshot.fact("price", "r_1h") is not None
            assert not [alert for alert in house.alerts if alert.edge is Edge.RESOLVED]


async def test_a_store_that_is_away_for_a_while_misses_nothing(
    valkey: Connection, valkey_socket: Path
) -> None:
    async with (
        town(NOW_MS) as here,
        proxied(valkey_socket) as proxy,
        connected(proxy.url) as wire,
        here.house(wire) as house,
    ):
        await house.begin("BTC")
        await house.minutes(2)
        proxy.lose_answers = 1_000_000
        for _ in range(7):
            with pytest.raises(StoreUnavailable):
                await house.minute()
            await here.time.advance(50)
        proxy.lose_answers = 0
        snapshot = await house.minute()
        kept = await house.cycle.history.load("BTC")
    steps = [(step.now_ms - NOW_MS) // 60_000 for step in kept.steps]
    assert steps == list(range(10))
    assert kept.last_seq == 11
    assert snapshot.at_ms == kept.steps[-1].now_ms


async def test_a_store_that_is_away_when_the_service_begins_is_said_so(
    valkey: Connection, valkey_socket: Path
) -> None:
    async with (
        town(NOW_MS) as here,
        proxied(valkey_socket) as proxy,
        connected(proxy.url) as wire,
        here.house(wire) as house,
    ):
        proxy.lose_answers = 1_000_000
        with pytest.raises(StoreUnavailable):
            await want(("BTC",), house.memory)
        proxy.lose_answers = 0
        await house.begin("BTC")
        assert house.market.is_live("BTC")


async def test_a_memory_that_the_store_has_lost_is_read_anew(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        await house.minutes(1)
        await house.cycle.history.forget("BTC")
        with pytest.raises(Exception, match="does not follow step"):
            await house.minute()
        await here.time.advance(50)
        assert (await house.minute()).regime.state is State.INSUFFICIENT_DATA
        assert "BTC: the store has lost its memory; it is taken up anew" in caplog.text
        await house.market.mind_watchlist()
        assert (await house.minute()).regime.state is not State.INSUFFICIENT_DATA


async def test_a_clock_that_is_set_back_a_little_does_not_set_the_market_back(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        before = (await house.minutes(1))[-1]
        here.time.began_ms -= 2 * MINUTE_MS
        after = await house.look()
        assert after.at_ms == before.at_ms + 1
