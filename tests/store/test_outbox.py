"""From an announced warning to a row that is gone: each step by itself, repeated, and resumed by another worker."""

import asyncio
from dataclasses import replace

import pytest

from market.alerts import Severity
from store import keys, outbox
from store.bulletins import Batch, Bulletins, NotOurs, transition_of
from store.connection import Connection, StoreUnavailable
from store.outbox import Begun, Claimed, DeadRows, Outbox, Row, Wait, packed
from store.pace import Pace, Rate
from store.waves import StoredWaves, Wave, packed_wave
from tests.store.samples import FIRED, NOW_MS

CRITICAL = replace(FIRED, severity=Severity.CRITICAL)


def row(number: int, priority: int = 1) -> Row:
    return Row(
        f"batch:telegram:{number}", f"telegram:{number}", "batch", (0,), priority, NOW_MS + number, NOW_MS * 2
    )


async def filled(valkey: Connection, *rows: Row) -> Outbox:
    """An outbox with these rows, by the way of a batch."""
    bulletins = Bulletins(valkey, group_wait_ms=0)
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    assert await bulletins.fan_out(batch, [packed(one) for one in rows], "all")
    assert await bulletins.done(replace(batch, cursor="all"))
    box = Outbox(valkey, "telegram")
    await box.open()
    return box


async def test_a_warning_is_announced_once_however_often_it_is_decided(valkey: Connection) -> None:
    bulletins = Bulletins(valkey, group_wait_ms=0)
    assert [await bulletins.announce(FIRED) for _ in range(3)] == [True, False, False]
    batch = await bulletins.batch()
    assert batch is not None
    assert dict(batch.alerts) == {0: FIRED}
    assert batch.cursor == ""


async def test_warnings_of_one_moment_are_one_batch_and_the_next_waits_for_its_end(
    valkey: Connection,
) -> None:
    bulletins = Bulletins(valkey, group_wait_ms=0)
    others = [replace(FIRED, asset=asset) for asset in ("ETH", "SOL")]
    for alert in (FIRED, *others):
        await bulletins.announce(alert)
    batch = await bulletins.batch()
    assert batch is not None
    assert list(batch.alerts.values()) == [FIRED, *others]
    await bulletins.announce(replace(FIRED, asset="XRP"))
    assert await bulletins.batch() == batch
    assert await bulletins.done(batch)
    assert not await bulletins.done(batch)
    after = await bulletins.batch()
    assert after is not None
    assert [alert.asset for alert in after.alerts.values()] == ["XRP"]


async def test_a_warning_waits_for_others_and_a_critical_one_does_not(valkey: Connection) -> None:
    patient = Bulletins(valkey, group_wait_ms=60_000)
    await patient.announce(FIRED)
    assert await patient.batch() is None
    await patient.announce(CRITICAL)
    batch = await patient.batch()
    assert batch is not None
    assert list(batch.alerts.values()) == [FIRED, CRITICAL]


async def test_a_chunk_is_added_once_and_resumed_where_it_ended(valkey: Connection) -> None:
    bulletins = Bulletins(valkey, group_wait_ms=0)
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    assert await bulletins.fan_out(batch, [packed(row(1)), packed(row(2))], "telegram:2")
    assert not await bulletins.fan_out(batch, [packed(row(1)), packed(row(2))], "telegram:2")
    resumed = await Bulletins(valkey, group_wait_ms=0).batch()
    assert resumed == replace(batch, cursor="telegram:2")
    assert await bulletins.fan_out(resumed, [packed(row(3))], "telegram:3")
    assert (await Outbox(valkey, "telegram").depth())["1"] == 3
    assert await bulletins.facts(batch.id) == {0: FIRED}


async def test_another_programs_batch_is_not_ours(valkey: Connection) -> None:
    bulletins = Bulletins(valkey)
    with pytest.raises(NotOurs):
        await bulletins.fan_out(Batch("0-1", {}, ""), [packed(row(1))], "telegram:1")
    assert not await bulletins.done(Batch("0-1", {}, ""))


async def test_the_loudest_come_first_then_the_oldest(valkey: Connection) -> None:
    box = await filled(valkey, row(1, 2), row(2, 1), row(3, 0), row(4, 1))
    claimed = await box.claim("one", 3)
    assert [one.row.key[-1] for one in claimed] == ["3", "2", "4"]
    assert [one.row.key[-1] for one in await box.claim("two", 3)] == ["1"]
    assert await box.claim("one", 3) == ()


async def test_a_row_is_gone_when_it_is_committed_and_its_wave_is_kept(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    assert await box.begin(claimed, "one", "a") == Begun(0, 0)
    wave = Wave("telegram:1", "17", {"cascade:BTC": FIRED}, 3, NOW_MS, NOW_MS)
    assert await box.commit(claimed, packed_wave(wave))
    assert not await box.commit(claimed, packed_wave(replace(wave, message="18")))
    assert await StoredWaves(valkey).get("telegram:1") == wave
    assert await StoredWaves(valkey).get("telegram:2") == Wave("telegram:2")
    assert set((await box.depth()).values()) == {0}


async def test_a_row_that_may_have_arrived_is_sent_twice_at_most(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    assert await box.uncertain(claimed, NOW_MS)
    assert await box.wake(NOW_MS + outbox.TRY_AGAIN_MS - 1) == 0
    assert await box.wake(NOW_MS + outbox.TRY_AGAIN_MS) == 1
    (again,) = await box.claim("one", 1)
    assert again.row == replace(claimed.row, copies=1, begun_ms=NOW_MS)
    assert not await box.uncertain(again, NOW_MS)
    (dead,) = await DeadRows(valkey).all()
    assert (dead.row, dead.why) == (again.row, "uncertain")
    assert set((await box.depth()).values()) == {0}


async def begun(box: Outbox, claimed: Claimed, worker: str, attempt: str = "a") -> int | None:
    """How often sending began before, None where the row is another worker's."""
    said = await box.begin(claimed, worker, attempt)
    return said.times if isinstance(said, Begun) else None


async def test_the_rows_of_a_dead_worker_are_inherited_and_known_to_have_begun(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = await filled(valkey, row(1), row(2))
    first, second = await box.claim("dead", 2)
    assert await begun(box, first, "dead", "a") == 0
    assert await box.claim("heir", 5) == ()
    monkeypatch.setattr(outbox, "ABANDONED_MS", 0)
    heirs = await box.claim("heir", 5)
    assert [one.row.key for one in heirs] == [row(1).key, row(2).key]
    assert [await begun(box, one, "heir", "b") for one in heirs] == [1, 0]
    assert [await begun(box, one, "dead", "c") for one in (first, second)] == [None, None]


async def test_an_attempt_is_counted_once_and_taken_back_where_nothing_was_sent(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    assert [await begun(box, claimed, "one", attempt) for attempt in ("a", "a", "b", "b")] == [0, 0, 1, 1]
    await box.take_back(claimed, "a")
    await box.take_back(claimed, "a")
    assert await begun(box, claimed, "one", "b") == 0
    await box.take_back(claimed, "b")
    assert await begun(box, claimed, "one", "c") == 0


async def test_a_token_and_the_beginning_are_one_write(valkey: Connection) -> None:
    box = await filled(valkey, row(1), row(2))
    first, second = await box.claim("one", 2)
    pace = Pace(valkey, "bot", Rate(0.5, 1.0), reserve=0.0)
    turn = pace.turn("1", (Rate(0.1, 1.0),))
    assert await box.begin(first, "another", "a", turn) is None
    assert await box.begin(first, "one", "a", turn) == Begun(0, 0)
    waiting = await box.begin(second, "one", "b", pace.turn("2", ()))
    assert isinstance(waiting, Wait)
    assert (0.0 < waiting.wait_s <= 2.0, waiting.own_s) == (True, 0.0)
    same = await box.begin(second, "one", "b", turn)
    assert isinstance(same, Wait)
    assert 9.0 < same.own_s <= 10.0
    assert await box.begin(second, "one", "c") == Begun(0, 0)


async def test_a_worker_that_lives_keeps_its_rows_and_one_that_ends_lets_go_of_them(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ABANDONED_MS", 500)
    box = await filled(valkey, row(1), row(2, 0))
    rows = await box.claim("one", 2)
    for _ in range(4):
        await asyncio.sleep(0.15)
        await box.keep("one", rows)
        assert await box.claim("two", 2) == ()
    monkeypatch.setattr(outbox, "ABANDONED_MS", 60_000)
    assert {one.row.key for one in await box.mine("one")} == {row(1).key, row(2).key}
    assert await box.let_go("one") == 2
    assert await box.mine("one") == ()
    assert [one.row.key for one in await box.claim("two", 2)] == [row(2).key, row(1).key]
    await box.keep("one", rows)
    assert len(await box.mine("two")) == 2


async def test_a_full_memory_lets_rows_go(valkey: Connection) -> None:
    box = await filled(valkey, *(row(number) for number in range(5)))
    pace = Pace(valkey, "bot", Rate(1.0, 50.0))
    async with valkey.writing() as redis:
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", used - 100_000)
    try:
        with pytest.raises(StoreUnavailable, match="memory"):
            await Bulletins(valkey).announce(replace(FIRED, asset="ETH"))
        claimed = await box.claim("one", 5)
        assert [await begun(box, one, "one") for one in claimed] == [0] * 5
        assert await pace.take("1", (Rate(1.0, 3.0),)) == 0.0
        assert await box.commit(claimed[0], packed_wave(Wave("telegram:0", "1")))
        assert await box.uncertain(claimed[1], NOW_MS)
        assert await box.later(claimed[2], NOW_MS)
        assert await box.bury(claimed[3], NOW_MS, "refused")
        await box.take_back(claimed[4], "a")
        assert await box.wake(NOW_MS + outbox.TRY_AGAIN_MS) == 2
    finally:
        async with valkey.writing() as redis:
            await redis.config_set("maxmemory", 0)
    assert (await box.depth())["1"] == 3
    assert len(await DeadRows(valkey).all()) == 1


async def test_a_row_for_later_waits_and_keeps_its_priority(valkey: Connection) -> None:
    box = await filled(valkey, row(1, 0))
    (claimed,) = await box.claim("one", 1)
    assert await box.later(claimed, NOW_MS + 1_000)
    assert not await box.later(claimed, NOW_MS + 1_000)
    assert (await box.depth()) == {"0": 0, "1": 0, "2": 0, "later": 1}
    assert await box.claim("one", 1) == ()
    assert await box.wake(NOW_MS + 1_000) == 1
    (again,) = await box.claim("one", 1)
    assert again.row == claimed.row
    assert again.stream == keys.outbox("telegram", 0)


async def test_a_held_row_waits_with_what_its_chat_has_to_hear_afterwards(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    wave = Wave("telegram:1", held={"cascade:BTC": FIRED})
    assert await box.later(claimed, NOW_MS, wave=packed_wave(wave))
    assert not await box.later(claimed, NOW_MS, wave=packed_wave(replace(wave, message="17")))
    assert await StoredWaves(valkey).get("telegram:1") == wave


async def test_a_dead_row_comes_back_once(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    assert await box.bury(claimed, NOW_MS, "refused")
    assert not await box.bury(claimed, NOW_MS, "refused")
    rows = DeadRows(valkey)
    assert await rows.requeue(claimed.row.key)
    assert not await rows.requeue(claimed.row.key)
    (again,) = await box.claim("one", 1)
    assert again.row == claimed.row


async def test_opening_twice_changes_nothing(valkey: Connection) -> None:
    box = await filled(valkey, row(1))
    (claimed,) = await box.claim("one", 1)
    await box.open()
    assert isinstance(claimed, Claimed)
    assert await box.claim("two", 1) == ()


def test_a_transition_is_known_by_what_happened_not_by_when_it_was_decided() -> None:
    assert transition_of(FIRED) == transition_of(replace(FIRED, facts={}))
    assert transition_of(FIRED) != transition_of(CRITICAL)
