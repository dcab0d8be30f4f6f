"""Forgetting somebody leaves no trace of them and everybody else untouched, wherever it is broken off."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from store import keys
from store.bulletins import Bulletins, NotOurs
from store.chats import StoredChats
from store.connection import Connection, StoreUnavailable
from store.forgetting import Forgetting
from store.outbox import Outbox, Row, packed
from store.registry import entry_of
from store.tombstones import read_graves
from store.traces import Place
from store.waves import Wave, packed_wave
from store.whom import UNNAMED, Subject
from store.wishes import Change, suspend
from tests.store.crowded import GROUP, HUNDRED, crowd, differences, dump, name_of, traces_in
from tests.store.samples import FIRED, NOW_MS

WHO = HUNDRED[41]
FEW = HUNDRED[38:45]


def subject_of(number: int) -> Subject:
    return Subject(name_of(number), (name_of(number), f"telegram:{-number}"))


async def test_after_forgetting_a_scan_finds_no_trace_and_the_others_are_byte_identical(
    valkey: Connection,
) -> None:
    await crowd(valkey, seed=1)
    before = await dump(valkey)
    assert {entry.name for key in traces_in(before, WHO) if (entry := entry_of(key))} >= {
        "person", "chat", "chats", "changes", "wave", "above", "greeted", "limit-of-person", "limit-of-chat", "warned-by",
        "facts", "outbox", "later", "later-rows", "sending", "dead", "dead-at", "pace-of-chat", "forget-code", "holders",
    }  # fmt: skip

    assert await Forgetting(valkey).forget(subject_of(WHO), NOW_MS)

    after = await dump(valkey)
    assert traces_in(after, WHO) == []
    changed = differences(before, after, WHO)
    plans = [key for key in changed if key.startswith(keys.facts("plan:"))]
    assert len(plans) == 1  # the news of their plans, under a name that does not say whose they are
    assert set(changed) - set(plans) <= {
        keys.TOMBSTONES, keys.SECRETS, keys.CHATS_CHANGES, keys.BATCH, keys.chat(GROUP),
    }  # fmt: skip
    assert after[keys.CHATS_CHANGES][-1].endswith(b" ")


async def test_what_somebody_changed_in_a_group_stays_without_their_name(valkey: Connection) -> None:
    await crowd(valkey, seed=3, people=FEW)
    last = FEW[-1]
    await Forgetting(valkey).forget(subject_of(last), NOW_MS)
    chat = await StoredChats(valkey).get(GROUP)
    assert chat is not None
    assert chat.changes[-1].by == UNNAMED
    assert chat.changes[-2].by == name_of(FEW[-2])


@pytest.mark.parametrize("writes", [2, 5, 11])
async def test_an_erasure_whose_process_is_killed_between_two_writes_is_taken_up_again(
    valkey: Connection, valkey_socket: Path, writes: int
) -> None:
    await crowd(valkey, seed=4, people=FEW)
    before = len(traces_in(await dump(valkey), WHO))
    command = (
        "-m",
        "tests.store.forgetful",
        valkey_socket,
        NOW_MS,
        writes,
        name_of(WHO),
        *subject_of(WHO).addresses,
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, *map(str, command))
    assert await killed.wait() == -signal.SIGKILL

    left = traces_in(await dump(valkey), WHO)
    assert keys.FORGETTING in left
    assert 1 < len(left) <= before + 1
    assert (await read_graves(valkey)).covers(name_of(WHO), NOW_MS)
    assert await Forgetting(valkey).finish() == 1
    assert traces_in(await dump(valkey), WHO) == []
    assert await Forgetting(valkey).finish() == 0


def waiting(address: str) -> Row:
    return Row(f"1-0:{address}", address, "1-0", (0,), 0, NOW_MS, NOW_MS + 1_000)


async def test_whoever_has_a_row_in_hand_finds_it_gone_when_its_sending_would_begin(
    valkey: Connection,
) -> None:
    outbox, stream_and_row = Outbox(valkey, "telegram"), packed(waiting("telegram:4711"))
    await outbox.open()
    await StoredChats(valkey).change("telegram:4711", lambda chat: replace(chat, made_ms=NOW_MS))
    async with valkey.writing() as redis:
        await redis.xadd(stream_and_row[0], {"row": stream_and_row[1]})
    (claimed,) = await outbox.claim("worker", 1)

    await Forgetting(valkey).forget(Subject("telegram:4711", ("telegram:4711",)), NOW_MS)

    assert await outbox.begin(claimed, "worker", "a1") is None
    assert not await outbox.commit(claimed, b"a wave")
    assert not await outbox.later(claimed, NOW_MS)
    assert not await outbox.bury(claimed, NOW_MS, "blocked")
    assert [key for key in await dump(valkey) if "telegram:4711" in key] == []


class Interrupted(Forgetting):
    """An erasure during which a sender ends the row it has in hand: after all was looked for, before anything goes."""

    def __init__(self, connection: Connection, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(connection)
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def _remove(self, places: Sequence[Place]) -> None:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        await super()._remove(places)


async def test_a_first_message_that_arrives_between_the_look_and_the_erasure_leaves_no_wave(
    valkey: Connection,
) -> None:
    outbox, (stream, row) = Outbox(valkey, "telegram"), packed(waiting("telegram:4711"))
    await outbox.open()
    await StoredChats(valkey).change("telegram:4711", lambda chat: replace(chat, made_ms=NOW_MS))
    async with valkey.writing() as redis:
        await redis.xadd(stream, {"row": row})
    (claimed,) = await outbox.claim("worker", 1)
    await outbox.begin(claimed, "worker", "a1")

    erasing = Interrupted(valkey, lambda: outbox.commit(claimed, packed_wave(Wave("telegram:4711"))))
    assert await erasing.forget(Subject("telegram:4711", ("telegram:4711",)), NOW_MS)

    assert [key for key in await dump(valkey) if "telegram:4711" in key] == []


async def test_a_batch_under_way_gives_no_row_to_a_chat_that_was_forgotten_meanwhile(
    valkey: Connection,
) -> None:
    chats, bulletins = StoredChats(valkey), Bulletins(valkey, group_wait_ms=0)
    for address in ("telegram:1", "telegram:2", "telegram:3"):
        await chats.change(address, lambda chat: replace(chat, made_ms=NOW_MS))
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    await Forgetting(valkey).forget(Subject("", ("telegram:2",)), NOW_MS)
    addresses = ("telegram:1", "telegram:2", "telegram:3")
    assert await bulletins.fan_out(
        batch, [packed(waiting(one)) for one in addresses], "telegram:3", addresses
    )
    assert await Outbox(valkey, "telegram").depth() == {"0": 2, "1": 0, "2": 0, "later": 0}


async def test_a_batch_that_had_just_come_to_a_forgotten_chat_goes_on_after_the_one_before(
    valkey: Connection,
) -> None:
    chats, bulletins = StoredChats(valkey), Bulletins(valkey, group_wait_ms=0)
    for address in ("telegram:1", "telegram:2", "telegram:3"):
        await chats.change(address, lambda chat: replace(chat, made_ms=NOW_MS))
    await bulletins.announce(FIRED)
    batch = await bulletins.batch()
    assert batch is not None
    await bulletins.fan_out(batch, [], "telegram:2")
    await Forgetting(valkey).forget(Subject("", ("telegram:2",)), NOW_MS)
    resumed = await bulletins.batch()
    assert resumed is not None
    assert resumed.cursor == "telegram:1"
    with pytest.raises(NotOurs):
        await bulletins.fan_out(replace(batch, cursor="telegram:2"), [], "telegram:3")


async def test_the_names_a_chat_had_before_are_forgotten_with_it(valkey: Connection) -> None:
    chats = StoredChats(valkey)
    await chats.change("telegram:-5", lambda chat: replace(chat, made_ms=NOW_MS))
    await chats.move("telegram:-5", "telegram:-1005")
    await chats.change("telegram:-1005:9", lambda chat: replace(chat, made_ms=NOW_MS))
    await Forgetting(valkey).forget(Subject("", ("telegram:-1005",)), NOW_MS)
    assert set(await dump(valkey)) == {keys.TOMBSTONES, keys.SECRETS, keys.CHATS_CHANGES}
    graves = await read_graves(valkey)
    for address in ("telegram:-5", "telegram:-1005", "telegram:-1005:9"):
        assert graves.covers(address, NOW_MS - 1)


async def test_a_mark_holds_of_what_is_older_alone_so_that_one_may_begin_anew(valkey: Connection) -> None:
    await Forgetting(valkey).forget(Subject("telegram:1", ("telegram:1",)), NOW_MS)
    graves = await read_graves(valkey)
    assert graves.covers("telegram:1", NOW_MS)
    assert graves.covers("telegram:1:7", NOW_MS - 1)
    assert graves.covers_key(keys.person("telegram:1"), NOW_MS - 1)
    assert graves.covers_key(keys.chat("telegram:1:7"), NOW_MS - 1)
    assert not graves.covers("telegram:1", NOW_MS + 1)
    assert not graves.covers("telegram:11", NOW_MS - 1)
    assert not graves.covers_key(keys.WATCHED, NOW_MS - 1)


async def test_who_follows_the_changes_of_chats_reads_all_anew_after_somebody_was_forgotten(
    valkey: Connection,
) -> None:
    chats = StoredChats(valkey)
    await chats.change("telegram:1", lambda chat: replace(chat, made_ms=NOW_MS))
    cursor = await chats.newest_change()
    await Forgetting(valkey).forget(Subject("", ("telegram:1",)), NOW_MS)
    assert await chats.changes(cursor) is None
    assert await chats.changes(await chats.newest_change()) is not None


async def test_suspending_a_chat_that_was_forgotten_does_not_make_it_anew(valkey: Connection) -> None:
    assert not await StoredChats(valkey).change_known(
        "telegram:1", lambda chat: suspend(chat, "gone", NOW_MS)
    )
    assert await dump(valkey) == {}


async def test_on_discord_a_persons_own_chats_are_found_and_a_servers_channel_stays(
    valkey: Connection,
) -> None:
    chats, by = StoredChats(valkey), (Change(NOW_MS, "discord:456", "muted", "BTC 60m"),)
    await chats.change("discord:9001", lambda chat: replace(chat, changes=by))
    await chats.change("discord:9002", lambda chat: replace(chat, changes=by, server="55"))
    other = (*by, Change(NOW_MS, "discord:457", "muted", "BTC 60m"))
    await chats.change("discord:9003", lambda chat: replace(chat, changes=other))

    await Forgetting(valkey).forget(Subject("discord:456", ("discord:456", "discord:@456")), NOW_MS)

    assert await chats.get("discord:9001") is None
    for address in ("discord:9002", "discord:9003"):
        chat = await chats.get(address)
        assert chat is not None
        assert chat.changes[0].by == UNNAMED


async def test_the_leader_alone_erases_through_its_fence(valkey: Connection) -> None:
    await crowd(valkey, seed=5, people=FEW)
    async with valkey.writing() as redis:
        await redis.set(keys.lease("matching"), "7:here")
    stale = Forgetting(valkey.fenced(keys.lease("matching"), "6:there"))
    with pytest.raises(StoreUnavailable):
        await stale.forget(subject_of(WHO), NOW_MS)
    assert traces_in(await dump(valkey), WHO)
    assert await Forgetting(valkey.fenced(keys.lease("matching"), "7:here")).forget(subject_of(WHO), NOW_MS)
    assert traces_in(await dump(valkey), WHO) == []


async def test_who_had_no_chat_lets_nobody_read_all_chats_anew(valkey: Connection) -> None:
    await Forgetting(valkey).forget(Subject("telegram:1", ("telegram:1",)), NOW_MS)
    assert keys.CHATS_CHANGES not in await dump(valkey)
