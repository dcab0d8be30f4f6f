"""`seawall backup` and `seawall restore` on a real store, while it is used: what is said, and what is there afterwards."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.backup.file import check
from bot.backup.telling import backup, put_back, restore
from bot.evaluating import SCHEDULER
from bot.running import Refusal
from bot.settings import Settings
from scheduler.clock import now_ms
from store import keys
from store.backup import Record
from store.chats import StoredChats
from store.connection import Connection
from store.forgetting import Forgetting
from store.lease import Lease, leader
from store.people import StoredPeople
from store.restore import Fate, Restoring
from store.tombstones import marks_of, read_graves, secret_of
from store.whom import UNNAMED, Subject
from store.wishes import Change, Chat
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import PERSON_SAMPLE
from tests.store.test_backup import PRIVATE, dump, fill

__all__ = ["valkey", "valkey_socket"]

GROUP = "telegram:-100777"
BY_THEM = Change(1, PRIVATE.address, "muted", "BTC 60m")
PASSING = (keys.BULLETINS, keys.ANNOUNCED)
"""On its way when the backup was made, and long over by now."""


@pytest.fixture
def settings(valkey_socket: Path, tmp_path: Path) -> Settings:
    return Settings(redis_url=SecretStr(f"unix://{valkey_socket}"), data_dir=tmp_path / "data")


async def told(settings: Settings, path: Path, *, replaces: bool = False, is_trial: bool = False) -> str:
    said = io.StringIO()
    assert await restore(settings, path, said, replaces=replaces, is_trial=is_trial) == 0
    return said.getvalue()


async def kept(settings: Settings, path: Path, *, with_history: bool = True) -> str:
    said = io.StringIO()
    assert await backup(settings, path, said, with_history=with_history) == 0
    return said.getvalue()


async def emptied(connection: Connection) -> None:
    async with connection.writing() as redis:
        await redis.flushall()


async def test_what_was_lost_is_there_again(valkey: Connection, settings: Settings, tmp_path: Path) -> None:
    await fill(valkey)
    said, before = await kept(settings, tmp_path / "kept"), await dump(valkey)
    assert "chats: 2" in said
    assert "assets' memory: 1" in said
    await emptied(valkey)
    said = await told(settings, tmp_path / "kept")
    assert "it is whole" in said
    assert "chats: 2 written" in said
    for passing in PASSING:
        before.pop(passing)
    assert {**await dump(valkey), **before} == await dump(valkey)
    assert "chats: 2 the same already" in await told(settings, tmp_path / "kept")


async def test_a_store_that_holds_nothing_is_most_often_the_wrong_one_and_takes_no_backups_place(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    before = (tmp_path / "kept").read_bytes()
    await emptied(valkey)
    with pytest.raises(Refusal, match="holds nothing to keep"):
        await backup(settings, tmp_path / "kept", io.StringIO())
    assert (tmp_path / "kept").read_bytes() == before
    assert [one.name for one in tmp_path.glob("*kept*")] == ["kept"]


async def test_no_token_is_in_a_backup(valkey: Connection, settings: Settings, tmp_path: Path) -> None:
    token = "7700000001:a-canary-of-this-test-and-of-no-bot-at-all"
    with_token = settings.model_copy(update={"telegram_token": SecretStr(token)})
    await fill(valkey)
    said = await kept(with_token, tmp_path / "kept") + await told(with_token, tmp_path / "kept")
    assert token not in said
    assert token.encode() not in (tmp_path / "kept").read_bytes()


async def test_a_trial_changes_nothing(valkey: Connection, settings: Settings, tmp_path: Path) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    await emptied(valkey)
    said = await told(settings, tmp_path / "kept", is_trial=True)
    assert "chats: 2 written" in said
    assert "nothing was written" in said
    assert set(await dump(valkey)) <= {keys.SCHEMAS}


async def test_what_changed_since_stays_unless_it_is_to_be_replaced(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    chats = StoredChats(valkey)
    await chats.change("telegram:1", lambda chat: replace(chat, daily_cap=9))
    assert "1 left as the store has them" in await told(settings, tmp_path / "kept")
    assert "1 written" in await told(settings, tmp_path / "kept", replaces=True)
    assert await chats.get("telegram:1") == PRIVATE


async def test_a_damaged_file_changes_nothing(valkey: Connection, settings: Settings, tmp_path: Path) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    await emptied(valkey)
    lines = (tmp_path / "kept").read_bytes().splitlines(keepends=True)
    (tmp_path / "kept").write_bytes(b"".join(lines[:-2]))
    with pytest.raises(Refusal, match=r"its end is missing\. Nothing was changed"):
        await told(settings, tmp_path / "kept")
    assert set(await dump(valkey)) <= {keys.SCHEMAS}


async def test_a_file_that_is_not_there_or_cannot_be_written_is_named(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="nowhere cannot be read: No such file"):
        await told(settings, tmp_path / "nowhere")
    (tmp_path / "letter").write_text("Dear all")
    with pytest.raises(Refusal, match="letter cannot be written: something else has this name"):
        await kept(settings, tmp_path / "letter")


async def test_while_the_service_evaluates_people_come_back_and_the_market_does_not(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    await emptied(valkey)
    tenure = await Lease(valkey, SCHEDULER, "a-process-of-another-machine").take()
    assert "stop it and restore once more" in await told(settings, tmp_path / "kept", is_trial=True)
    said = await told(settings, tmp_path / "kept")
    assert "chats: 2 written" in said
    assert "stop it and restore once more" in said
    assert keys.hours("live", "BTC") not in await dump(valkey)
    assert keys.history("live", "BTC") not in await dump(valkey)
    await Lease(valkey, SCHEDULER, "a-process-of-another-machine").give_up(tenure)
    assert "assets' memory: 1 written" in await told(settings, tmp_path / "kept")
    assert await leader(valkey, SCHEDULER) is None


async def test_one_that_was_broken_off_is_finished_by_the_next(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "kept")
    before = await dump(valkey)
    header = check(tmp_path / "kept").header
    for done in (frozenset({"person"}), frozenset({"tombstone", "chat", "hours"})):
        await emptied(valkey)
        await put_back(tmp_path / "kept", header, valkey, done)
        await told(settings, tmp_path / "kept")
        after = await dump(valkey)
        assert {key: after.get(key) for key in before if key not in PASSING} == {
            key: value for key, value in before.items() if key not in PASSING
        }


async def test_an_old_backup_does_not_bring_back_whoever_was_forgotten(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "old")
    await StoredPeople(valkey).forget(PERSON_SAMPLE.name)
    await StoredChats(valkey).forget("telegram:1")
    marks = marks_of(await secret_of(valkey), ["telegram:1"], now_ms())
    async with valkey.writing() as redis:
        await redis.hset(keys.TOMBSTONES, mapping=dict(marks.items()))
    said = await told(settings, tmp_path / "old", replaces=True)
    assert "people with plans or limits: 1 left out: forgotten since" in said
    assert await StoredChats(valkey).get("telegram:1") is None
    assert await StoredPeople(valkey).get(PERSON_SAMPLE.name) is None


async def test_neither_does_it_into_an_empty_store_with_a_newer_backup_beside_it(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    await fill(valkey)
    await kept(settings, tmp_path / "seawall-20261101T031000Z.jsonl")
    marks = marks_of(await secret_of(valkey), ["telegram:1"], now_ms())
    async with valkey.writing() as redis:
        await redis.hset(keys.TOMBSTONES, mapping=dict(marks.items()))
    await kept(settings, tmp_path / "seawall-20261102T031000Z.jsonl")
    (tmp_path / "seawall-20261103T031000Z.jsonl").write_text("damaged")
    await emptied(valkey)
    said = await told(settings, tmp_path / "seawall-20261101T031000Z.jsonl")
    assert "forgotten since" in said
    assert await StoredPeople(valkey).get(PERSON_SAMPLE.name) is None
    assert set(marks) <= set((await read_graves(valkey)).marks)


async def test_whoever_is_forgotten_while_a_restore_goes_on_does_not_come_back(
    valkey: Connection, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(valkey)
    await StoredChats(valkey).change(GROUP, lambda chat: replace(chat, changes=(BY_THEM,)))
    await kept(settings, tmp_path / "kept")
    await emptied(valkey)

    class Interrupted(Restoring):
        """Somebody is forgotten after it was looked who is, and before anything of theirs is put back."""

        async def put(self, sort: str, records: Sequence[Record]) -> list[Fate]:
            if sort == "person":
                subject = Subject(PRIVATE.address, (PRIVATE.address,))
                assert await Forgetting(valkey).forget(subject, now_ms())
            return await super().put(sort, records)

    monkeypatch.setattr("bot.backup.telling.Restoring", Interrupted)
    await told(settings, tmp_path / "kept")
    assert await StoredPeople(valkey).get(PRIVATE.address) is None
    assert await StoredChats(valkey).get(PRIVATE.address) is None
    assert [key for key in await dump(valkey) if str(key).endswith(f":{PRIVATE.address}")] == []
    group = await StoredChats(valkey).get(GROUP)
    assert group is not None
    assert [change.by for change in group.changes] == [UNNAMED]


async def test_chats_that_come_while_a_backup_is_written_do_no_harm(
    valkey: Connection, settings: Settings, tmp_path: Path
) -> None:
    chats = StoredChats(valkey)
    for number in range(600):
        await chats.change(f"telegram:{number}", lambda chat: replace(chat, daily_cap=1))

    async def change() -> None:
        for number in range(600, 900):
            await chats.change(f"telegram:{number}", lambda chat: replace(chat, daily_cap=1))

    await asyncio.gather(kept(settings, tmp_path / "kept"), change())
    await emptied(valkey)
    await told(settings, tmp_path / "kept")
    found = {chat.address: chat async for chat in chats.all()}
    assert {f"telegram:{number}" for number in range(600)} <= set(found)
    assert all(chat == Chat(address, daily_cap=1) for address, chat in found.items())
