"""An end at any moment, and a new start: what follows is what would have followed, and what was missed is made up for."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from market.alerts import Alert, Edge
from market.observations import HOUR_MS, MINUTE_MS, Venue
from market.reading import Presence
from market.snapshot import Snapshot
from scheduler.cycle import ENGINE_STATE
from scheduler.exchange import Kind
from scheduler.live.memory import remembered
from scheduler.simulator.market import START_MS
from store import keys
from store.codec import encode
from store.connection import Connection, StoreUnavailable, connected
from tests.doubles.proxy import proxied
from tests.scheduler.live.house import House, town

NOW_MS = START_MS + 30 * HOUR_MS
SELL_OFF_MS = START_MS + 24 * HOUR_MS
MINUTES = 7


def judged(snapshot: Snapshot) -> Snapshot:
    """Without what a start asks anew and hears at another moment: options, books; and without what is said of the venues."""
    readings = tuple(reading for reading in snapshot.readings if reading.name not in {"skew", "depth"})
    return replace(snapshot, readings=readings, findings=(), venues=())


async def undisturbed(connection: Connection) -> list[Snapshot]:
    """What one run says in so many minutes."""
    async with town(NOW_MS) as here, here.house(connection) as house:
        await house.begin("BTC")
        return [judged(snapshot) for snapshot in await house.minutes(MINUTES)]


async def test_a_start_after_every_minute_says_what_one_run_would_have_said(valkey: Connection) -> None:
    expected = await undisturbed(valkey)
    async with valkey.writing() as redis:
        await redis.flushall()
    said: list[Snapshot] = []
    async with town(NOW_MS) as here:
        for _ in range(MINUTES):
            async with here.house(valkey) as house:
                await house.begin("BTC")
                said.append(judged(await house.minute()))
                assert house.questions(Kind.FUNDING_HISTORY) < 100
    assert said == expected


@pytest.mark.parametrize("spare", range(4))
async def test_a_kill_after_any_write_of_a_look_loses_nothing_and_tells_nothing_twice(
    spare: int, valkey: Connection, valkey_socket: Path
) -> None:
    """The answers that come back: step and condenser, snapshot, status; the fourth look is cut off after so many."""
    expected = await undisturbed(valkey)
    said = await killed_in_the_fourth_look(valkey, valkey_socket, spare + 1)
    assert said == expected


async def test_a_kill_before_anything_of_a_look_was_kept_leaves_that_look_out(
    valkey: Connection, valkey_socket: Path
) -> None:
    expected = await undisturbed(valkey)
    said = await killed_in_the_fourth_look(valkey, valkey_socket, 0)
    assert [snapshot.at_ms for snapshot in said[4:]] == [snapshot.at_ms for snapshot in expected[4:]]
    assert said[3] == said[2] == expected[2]
    assert [snapshot.regime.state for snapshot in said] == [snapshot.regime.state for snapshot in expected]


async def killed_in_the_fourth_look(valkey: Connection, socket: Path, spare: int) -> list[Snapshot]:
    """What two runs say of which the first ends when so many answers of its fourth look have come (0: nothing is kept)."""
    async with valkey.writing() as redis:
        await redis.flushall()
    async with town(NOW_MS) as here:
        async with proxied(socket) as proxy, connected(proxy.url) as wire, here.house(wire) as house:
            await house.begin("BTC")
            said = await house.minutes(3)
            await here.time.advance(2)
            await house.poll()
            await here.time.advance(8)
            proxy.spare_answers, proxy.lose_answers = spare, 1
            with suppress(StoreUnavailable):
                await house.look()
        async with here.house(valkey) as house:
            await house.begin("BTC")
            again = await house.cycle.snapshots.latest("BTC")
            assert again is not None
            await here.time.advance(50)
            said = [*said, again, *await house.minutes(MINUTES - 4)]
            assert (await house.cycle.history.load("BTC")).last_seq == MINUTES + bool(spare)
    return [judged(snapshot) for snapshot in said]


async def test_a_look_whose_write_failed_is_made_good_by_the_next_one(
    valkey: Connection, valkey_socket: Path
) -> None:
    async with (
        town(NOW_MS) as here,
        proxied(valkey_socket) as proxy,
        connected(proxy.url) as wire,
        here.house(wire) as house,
    ):
        await house.begin("BTC")
        await house.minutes(1)
        proxy.lose_answers = 1
        with pytest.raises(StoreUnavailable):
            await house.minute()
        await here.time.advance(50)
        await house.minute()
        kept = await house.cycle.history.load("BTC")
    assert kept.last_seq == 4
    assert [step.now_ms - NOW_MS for step in kept.steps] == [10_000, 70_000, 130_000]


async def test_a_kill_while_the_past_is_read_begins_it_anew(valkey: Connection) -> None:
    async with town(NOW_MS) as here:
        async with here.house(valkey) as house:
            await house.memory.watchlist.add("BTC")
            await house.market.begin()
            await house.market.learn()
        async with here.house(valkey) as house:
            await house.begin("BTC")
            assert house.market.is_live("BTC")
            assert (await house.cycle.history.load("BTC")).last_seq == 1


async def test_after_minutes_nothing_is_asked_of_the_past(valkey: Connection) -> None:
    async with town(NOW_MS) as here:
        async with here.house(valkey) as house:
            await house.begin("BTC")
            await house.minutes(2)
        await here.time.advance(18 * 60)
        async with here.house(valkey) as house:
            await house.begin("BTC")
            assert house.questions(Kind.CANDLES) == 0
            snapshot = await house.minute()
            assert price_seen_at(snapshot) == NOW_MS + 20 * MINUTE_MS


async def test_hours_of_downtime_are_made_up_for_and_their_warnings_come_late(valkey: Connection) -> None:
    async with town(SELL_OFF_MS) as here:
        async with here.house(valkey) as house:
            await house.begin("BTC")
            await house.minutes(2)
            before = await house.cycle.history.load("BTC")
        await here.time.advance(6 * 3_600)
        async with here.house(valkey) as house:
            await house.begin("BTC")
            late = await house.log.recent(100)
            assert late
            assert all(SELL_OFF_MS < alert.at_ms < here.time.now_ms() - HOUR_MS for alert in late)
            assert {alert.edge for alert in late} <= {Edge.FIRED, Edge.ESCALATED}
            after = await house.cycle.history.load("BTC")
            assert (after.last_seq, after.checkpoint_seq) == (before.last_seq + 1, before.last_seq + 1)
            snapshot = await house.minute()
            interest = snapshot.reading("open_interest")
            assert interest is not None
            assert interest.presence is Presence.SEEN
            assert snapshot.fact("open_interest", "change_24h") is not None
            assert not [alert for alert in house.alerts if alert.edge is Edge.RESOLVED]


async def test_what_was_made_up_for_and_told_is_not_told_again(valkey: Connection) -> None:
    async with town(SELL_OFF_MS) as here:
        async with here.house(valkey) as house:
            await house.begin("BTC")
        await here.time.advance(6 * 3_600)
        told: list[tuple[Alert, ...]] = []
        for _ in range(3):
            async with here.house(valkey) as house:
                await house.begin("BTC")
                told.append(await house.log.recent(100))
        assert told[0] == told[1] == told[2] != ()


async def test_the_sum_of_open_interest_goes_on_where_the_condensers_memory_cannot_be_read(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with town(NOW_MS) as here:
        async with here.house(valkey) as house:
            await house.begin("BTC")
            await lose_a_venue_for_an_hour(house)
            before = (await house.minute()).fact("open_interest", "coins")
            async with valkey.writing() as redis:
                await redis.hset(keys.history("live", "BTC"), "beside", b"\x92\x63\xc0")  # [99, nil]
        async with here.house(valkey) as house:
            await house.begin("BTC")
            after = (await house.minutes(3))[-1].fact("open_interest", "coins")
    assert before is not None
    assert after == pytest.approx(before, rel=0.005)
    assert "The stored condenser state has schema 99" in caplog.text


async def test_a_condenser_is_kept_without_its_option_chains(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        await house.minutes(2)
        state = house.market.collector.condenser("BTC").state
        assert state.venues[Venue.DERIBIT].chains.newest
        assert len(remembered(state)) < 40_000
        assert state.venues[Venue.DERIBIT].chains.newest
        kept = await house.cycle.history.load("BTC")
        assert kept.beside == remembered(state)
        assert kept.state is not None
        assert len(encode(ENGINE_STATE, kept.state)) < 1_000_000


async def lose_a_venue_for_an_hour(house: House) -> None:
    """After it the chain-linked sum is no longer what the venues' own sum up to."""
    state = house.market.collector.condenser("BTC").state
    assert state.interest_coins is not None
    state.interest_coins *= 1.2
    await house.minutes(1)


def price_seen_at(snapshot: Snapshot) -> int | None:
    """When the newest price was known."""
    price = snapshot.reading("price")
    return None if price is None else price.asof_ms
