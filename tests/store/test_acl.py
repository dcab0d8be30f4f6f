"""The users' file that is shipped: everything the service does is allowed under it, and what it never does is refused.

What the other tests of the store do is done here once more as that user, so that a new command is missed here first.
"""

import subprocess
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from _pytest.fixtures import FixtureFunctionDefinition
from redis.asyncio import Redis

from store.connection import Connection, StoreUnavailable, check_safe, connected
from store.memos import StoredMemos
from tests.doubles.server import valkey_with
from tests.doubles.waiting import until

MAKE_USERS = Path(__file__).parents[2] / "deploy" / "valkey" / "make-users.sh"
AGAIN = (
    "alerts_log",
    "backup",
    "fence",
    "forgetting",
    "chats",
    "history",
    "hours",
    "lease",
    "limits",
    "memos",
    "outbox",
    "people",
    "snapshots",
    "sources",
    "tiers",
    "watchlist",
)
OF_AN_ADMIN = (
    "flush",
    "memory",
    "is_full",
    "server_forgot",
    "is_one_command",
    "whatever_happens",
    "at_either_address",
    "byte_identical",
)
"""Tests with such words in their name change or measure the server itself, or take long."""

for module in AGAIN:
    for name, thing in vars(import_module(f"tests.store.test_{module}")).items():
        if isinstance(thing, FixtureFunctionDefinition) and not name.startswith("valkey"):
            globals()[name] = thing
        is_test = name.startswith("test_") and not any(word in name for word in OF_AN_ADMIN)
        if is_test and "valkey_socket" not in getattr(thing, "__annotations__", {}):
            globals()[f"test_{module}_{name.removeprefix('test_')}"] = thing


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the shipped script has written, with a user of the test's own beside."""
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run(["sh", str(MAKE_USERS), str(folder)], check=True)
    users = folder / "valkey.acl"
    users.chmod(0o600)
    users.write_text(f"{users.read_text()}user tester on nopass ~* &* +@all\n")
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def guarded(secrets: Path) -> AsyncIterator[Path]:
    """The socket of a server with these users."""
    async with valkey_with(aclfile=str(secrets / "valkey.acl")) as socket:
        yield socket


@pytest.fixture
def address(secrets: Path, guarded: Path) -> str:
    """The address that the script gave the bot, on this server's socket."""
    login = (secrets / "redis_url").read_text().removeprefix("redis://").partition("@")[0]
    return f"unix://{login}@{guarded}"


@pytest_asyncio.fixture
async def tester(guarded: Path) -> AsyncIterator[Redis]:
    async with Redis(unix_socket_path=str(guarded), username="tester", password="any") as redis:
        yield redis


@pytest_asyncio.fixture
async def valkey(address: str, tester: Redis) -> AsyncIterator[Connection]:
    """The bot's connection to a server that holds nothing: in place of the one other tests have."""
    await tester.flushall()
    async with connected(address) as connection:
        yield connection


async def test_nothing_that_the_bot_may_do_reaches_beyond_its_own_keys_or_the_server(
    valkey: Connection, tester: Redis
) -> None:
    for words in (
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG GET *",
        "CONFIG SET maxmemory 1",
        "KEYS *",
        "SHUTDOWN",
        "ACL LIST",
        "MONITOR",
        "CLIENT KILL TYPE normal",
        "CLIENT LIST",
        "SCRIPT FLUSH",
        "FUNCTION FLUSH",
        "REPLICAOF NO ONE",
        "SAVE",
        "SWAPDB 0 1",
        "MIGRATE h 1 v1:a 0 1",
        "MODULE LIST",
        "GET other:key",
        "SET v2:key 1",
        "PUBLISH news 1",
        "SUBSCRIBE news",
    ):
        with pytest.raises(StoreUnavailable, match="permission"):
            async with valkey.writing() as redis:
                await cast("Any", redis).execute_command(*words.split())
    script = "return redis.call('GET', 'other:key')"
    with pytest.raises(StoreUnavailable, match=r"permission|ACL|access"):
        async with valkey.writing() as redis:
            await redis.eval(script, 0)
    assert await tester.acl_dryrun("seawall", "GET", "v1:feed") in {b"OK", "OK"}


async def test_the_start_looks_at_the_server_and_changes_are_told_of(address: str, tester: Redis) -> None:
    await tester.flushall()
    async with connected(address) as connection, connection.remembering():
        await check_safe(connection)
        await until(lambda: connection.memory.is_told)
        memos = StoredMemos(connection)
        await tester.set("v1:memo:a", "one")
        assert await memos.read("a") == "one"
        await tester.set("v1:memo:a", "two")

        async def is_new() -> bool:
            return await memos.read("a") == "two"

        while not await is_new():
            await connection.memory.of("v1:none", "", is_new)


async def test_without_a_login_nothing_is_answered_and_the_health_of_the_server_is(
    guarded: Path, address: str
) -> None:
    with pytest.raises(StoreUnavailable, match="Authentication required"):
        async with connected(guarded):
            pass
    async with Redis(unix_socket_path=str(guarded), username="health", password="x") as redis:
        assert await redis.ping()
        with pytest.raises(Exception, match="permission"):
            await redis.get("v1:feed")
    assert "nopass" not in address


def test_the_script_writes_for_its_readers_alone_and_never_over_a_password(tmp_path: Path) -> None:
    subprocess.run(["sh", str(MAKE_USERS), str(tmp_path)], check=True)
    files = [tmp_path / "valkey.acl", tmp_path / "redis_url"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o400, 0o400]
    password = files[1].read_text().split(":")[2].partition("@")[0]
    assert len(password) == 64
    assert password not in files[0].read_text()
    again = subprocess.run(["sh", str(MAKE_USERS), str(tmp_path)], check=False, capture_output=True)
    assert again.returncode == 1
    assert b"there already" in again.stderr
