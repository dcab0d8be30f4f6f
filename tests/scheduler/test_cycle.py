"""The cycle on the real Valkey: what is kept, and that an end at any moment loses nothing."""

from dataclasses import replace

import pytest

from market.across import AtVenue
from market.alerts import Alert
from market.observations import MINUTE_MS, Liquidations, Observation, Venue
from market.rules import Rules
from scheduler import cycle
from scheduler.cycle import ENGINE_STATE, LiveLook, Memory, Watched, resume, run_cycle
from scheduler.engine import Engine
from store import keys
from store.alerts_log import AlertsLog
from store.connection import Connection
from store.history import History
from store.hours import StoredHours
from store.snapshots import StoredFeed, StoredSnapshots
from tests.doubles.valkey import valkey, valkey_socket
from tests.market.feeds import candle, hour, interest, settled

__all__ = ["valkey", "valkey_socket"]

RULES = Rules()
PRICES = [100.0 + 0.4 * (number % 2) for number in range(60)] + [97.0, 93.0, 90.0, 92.0]


def steps() -> list[tuple[int, list[Observation]]]:
    """Quiet hours and a fall."""
    return [
        (hour(number), [candle(number, price), interest(number, 1_000.0), settled(number, 0.0001)])
        for number, price in enumerate(PRICES, start=1)
    ]


def memory_of(connection: Connection) -> Memory:
    """Everything a cycle keeps, on one connection."""
    history = History(connection, ENGINE_STATE, "test")
    snapshots, feed, hours = (
        StoredSnapshots(connection),
        StoredFeed(connection),
        StoredHours(connection, "test"),
    )
    return Memory(history, snapshots, AlertsLog(connection).append, feed, hours)


async def test_a_cycle_keeps_snapshot_alerts_and_status(valkey: Connection) -> None:
    memory = memory_of(valkey)
    watched = await resume("BTC", RULES, "history", memory)
    said: list[Alert] = []
    for now_ms, observations in steps():
        said += (await run_cycle(watched, now_ms, observations, memory))[1]
    assert await memory.snapshots.latest("BTC") == watched.engine.state.snapshot
    assert list(await AlertsLog(valkey).recent(100)) == said[::-1] != []
    status = await memory.feed.status()
    assert (status.source, status.last_evaluation_ms, status.cycle_ms) == ("history", hour(64), 3_600_000)


@pytest.mark.parametrize("checkpoint_every", [7, 1_000])
async def test_a_restart_at_every_bar_says_the_same(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, checkpoint_every: int
) -> None:
    monkeypatch.setattr(cycle, "CHECKPOINT_EVERY", checkpoint_every)
    memory, straight = memory_of(valkey), Engine("BTC", RULES, "history")
    for now_ms, observations in steps():
        watched = await resume("BTC", RULES, "history", memory)
        expected = straight.step(now_ms, observations)
        assert repr(await run_cycle(watched, now_ms, observations, memory)) == repr(expected)


async def test_an_end_between_keeping_and_answering_is_made_good(valkey: Connection) -> None:
    memory, straight = memory_of(valkey), Engine("BTC", RULES, "history")
    watched = await resume("BTC", RULES, "history", memory)
    told: list[Alert] = []
    for now_ms, observations in steps()[:-3]:
        told += straight.step(now_ms, observations)[1]
        await run_cycle(watched, now_ms, observations, memory)
    now_ms, observations = steps()[-3]
    await memory.history.append("BTC", watched.seq + 1, now_ms, observations)
    snapshot, alerts = straight.step(now_ms, observations)
    again = await resume("BTC", RULES, "history", memory)
    assert again.seq == watched.seq + 1
    assert await memory.snapshots.latest("BTC") == snapshot
    assert list(await AlertsLog(valkey).recent(100)) == [*told, *alerts][::-1]


VENUES = (
    AtVenue(Venue.BINANCE, coins=3.3, rate=0.1 + 0.2, interval_hours=8.0, rate_at_ms=7, cap=0.02),
    AtVenue(Venue.BYBIT, long_usd_1h=1e9 / 3.0, heard_minutes=41, missing_factor=1.1),
)


async def test_what_each_venue_says_is_shown_and_kept_to_the_last_bit(valkey: Connection) -> None:
    memory = memory_of(valkey)
    watched = await resume("BTC", RULES, "live", memory)
    now_ms, observations = steps()[0]
    snapshot, _ = await run_cycle(
        watched, now_ms, observations, memory, live=LiveLook(b"", MINUTE_MS, 0, VENUES)
    )
    assert snapshot.venues == VENUES
    assert await memory.snapshots.latest("BTC") == snapshot


@pytest.mark.parametrize("killed_after", [2, 33])
async def test_what_each_venue_says_changes_nothing_that_is_judged_nor_what_a_restart_says(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    monkeypatch.setattr(cycle, "CHECKPOINT_EVERY", 7)
    memory, straight = memory_of(valkey), Engine("BTC", RULES, "live")
    watched = await resume("BTC", RULES, "live", memory)
    look = LiveLook(b"", MINUTE_MS, 0, VENUES)
    for count, (now_ms, observations) in enumerate(steps()):
        if count == killed_after:
            watched = await resume("BTC", RULES, "live", memory)
        shown, alerts = await run_cycle(watched, now_ms, observations, memory, live=look)
        expected = straight.step(now_ms, observations)
        assert repr((replace(shown, venues=()), alerts)) == repr(expected)


async def test_the_hours_are_kept_as_each_closes(valkey: Connection) -> None:
    memory = memory_of(valkey)
    watched = await resume("BTC", RULES, "history", memory)
    assert await memory.hours.of("BTC") is None
    for count, (now_ms, observations) in enumerate(steps()[:4], start=1):
        await run_cycle(watched, now_ms, observations, memory)
        kept = await StoredHours(valkey, "test").of("BTC")
        assert kept == watched.engine.state.market.hours
        assert len(kept or ()) == count
        await run_cycle(watched, now_ms + 60_000, [], memory)
    assert list(watched.engine.state.market.hours.open_interest_coins) == [1_000.0] * 4


async def test_between_two_hours_they_are_not_written(valkey: Connection) -> None:
    memory = memory_of(valkey)
    watched = await resume("BTC", RULES, "history", memory)
    await run_cycle(watched, *steps()[0], memory)
    async with valkey.writing() as redis:
        await redis.delete(keys.hours("test", "BTC"))
    await run_cycle(watched, hour(1) + 60_000, [], memory)
    assert await memory.hours.of("BTC") is None


async def test_an_hour_that_a_late_minute_mends_is_kept_again(valkey: Connection) -> None:
    memory, reader = memory_of(valkey), StoredHours(valkey, "test")
    watched = await resume("BTC", RULES, "history", memory)
    for step in steps()[:2]:
        await run_cycle(watched, *step, memory)
    minutes = [
        Liquidations(Venue.BYBIT, hour(2) + one * MINUTE_MS, MINUTE_MS, 1.0, 0.0) for one in range(1, 61)
    ]
    await run_cycle(watched, hour(3), [*steps()[2][1][:1], *minutes[:58]], memory)
    before = await reader.of("BTC")
    await run_cycle(watched, hour(3) + 2 * MINUTE_MS, minutes[58:], memory)
    after = await reader.of("BTC")
    assert before is not None
    assert after == watched.engine.state.market.hours
    assert after is not None
    assert after.long_liquidated_usd[-1] / before.long_liquidated_usd[-1] == pytest.approx(60 / 58, rel=1e-3)
    assert (await resume("BTC", RULES, "history", memory)).engine.state.market.hours == after


async def test_an_hour_that_closed_as_the_program_ended_is_kept_by_the_next_start(valkey: Connection) -> None:
    memory = memory_of(valkey)
    watched = await resume("BTC", RULES, "history", memory)
    await run_cycle(watched, *steps()[0], memory)
    await memory.history.append("BTC", watched.seq + 1, *steps()[1])
    again = await resume("BTC", RULES, "history", memory)
    kept = await memory.hours.of("BTC")
    assert kept == again.engine.state.market.hours
    assert kept is not None
    assert kept.last_close_ms == hour(2)


async def test_a_memory_of_another_version_is_begun_anew_and_the_operator_is_told(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    memory = memory_of(valkey)
    watched = Watched(Engine("BTC", RULES, "history"))
    await run_cycle(watched, *steps()[0], memory)
    await memory.history.save_checkpoint("BTC", 1, watched.engine.state)
    async with valkey.writing() as redis:
        await redis.hset(memory.history._keys("BTC")[0], "state", b"\x92\xce\x00\x00\xff\xff\xc0")
    assert (await resume("BTC", RULES, "history", memory)).seq == 0
    assert (await memory.history.load("BTC")).last_seq == 0
    assert "The checkpoint of BTC cannot be read by this version. Its memory begins anew." in caplog.text
