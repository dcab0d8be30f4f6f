"""Everything that cannot be had again, out of one store and into another: nothing is lost, doubled, or put over what is newer."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from market.observations import HOUR_MS
from store import keys
from store.backup import SORTS, Record, packed_past, records
from store.bulletins import ANNOUNCED_KEPT_MS, Bulletins, transition_of
from store.chats import StoredChats
from store.codec import encode, read
from store.connection import Connection, connected
from store.history import History
from store.hours import StoredHours
from store.kept import Backup
from store.limits import StoredLimits
from store.people import PERSON, StoredPeople
from store.registry import entries
from store.restore import Fate, Manner, Restoring
from store.server import ephemeral_valkey
from store.tombstones import Graves, mark_of, marks_of, read_graves, secret_of
from store.watchlist import Applied, StoredWatchlist
from store.waves import packed_wave
from store.whom import UNNAMED
from store.wishes import Change
from tests.store.samples import (
    CHAT_SAMPLE,
    FIRED,
    HOURS_SAMPLE,
    NOW_MS,
    PERSON_SAMPLE,
    STEP,
    WAVE_SAMPLE,
    golden_file,
)
from tests.store.shapes import kinds

MARK = mark_of(b"some secret", "telegram:77")
MERGE = Manner(NOW_MS)
REPLACE = Manner(NOW_MS, replaces=True)
TRIAL = Manner(NOW_MS, is_trial=True)
PRIVATE = replace(CHAT_SAMPLE, address="telegram:1")
ENGINE = next(kind for kind in kinds() if kind.name == "engine state")


@pytest_asyncio.fixture
async def other() -> AsyncIterator[Connection]:
    """Another store, which holds nothing."""
    async with ephemeral_valkey() as socket, connected(socket) as connection:
        yield connection


async def fill(connection: Connection) -> None:
    """A store with one of everything that a backup takes."""
    watchlist = StoredWatchlist(connection)
    await watchlist.apply(("BTC", "ETH"), Applied("BTC,ETH", is_complete=True))
    await Bulletins(connection).announce(FIRED)
    await StoredPeople(connection).change(PERSON_SAMPLE.name, lambda _: PERSON_SAMPLE)
    await StoredChats(connection).change(CHAT_SAMPLE.address, lambda _: CHAT_SAMPLE)
    await StoredChats(connection).change(PRIVATE.address, lambda _: PRIVATE)
    await StoredHours(connection, "live").save("BTC", HOURS_SAMPLE)
    history = History(connection, ENGINE, "live")
    state = _engine()
    await history.save_checkpoint("BTC", 7, state)
    await history.append("BTC", 8, STEP.now_ms, STEP.observations, b"beside")
    async with connection.writing() as redis:
        await redis.set(keys.wave("telegram:1"), packed_wave(WAVE_SAMPLE))
        await redis.set(keys.moved("telegram:-5"), "telegram:-100123:7", pxat=NOW_MS + 10**12)
        await redis.hset(keys.TOMBSTONES, mapping={MARK: NOW_MS - HOUR_MS})
    await secret_of(connection)
    await StoredLimits(connection).may_warn("telegram:1", "telegram:-100123:7", 20)


def _engine() -> object:
    return read(ENGINE, golden_file("engine_state", 3).read_bytes())


async def taken(connection: Connection) -> list[Record]:
    return [record async for record in records(connection, with_history=True)]


async def put(connection: Connection, some: list[Record], manner: Manner = MERGE) -> dict[str, list[Fate]]:
    restoring, fates = Restoring(connection, manner), {}
    for sort in SORTS:
        of_sort = [record for record in some if record.sort == sort.name]
        if of_sort:
            fates[sort.name] = await restoring.put(sort.name, of_sort)
    return fates


async def dump(connection: Connection) -> dict[str, object]:
    """Every key with its value; of what lasts for a time only that it does; without the log of changes."""
    found: dict[str, object] = {}
    async with connection.reading(60.0) as redis, redis.pipeline(transaction=False) as together:
        names = [key async for key in redis.scan_iter(count=1_000) if key.decode() != keys.CHATS_CHANGES]
        for name in names:
            together.type(name)
        kinds = await together.execute()
        for name, kind in zip(names, kinds, strict=True):
            # the members of a set are in no order
            together.smembers(name) if kind == b"set" else together.dump(name)
            together.pttl(name)
        told = await together.execute()
    for name, value, left_ms in zip(names, told[::2], told[1::2], strict=True):
        found[name.decode()] = (value, left_ms > 0)
    return found


def test_a_backup_takes_what_the_registry_says() -> None:
    taken_always = {name for sort in SORTS if not sort.on_wish for name in sort.entries}
    assert taken_always == {entry.name for entry in entries() if entry.backup is Backup.ALWAYS}
    taken_on_wish = {name for sort in SORTS if sort.on_wish for name in sort.entries}
    assert taken_on_wish == {entry.name for entry in entries() if entry.backup is Backup.ON_WISH}


async def test_an_empty_store_holds_afterwards_what_the_full_one_did(
    valkey: Connection, other: Connection
) -> None:
    await fill(valkey)
    before = await taken(valkey)
    assert {record.sort for record in before} == {sort.name for sort in SORTS}
    fates = await put(other, before)
    assert {fate for some in fates.values() for fate in some} == {Fate.WRITTEN}
    full, restored = await dump(valkey), await dump(other)
    for passing in (keys.BULLETINS,):  # on their way when the backup was made: announced, and told
        full.pop(passing)
    assert restored == full


async def test_repeating_it_changes_nothing(valkey: Connection, other: Connection) -> None:
    await fill(valkey)
    before = await taken(valkey)
    await put(other, before)
    once = await dump(other)
    for manner in (MERGE, REPLACE):
        fates = await put(other, before, manner)
        written = {name for name, some in fates.items() if Fate.WRITTEN in some}
        assert written <= {"history"}  # its steps are not compared, they are put there again
        assert await dump(other) == once


async def test_without_the_wish_for_history_it_stays_where_it_is(valkey: Connection) -> None:
    await fill(valkey)
    sorts = {record.sort async for record in records(valkey, with_history=False)}
    assert sorts == {sort.name for sort in SORTS if not sort.on_wish}


async def test_a_chat_that_changed_since_stays_as_it_is_now(valkey: Connection) -> None:
    await fill(valkey)
    before, chats = await taken(valkey), StoredChats(valkey)
    await chats.change("telegram:1", lambda chat: replace(chat, daily_cap=9))
    fates = await put(valkey, before)
    assert Fate.LEFT in fates["chat"]
    chat = await chats.get("telegram:1")
    assert chat is not None
    assert chat.daily_cap == 9


async def test_it_is_replaced_where_that_is_wanted_and_whoever_read_it_before_notices(
    valkey: Connection,
) -> None:
    await fill(valkey)
    before, chats = await taken(valkey), StoredChats(valkey)
    await chats.change("telegram:1", lambda chat: replace(chat, daily_cap=9))
    async with valkey.reading() as redis:
        version = await redis.hget(keys.chat("telegram:1"), "version")
    fates = await put(valkey, before, REPLACE)
    assert sorted(fates["chat"]) == sorted([Fate.WRITTEN, Fate.SAME])
    assert await chats.get("telegram:1") == PRIVATE
    async with valkey.reading() as redis:
        assert int(await redis.hget(keys.chat("telegram:1"), "version") or 0) > int(version or 0)


async def test_a_person_who_is_replaced_holds_plans_in_the_assets_of_the_backup(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    elsewhere = replace(PERSON_SAMPLE.plans[0], asset="SOL")
    await people.change(PERSON_SAMPLE.name, lambda _: replace(PERSON_SAMPLE, plans=(elsewhere,)))
    record = Record("person", PERSON_SAMPLE.name, encode(PERSON, PERSON_SAMPLE), 1)
    await put(valkey, [record], REPLACE)
    assert (await people.holders("SOL"))[0] == ()
    assert (await people.holders("BTC"))[0] == (PERSON_SAMPLE.name,)


async def test_a_trial_says_what_would_be_and_writes_nothing(valkey: Connection, other: Connection) -> None:
    await fill(valkey)
    before = await taken(valkey)
    fates = await put(other, before, TRIAL)
    assert {fate for some in fates.values() for fate in some} == {Fate.WRITTEN}
    assert await dump(other) == {}


async def test_assets_of_the_backup_are_watched_beside_those_of_now(valkey: Connection) -> None:
    await fill(valkey)
    before, watchlist = await taken(valkey), StoredWatchlist(valkey)
    await watchlist.drop("ETH")
    await watchlist.add("SOL")
    await put(valkey, before)
    assert await watchlist.watched() == ("BTC", "SOL", "ETH")
    await put(valkey, before, REPLACE)
    assert await watchlist.watched() == ("BTC", "ETH")


async def test_what_was_announced_is_not_announced_once_more(valkey: Connection, other: Connection) -> None:
    await fill(valkey)
    await put(other, await taken(valkey))
    assert not await Bulletins(other).announce(FIRED)


async def test_what_is_over_is_not_put_back(other: Connection) -> None:
    old = Record("announced", transition_of(FIRED), number=NOW_MS - ANNOUNCED_KEPT_MS - 1)
    gone = Record("moved", "telegram:-5", b"telegram:-6", NOW_MS - 1)
    lonely = Record("wave", "telegram:1", packed_wave(WAVE_SAMPLE))
    fates = await put(other, [old, gone, lonely])
    assert fates == {"announced": [Fate.OVER], "moved": [Fate.OVER], "wave": [Fate.OVER]}
    assert await dump(other) == {}


async def test_the_memory_of_an_asset_goes_on_where_it_ended(valkey: Connection, other: Connection) -> None:
    await fill(valkey)
    await put(other, await taken(valkey))
    kept = await History(other, ENGINE, "live").load("BTC")
    assert kept.last_seq == 8
    assert kept.steps == (STEP,)
    assert kept.beside == b"beside"
    assert kept.lost is None


async def test_a_memory_that_is_there_stays_unless_it_is_to_be_replaced(valkey: Connection) -> None:
    await fill(valkey)
    record = Record("history", "BTC", packed_past((3, 3, b"", b"", [])), 3)
    assert await put(valkey, [record]) == {"history": [Fate.LEFT]}
    assert (await History(valkey, ENGINE, "live").load("BTC")).last_seq == 8
    assert await put(valkey, [record], REPLACE) == {"history": [Fate.WRITTEN]}
    assert (await History(valkey, ENGINE, "live").load("BTC")).last_seq == 3


async def test_of_two_times_of_being_forgotten_the_later_counts(valkey: Connection) -> None:
    await put(valkey, [Record("tombstone", MARK.hex(), number=NOW_MS)])
    await put(valkey, [Record("tombstone", MARK.hex(), number=NOW_MS - 1)])
    assert (await read_graves(valkey)).marks == {MARK: NOW_MS}


async def test_whoever_was_forgotten_since_does_not_come_back(valkey: Connection, other: Connection) -> None:
    await fill(valkey)
    changed = replace(PRIVATE, address="discord:9", changes=(Change(NOW_MS, "telegram:1", "muted", "BTC"),))
    await StoredChats(valkey).change("discord:9", lambda _: changed)
    before = await taken(valkey)
    secret = await secret_of(other)
    graves = Graves((b"another", secret), marks_of(secret, ["telegram:1"], NOW_MS))
    fates = await put(other, before, Manner(NOW_MS, replaces=True, made_ms=NOW_MS - 1, graves=graves))
    assert fates["person"] == fates["warned-by"] == fates["wave"] == [Fate.FORGOTTEN]
    assert sorted(fates["chat"]) == [Fate.FORGOTTEN, Fate.WRITTEN, Fate.WRITTEN]
    kept = await StoredChats(other).get("discord:9")
    assert kept is not None
    assert [change.by for change in kept.changes] == [UNNAMED]
    for key, value in (await dump(other)).items():
        assert "telegram:1" not in key
        assert b"telegram:1\xa5" not in str(value).encode()


async def test_whoever_began_anew_before_the_backup_was_made_is_in_it(
    valkey: Connection, other: Connection
) -> None:
    await fill(valkey)
    secret = await secret_of(other)
    graves = Graves((secret,), marks_of(secret, ["telegram:1"], NOW_MS - 1))
    fates = await put(other, await taken(valkey), Manner(NOW_MS, made_ms=NOW_MS, graves=graves))
    assert fates["person"] == [Fate.WRITTEN]


async def test_a_secret_that_comes_along_is_not_the_one_new_marks_are_made_under(
    valkey: Connection, other: Connection
) -> None:
    theirs, ours = await secret_of(valkey), await secret_of(other)
    await put(other, await taken(valkey))
    assert (await read_graves(other)).secrets == (ours, theirs)


async def test_a_chat_that_two_were_warned_in_is_among_both(valkey: Connection) -> None:
    limits = StoredLimits(valkey)
    await limits.may_warn("telegram:1", "telegram:-7", 20)
    await put(valkey, [Record("warned-by", "telegram:1", b"telegram:-5 telegram:-6")])
    assert await limits.warned("telegram:1") == ("telegram:-5", "telegram:-6", "telegram:-7")
