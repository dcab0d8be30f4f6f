"""The way to the server: lost answers, silence, unsafe servers, and passwords that stay unsaid."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from market.observations import HOUR_MS
from store.alerts_log import AlertsLog
from store.connection import (
    READ_WITHIN_S,
    Connection,
    StoreUnavailable,
    UnsafeStore,
    check_safe,
    connected,
    open_connection,
)
from store.history import History
from store.server import ephemeral_valkey
from store.snapshots import StoredSnapshots
from tests.doubles.proxy import Proxy, proxied
from tests.doubles.waiting import until
from tests.store.program import process_id
from tests.store.programs import is_gone, kill_server
from tests.store.samples import BTC, FIRED, NOW_MS
from tests.store.test_history import SUM, coins

SECRET = "hunter2-canary"


@pytest_asyncio.fixture
async def proxy(valkey: Connection, valkey_socket: Path) -> AsyncIterator[Proxy]:
    async with proxied(valkey_socket) as broken_wire:
        yield broken_wire


async def test_a_write_whose_answer_is_lost_is_done_once_and_said_to_be_unknown(
    valkey: Connection, proxy: Proxy
) -> None:
    async with connected(proxy.url) as connection:
        async with connection.writing() as redis:
            await redis.ping()
        proxy.lose_answers = 1
        with pytest.raises(StoreUnavailable):
            async with connection.writing() as redis:
                await redis.incr("count")
    async with valkey.reading() as redis:
        assert await redis.get("count") == b"1"


async def test_a_repeated_command_would_have_been_done_twice(valkey: Connection, proxy: Proxy) -> None:
    async with connected(proxy.url) as connection:
        proxy.lose_answers = 1
        async with connection.reading() as redis:
            await redis.incr("count")  # what must never be sent this way
    async with valkey.reading() as redis:
        assert await redis.get("count") == b"2"


async def test_a_read_whose_answer_is_lost_is_repeated(valkey: Connection, proxy: Proxy) -> None:
    await StoredSnapshots(valkey).save(BTC)
    async with connected(proxy.url) as connection:
        proxy.lose_answers = 1
        assert await StoredSnapshots(connection).latest("BTC") == BTC


async def test_a_step_and_an_alert_whose_answers_are_lost_are_kept_once(
    valkey: Connection, proxy: Proxy
) -> None:
    async with connected(proxy.url) as connection:
        memory, log = History(connection, SUM), AlertsLog(connection)
        await memory.append("ETH", 1, NOW_MS, ())
        await log.append(FIRED)
        for _ in range(2):
            proxy.lose_answers = 1
            with pytest.raises(StoreUnavailable):
                await memory.append("BTC", 1, NOW_MS, coins(1.0))
            proxy.lose_answers = 1
            with pytest.raises(StoreUnavailable):
                await log.append(FIRED)
        assert await memory.append("BTC", 1, NOW_MS, coins(1.0)) == 1
    assert len((await History(valkey, SUM).load("BTC")).steps) == 1
    assert await AlertsLog(valkey).recent(10) == (FIRED,)


async def test_a_server_that_says_nothing_is_given_up_within_a_second(proxy: Proxy) -> None:
    async with connected(proxy.url) as connection:
        proxy.mute = True
        begun = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable):
            await StoredSnapshots(connection).latest("BTC")
        assert asyncio.get_running_loop().time() - begun < 3 * READ_WITHIN_S  # the library's own takes 4.3 s
        proxy.mute = False
        assert await StoredSnapshots(connection).latest("BTC") is None


async def test_a_paused_server_is_given_up_and_found_again(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.client_pause(60_000, all=False)
    with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.2 s"):
        async with valkey.writing(within_s=0.2) as redis:
            await redis.set("a", "1")
    async with valkey.writing() as redis:
        await redis.client_unpause()
        await redis.set("a", "2")
    assert await valkey_get(valkey, "a") == b"2"


async def valkey_get(connection: Connection, key: str) -> object:
    async with connection.reading() as redis:
        return await redis.get(key)


async def test_a_server_that_comes_back_is_found_without_a_new_connection() -> None:
    async with ephemeral_valkey() as socket:
        connection = open_connection(socket)
        assert await valkey_get(connection, "a") is None
        kill_server(await process_id(socket))
        await until(lambda: is_gone(socket))
        with pytest.raises(StoreUnavailable, match="The store is not available"):
            await valkey_get(connection, "a")
    await connection.close()


async def test_a_server_that_is_down_does_not_stop_a_connection_from_being_made(tmp_path: Path) -> None:
    connection = open_connection(tmp_path / "nobody")
    with pytest.raises(StoreUnavailable):
        await check_safe(connection)
    await connection.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
async def test_a_server_that_evicts_what_must_be_kept_is_refused(policy: str, valkey_socket: Path) -> None:
    async with connected(valkey_socket) as connection, connection.writing() as redis:
        await redis.config_set("maxmemory-policy", policy)
        try:
            with pytest.raises(UnsafeStore, match=f"maxmemory-policy {policy}.*noeviction"):
                async with connected(valkey_socket):
                    pass
        finally:
            await redis.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru", "volatile-ttl"])
async def test_a_server_that_evicts_only_what_may_go_is_taken(policy: str, valkey_socket: Path) -> None:
    async with connected(valkey_socket) as connection, connection.writing() as redis:
        await redis.config_set("maxmemory-policy", policy)
        async with connected(valkey_socket):
            pass
        await redis.config_set("maxmemory-policy", "noeviction")


async def test_a_full_memory_is_an_error_with_the_servers_reason(valkey: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable, match=r"not available: .*memory"):
            await History(valkey, SUM).append("BTC", 1, NOW_MS + HOUR_MS, coins(1.0))
    finally:
        async with valkey.writing() as redis:
            await redis.config_set("maxmemory", "0")
    assert (await History(valkey, SUM).load("BTC")).last_seq == 0


@pytest.mark.parametrize(
    "address",
    [
        f"redis://:{SECRET}@127.0.0.1:1/0",
        f"redis://user:{SECRET}@127.0.0.1:1/0",
        f"rediss://user:{SECRET}@127.0.0.1:1/0",
        f"unix://user:{SECRET}@/nonexistent/socket",
        f"valkey://user:{SECRET}@127.0.0.1:1",
        f"redis://127.0.0.1:1?password={SECRET}",
    ],
)
async def test_the_password_is_in_no_error_repr_traceback_or_log(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = open_connection(address)
    with pytest.raises(StoreUnavailable) as failure:
        await check_safe(connection)
    said = (
        "".join(traceback.format_exception(failure.value)) + repr(connection) + str(connection) + caplog.text
    )
    async with connection.reading() as redis:
        said += repr(redis) + repr(redis.connection_pool)
    await connection.close()
    assert SECRET not in said


async def test_a_wrong_password_is_said_without_it(valkey_socket: Path) -> None:
    async with connected(valkey_socket) as owner, owner.writing() as redis:
        await redis.config_set("requirepass", SECRET)
        try:
            with pytest.raises(StoreUnavailable, match="invalid username-password pair") as failure:
                async with connected(f"unix://:{SECRET}-not@{valkey_socket}"):
                    pass
            async with connected(f"unix://:{SECRET}@{valkey_socket}"):
                pass
        finally:
            await redis.config_set("requirepass", "")
    assert SECRET not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:6379",
        f"http://:{SECRET}@host",
        f"redis://:{SECRET}/x@host:6379",
        f"redis://:{SECRET}#x@host:6379",
        f"redis://:{SECRET}@host:99999999",
        f"redis://:{SECRET}@[::1",
    ],
)
def test_an_address_that_is_none_is_a_sentence_without_the_password(address: str) -> None:
    with pytest.raises(ValueError, match="must look like redis://host") as failure:
        open_connection(address)
    assert SECRET not in "".join(traceback.format_exception(failure.value))


def test_an_address_is_shown_without_user_password_and_options() -> None:
    assert (
        repr(open_connection(f"valkeys://me:{SECRET}@host:7000/3?timeout=2"))
        == "Connection(rediss:host:7000)"
    )
    assert repr(open_connection(f"unix://me:{SECRET}@/run/s?db=1")) == "Connection(unix:/run/s)"
    assert repr(open_connection(Path("/run/s"))) == "Connection(unix:/run/s)"


async def test_once_the_server_hung_a_read_fails_at_once_and_the_first_sign_of_life_lets_all_go_on(
    proxy: Proxy,
) -> None:
    async with connected(proxy.url) as connection:
        proxy.mute = True
        begun = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable):
            await StoredSnapshots(connection).latest("BTC")
        first_took_s = asyncio.get_running_loop().time() - begun
        assert connection.hangs
        begun = asyncio.get_running_loop().time()
        asked = [StoredSnapshots(connection).latest("BTC") for _ in range(40)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(answer) for answer in answers} == {StoreUnavailable}
        assert asyncio.get_running_loop().time() - begun < 0.7 * first_took_s
        proxy.mute = False
        await until(lambda: valkey_answers(connection))
        assert not connection.hangs


async def test_a_server_far_away_that_hung_once_is_found_again(proxy: Proxy) -> None:
    proxy.answers_after_s = (
        0.06  # a new connection and its first answer take longer than who asks waits for a sign
    )
    async with connected(proxy.url) as connection:
        assert await StoredSnapshots(connection).latest("BTC") is None
        proxy.mute = True
        with pytest.raises(StoreUnavailable):
            await StoredSnapshots(connection).latest("BTC")
        proxy.mute = False
        await until(lambda: valkey_answers(connection))
        assert not connection.hangs


async def valkey_answers(connection: Connection) -> bool:
    try:
        return await StoredSnapshots(connection).latest("BTC") is None
    except StoreUnavailable:
        return False
