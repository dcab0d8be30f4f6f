"""What is kept in the process until the server says that it changed: never older than the last change, whoever made it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from redis import Redis

from store import keys
from store.chats import StoredChats
from store.connection import Connection, StoreUnavailable, connected
from store.memos import StoredMemos
from store.recall import HEARD_WITHIN_S, Memory
from store.snapshots import StoredSnapshots
from tests.doubles.proxy import Proxy, proxied
from tests.doubles.waiting import until
from tests.store.samples import BTC

ADDRESS = "telegram:11"


@pytest_asyncio.fixture
async def proxy(valkey: Connection, valkey_socket: Path) -> AsyncIterator[Proxy]:
    async with proxied(valkey_socket) as broken_wire:
        yield broken_wire


async def told(connection: Connection) -> None:
    await until(lambda: connection.memory.is_told)


async def commands_done(connection: Connection, name: str) -> int:
    async with connection.reading() as redis:
        stats = await redis.info("commandstats")
    return int(stats.get(f"cmdstat_{name}", {}).get("calls", 0))


async def test_what_did_not_change_is_asked_for_once(valkey: Connection, valkey_socket: Path) -> None:
    await StoredSnapshots(valkey).save(BTC)
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        snapshots = StoredSnapshots(connection)
        first, before = await snapshots.latest("BTC"), await commands_done(valkey, "get")
        assert [await snapshots.latest("BTC") for _ in range(20)] == [first] * 20
        assert await commands_done(valkey, "get") == before


async def test_what_another_process_changes_is_read_anew(valkey: Connection, valkey_socket: Path) -> None:
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        snapshots = StoredSnapshots(connection)
        for step in range(20):
            saved = replace(BTC, at_ms=BTC.at_ms + step)
            await StoredSnapshots(valkey).save(saved)
            await until(partial(is_latest, snapshots, saved))


async def is_latest(snapshots: StoredSnapshots, wanted: object) -> bool:
    return await snapshots.latest("BTC") == wanted


async def test_what_is_changed_here_is_read_anew_at_once(valkey_socket: Path) -> None:
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        snapshots, chats, memos = (
            StoredSnapshots(connection),
            StoredChats(connection),
            StoredMemos(connection),
        )
        for step in range(50):
            await snapshots.save(replace(BTC, at_ms=BTC.at_ms + step))
            latest = await snapshots.latest("BTC")
            assert latest is not None
            assert latest.at_ms == BTC.at_ms + step
            await chats.change(ADDRESS, lambda chat, step=step: replace(chat, made_ms=step + 1))  # type: ignore[misc]
            chat = await chats.get(ADDRESS)
            assert chat is not None
            assert chat.made_ms == step + 1
            await memos.keep("a", str(step), 60)
            assert await memos.read("a") == str(step)


async def test_a_process_that_was_held_up_gives_nothing_out_that_changed_meanwhile(
    valkey: Connection, valkey_socket: Path
) -> None:
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        memos = StoredMemos(connection)
        await memos.keep("a", "before", 60)
        assert await memos.read("a") == "before"
        with Redis(
            unix_socket_path=str(valkey_socket)
        ) as another:  # it holds the loop up, as a stopped process is
            another.set(keys.memo("a"), "after")
        connection.memory.heard_s -= 2 * HEARD_WITHIN_S
        assert await memos.read("a") == "after"


async def test_an_answer_that_was_overtaken_by_a_change_is_not_kept() -> None:
    memory = Memory()
    memory.is_told = True
    gate = asyncio.Event()

    async def slow() -> str:
        await gate.wait()
        return "old"

    async def quick() -> str:
        return "new"

    reading = asyncio.create_task(memory.of("k", "", slow))
    await asyncio.sleep(0)
    memory.forget("k")
    gate.set()
    assert await reading == "old"
    assert await memory.of("k", "", quick) == "new"


async def test_with_many_writers_and_readers_the_last_word_is_read_by_all(valkey_socket: Path) -> None:
    dice = random.Random(7)
    async with (
        connected(valkey_socket) as one,
        connected(valkey_socket) as other,
        one.remembering(),
        other.remembering(),
    ):
        await told(one)
        await told(other)
        sides = [StoredMemos(one), StoredMemos(other)]

        async def live(side: int) -> None:
            for _ in range(300):
                name = f"n{dice.randrange(3)}"
                if dice.random() < 0.3:
                    await sides[side].keep(name, str(dice.random()), 60)
                else:
                    await sides[side].read(name)

        await asyncio.gather(*(live(number % 2) for number in range(8)))
        for name in ("n0", "n1", "n2"):
            async with one.reading() as redis:
                kept = await redis.get(keys.memo(name))
            for memos in sides:
                await until(partial(reads, memos, name, kept))


async def reads(memos: StoredMemos, name: str, wanted: bytes | str | None) -> bool:
    return (await memos.read(name) or "") == (wanted.decode() if isinstance(wanted, bytes) else wanted or "")


async def test_a_server_that_falls_silent_is_not_remembered_and_told_of_again_when_it_is_back(
    valkey: Connection, proxy: Proxy
) -> None:
    await StoredSnapshots(valkey).save(BTC)
    async with connected(proxy.url) as connection, connection.remembering():
        await told(connection)
        snapshots = StoredSnapshots(connection)
        assert await snapshots.latest("BTC") == BTC
        proxy.mute = True
        await until(lambda: not connection.memory.is_told)
        with pytest.raises(StoreUnavailable):
            await snapshots.latest("BTC")
        proxy.mute = False
        await told(connection)
        assert await snapshots.latest("BTC") == BTC


async def test_everything_thrown_away_at_once_is_heard_of(valkey: Connection, valkey_socket: Path) -> None:
    await StoredSnapshots(valkey).save(BTC)
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        snapshots = StoredSnapshots(connection)
        assert await snapshots.latest("BTC") == BTC
        async with valkey.writing() as redis:
            await redis.flushall()
        await until(lambda: is_latest(snapshots, None))


async def test_of_many_only_what_changed_is_read_anew(valkey: Connection, valkey_socket: Path) -> None:
    names = ("BTC", "ETH", "SOL")
    held = {name: replace(BTC, asset=name) for name in names}
    await StoredSnapshots(valkey).watch(names)
    await StoredSnapshots(valkey).save_all(held.values())
    async with connected(valkey_socket) as connection, connection.remembering():
        await told(connection)
        snapshots = StoredSnapshots(connection)
        assert await snapshots.all() == tuple(held.values())
        before = await commands_done(valkey, "mget")
        assert await snapshots.all() == tuple(held.values())
        assert await commands_done(valkey, "mget") == before
        held["ETH"] = replace(held["ETH"], at_ms=BTC.at_ms + 1)
        await snapshots.save(held["ETH"])
        assert await snapshots.all() == tuple(held.values())
        await snapshots.forget("SOL")
        assert await snapshots.all() == (held["BTC"], held["ETH"])


async def test_at_whatever_moment_it_is_told_to_end_it_ends(
    valkey: Connection, valkey_socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library forgets a cancellation that comes while a command is being sent: who remembers was waited for until killed."""
    monkeypatch.setattr("store.recall.HEARD_WITHIN_S", 0.002)  # it then sends nearly all the time
    for steps in range(150):
        async with asyncio.timeout(60.0), connected(valkey_socket) as connection, connection.remembering():
            for _ in range(steps):
                await asyncio.sleep(0)
