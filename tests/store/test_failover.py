"""Another server takes over: what a replica says ends nothing, and the address is looked up anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from store.connection import StoreUnavailable, connected
from store.lease import Lease
from store.memos import StoredMemos
from store.pace import Pace, Rate
from tests.doubles.proxy import Proxy, proxied
from tests.doubles.server import valkey_with

NOBODY = ("127.0.0.1", 1)
"""A master that is not there."""


@pytest_asyncio.fixture
async def old() -> AsyncIterator[Path]:
    async with valkey_with() as socket:
        yield socket


@pytest_asyncio.fixture
async def name(old: Path) -> AsyncIterator[Proxy]:
    """What the name of the store leads to: the old server, until it is another."""
    async with proxied(old) as proxy:
        yield proxy


async def order(socket: Path, *words: object) -> None:
    async with Redis(unix_socket_path=str(socket)) as redis:
        await cast("Any", redis).execute_command(*words)


async def test_a_server_that_became_a_replica_is_left_and_its_name_looked_up_anew(
    old: Path, name: Proxy
) -> None:
    async with valkey_with() as new, connected(name.url) as connection:
        memos = StoredMemos(connection)
        await memos.keep("a", "kept", 60)
        await order(old, "REPLICAOF", *NOBODY)
        name.socket = new  # the name leads to the new one; connections that are open stay with the old one
        with pytest.raises(StoreUnavailable, match="read only"):
            await memos.keep("a", "more", 60)
        await memos.keep("a", "there", 60)
        assert await memos.read("a") == "there"
        async with connected(new) as there:
            assert await StoredMemos(there).read("a") == "there"


async def test_a_replica_that_has_lost_its_master_is_left_too(old: Path, name: Proxy) -> None:
    async with valkey_with() as new, connected(name.url) as connection:
        memos = StoredMemos(connection)
        assert await memos.read("a") is None
        await order(old, "CONFIG", "SET", "replica-serve-stale-data", "no")
        await order(old, "REPLICAOF", *NOBODY)
        name.socket = new
        with pytest.raises(StoreUnavailable, match=r"MASTERDOWN|[Ll]ink with MASTER is down"):
            await memos.read("a")
        assert await memos.read("a") is None


async def test_a_server_that_still_loads_is_waited_for_and_is_told_the_scripts_it_never_had(
    tmp_path: Path,
) -> None:
    rate = (Rate(0.01, 1.0),)
    slowly = {"key_load_delay": "5000", "loading_process_events_interval_bytes": "1024"}
    async with (
        valkey_with(dir=str(tmp_path)) as before,
        proxied(before) as name,
        connected(name.url) as connection,
    ):
        pace = Pace(connection, "telegram", Rate(30.0, 30.0))
        assert await pace.take("telegram:1", rate) == 0.0
        async with connection.writing() as redis:
            await redis.mset({f"v1:filler:{number}": "0" * 2_000 for number in range(200)})
        await order(before, "SAVE")
        async with valkey_with(dir=str(tmp_path), **slowly) as again:
            name.socket = again
            await order(before, "CLIENT", "KILL", "TYPE", "normal")
            said = set()
            async with asyncio.timeout(60.0):
                while True:
                    try:
                        assert await pace.take("telegram:1", rate) > 0.0, "its bucket came along"
                        break
                    except StoreUnavailable as failure:
                        said.add(str(failure))
                        await asyncio.sleep(0.05)
            assert any("loading" in words.lower() for words in said), said


async def test_after_a_failover_that_lost_the_lease_the_token_tells_the_old_leader_from_the_new(
    old: Path, name: Proxy
) -> None:
    async with valkey_with() as new, connected(name.url) as connection:
        lease = Lease(connection, "scheduler", "a")
        tenure = await lease.take()
        await order(old, "REPLICAOF", *NOBODY)
        name.socket = new
        async with connected(new) as there:
            other = Lease(there, "scheduler", "b")
            await other.take()
            with pytest.raises(StoreUnavailable):
                await lease.renew(tenure)
            assert not await lease.renew(tenure)
