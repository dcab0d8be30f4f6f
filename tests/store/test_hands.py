"""Several workers on one platform: a chat is in one hand at a time, and nobody acts on a wave that another has changed."""

import hashlib
from dataclasses import replace

import pytest

from store import keys
from store.bulletins import Batch, Bulletins, NotOurs
from store.connection import Connection
from store.outbox import Begun, Claimed, Outbox, Overtaken, Wait, packed
from store.waves import StoredWaves, Wave, packed_wave
from tests.store.samples import FIRED, NOW_MS
from tests.store.test_outbox import filled, row

HERE = "telegram:1"
NOTHING_TOLD = hashlib.sha1(b"", usedforsecurity=False).hexdigest()


async def two_rows(valkey: Connection) -> tuple[Outbox, Claimed, Claimed]:
    """Two rows of one chat, in the hands of two workers."""
    box = await filled(valkey, row(1), replace(row(1), key="other:telegram:1"))
    (first,), (second,) = await box.claim("one", 1), await box.claim("two", 1)
    return box, first, second


async def test_while_one_worker_writes_to_a_chat_another_one_waits(valkey: Connection) -> None:
    box, first, second = await two_rows(valkey)
    assert isinstance(await box.begin(first, "one", "a"), Begun)
    assert isinstance(await box.begin(first, "one", "a"), Begun), "the same attempt, said twice"
    waiting = await box.begin(second, "two", "b")
    assert isinstance(waiting, Wait)
    assert waiting.own_s > 0.0, "others may go first"
    assert await box.commit(first, packed_wave(Wave(HERE, message="17")))
    assert isinstance(await box.begin(second, "two", "b"), Begun)


async def test_what_was_decided_before_another_wrote_is_decided_anew(valkey: Connection) -> None:
    box, first, second = await two_rows(valkey)
    seen = await box.look(HERE)
    assert seen.mark == NOTHING_TOLD
    assert isinstance(await box.begin(first, "one", "a", mark=seen.mark), Begun)
    assert await box.commit(first, packed_wave(Wave(HERE, message="17")))
    assert isinstance(await box.begin(second, "two", "b", mark=seen.mark), Wait)
    with pytest.raises(Overtaken):
        await box.commit(second, packed_wave(Wave(HERE)), seen.mark)
    with pytest.raises(Overtaken):
        await box.later(second, NOW_MS, wave=packed_wave(Wave(HERE)), mark=seen.mark)
    assert (await StoredWaves(valkey).get(HERE)).message == "17"
    assert isinstance(await box.begin(second, "two", "b", mark=(await box.look(HERE)).mark), Begun)


async def test_what_comes_to_nothing_waits_for_the_hand_too(valkey: Connection) -> None:
    box, first, second = await two_rows(valkey)
    mark = (await box.look(HERE)).mark
    await box.begin(first, "one", "a", mark=mark)
    with pytest.raises(Overtaken):
        await box.commit(second, packed_wave(Wave(HERE)), mark)
    await box.later(first, NOW_MS)
    assert await box.commit(second, packed_wave(Wave(HERE)), mark), "a row that waits is in nobody's hand"


async def test_a_hand_is_void_once_its_row_is_gone_and_it_goes_with_it(valkey: Connection) -> None:
    box, first, second = await two_rows(valkey)
    await box.begin(first, "one", "a")
    async with valkey.writing() as redis:
        assert 0 < await redis.pttl(keys.hand(HERE)) <= 60_000
    assert await box.bury(first, NOW_MS, "given up")
    assert isinstance(await box.begin(second, "two", "b"), Begun)
    await box.commit(second)
    async with valkey.reading() as redis:
        assert await redis.get(keys.hand(HERE)) is None


async def test_whoever_inherits_a_row_has_its_chat_in_hand(valkey: Connection) -> None:
    box, first, second = await two_rows(valkey)
    await box.begin(first, "one", "a")
    await box.let_go("one")
    (inherited,) = await box.claim("three", 1)
    assert inherited == first
    assert isinstance(await box.begin(second, "two", "b"), Wait), "it may have arrived: it goes first"
    begun = await box.begin(inherited, "three", "c")
    assert isinstance(begun, Begun)
    assert begun.times == 1


async def test_what_goes_to_a_chat_that_moved_is_kept_where_it_is_now(valkey: Connection) -> None:
    box, first, _ = await two_rows(valkey)
    placed = first.at("telegram:-100")
    assert isinstance(await box.begin(placed, "one", "a"), Begun)
    assert await box.commit(placed, packed_wave(Wave("telegram:-100", message="17")))
    waves = StoredWaves(valkey)
    assert (await waves.get("telegram:-100")).message == "17"
    assert (await waves.get(HERE)).message is None


async def test_of_two_that_match_one_batch_the_slower_one_is_refused_and_ends_nothing(
    valkey: Connection,
) -> None:
    """Each knows other chats: the one that fell behind must not say that everybody has a row."""
    bulletins = Bulletins(valkey, group_wait_ms=0)
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    rows = [packed(row(number)) for number in (1, 2)]
    assert await bulletins.fan_out(batch, rows, "telegram:2")
    with pytest.raises(NotOurs):
        await bulletins.fan_out(batch, rows, "telegram:3")
    with pytest.raises(NotOurs):
        await bulletins.done(Batch(batch.id, batch.alerts, "telegram:3"))
    with pytest.raises(NotOurs):
        await bulletins.done(batch)
    async with valkey.reading() as redis:
        assert await redis.xlen(keys.outbox("telegram", 1)) == 2
    assert await bulletins.done(Batch(batch.id, batch.alerts, "telegram:2"))


async def test_only_workers_without_rows_that_nobody_heard_of_are_forgotten(
    valkey: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.outbox.FORGOTTEN_MS", -1)
    box, first, _ = await two_rows(valkey)
    await box.commit(first)
    await box.open()
    async with valkey.reading() as redis:
        left = await redis.xinfo_consumers(first.stream, "delivery")
    assert [one["name"] for one in left] == [b"two"]
