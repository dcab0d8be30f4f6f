"""The fence: what is written through it lands only while the lease has one very value, however it is written."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from store.connection import Connection, NotLeader, StoreUnavailable, connected
from store.fence import Unfenced
from store.lease import Lease, Tenure
from tests.doubles.proxy import proxied

COUNT = "for place = 1, #KEYS do redis.call('SET', KEYS[place], #ARGV) end return {#KEYS, #ARGV, ARGV[#ARGV]}"


@pytest_asyncio.fixture
async def lease(valkey: Connection) -> AsyncIterator[Lease]:
    yield Lease(valkey, "scheduler", "a", 60_000)


@pytest_asyncio.fixture
async def leads(valkey: Connection, lease: Lease) -> Connection:
    """A connection of the process that leads."""
    return valkey.fenced(lease.key, (await lease.take()).value)


@pytest_asyncio.fixture
async def led_before(valkey: Connection, lease: Lease) -> Connection:
    """A connection of a process that led, and was followed by another."""
    was = await lease.take()
    await lease.give_up(was)
    await Lease(valkey, "scheduler", "b", 60_000).take()
    return valkey.fenced(lease.key, was.value)


async def test_answers_read_as_without_the_fence(valkey: Connection, leads: Connection) -> None:
    async with valkey.writing() as plain, leads.writing() as fenced:
        for redis in (plain, fenced):
            assert await redis.set("v1:a", b"\x00\xff one") is True
            assert await redis.get("v1:a") == b"\x00\xff one"
            assert await redis.get("v1:nothing") is None
            assert await redis.delete("v1:a", "v1:nothing") == 1
            assert await redis.hset("v1:h", mapping={"one": 1, "half": 0.5}) == 2
            assert await redis.hgetall("v1:h") == {b"one": b"1", b"half": b"0.5"}
            assert await redis.zadd("v1:z", {"one": 1.5}) == 1
            assert await redis.zrange("v1:z", 0, -1, withscores=True) == [(b"one", 1.5)]
            assert await redis.xadd("v1:s", {"row": "x"}, id="1-1") == b"1-1"
            assert await redis.xgroup_create("v1:s", "group", "0") is True
            assert (await redis.xinfo_groups("v1:s"))[0]["name"] == b"group"
            with pytest.raises(ResponseError, match="WRONGTYPE"):
                await redis.lpush("v1:z", "x")
            await redis.delete("v1:h", "v1:z", "v1:s")


async def test_a_script_sees_its_own_keys_and_words_and_nothing_of_the_fence(leads: Connection) -> None:
    async with leads.writing() as redis:
        script = redis.register_script(COUNT)
        assert await script(["v1:a", "v1:b"], ["one", "two"]) == [2, 2, b"two"]
        assert await script(["v1:a"], []) == [1, 0]
        assert await redis.eval(COUNT, 1, "v1:a", "one") == [1, 1, b"one"]
        async with redis.pipeline(transaction=False) as together:
            await script(["v1:a"], ["one"], client=together)
            await script(["v1:a", "v1:b"], [], client=together)
            assert await together.execute() == [[1, 1, b"one"], [2, 0]]


@pytest.mark.parametrize("transaction", [True, False])
async def test_commands_sent_together_are_answered_as_without(
    leads: Connection, *, transaction: bool
) -> None:
    async with leads.writing() as redis, redis.pipeline(transaction=transaction) as together:
        together.hset("v1:h", "one", "1")
        together.hgetall("v1:h")
        together.eval(COUNT, 1, "v1:a", "one")
        assert await together.execute() == [1, {b"one": b"1"}, [1, 1, b"one"]]


async def test_nothing_lands_when_another_one_leads(valkey: Connection, led_before: Connection) -> None:
    with pytest.raises(NotLeader, match="does not lead any more"):
        async with led_before.writing() as redis:
            await redis.set("v1:a", "x")
    with pytest.raises(NotLeader):
        async with led_before.writing() as redis:
            await redis.eval(COUNT, 1, "v1:a")
    with pytest.raises(NotLeader):
        async with led_before.writing() as redis:
            await redis.register_script(COUNT)(["v1:a"])
    for transaction in (True, False):
        with pytest.raises(NotLeader):
            await two_together(led_before, transaction=transaction)
        with pytest.raises(NotLeader):
            await script_together(led_before, transaction=transaction)
    with pytest.raises(NotLeader):
        async with led_before.writing() as redis, redis.client() as alone:
            await alone.set("v1:a", "x")
    async with valkey.reading() as redis:
        assert not await redis.exists("v1:a")


async def test_an_expired_lease_that_nobody_took_since_lets_its_leader_write_before_it_is_renewed(
    valkey: Connection, leads: Connection, lease: Lease
) -> None:
    async with valkey.writing() as redis:
        await redis.delete(lease.key)
    await two_together(leads, transaction=True)
    async with leads.writing() as redis:
        await redis.set("v1:a", "x")
        assert await redis.eval(COUNT, 1, "v1:a") == [1, 0]
    assert await lease.renew(Tenure(1, "a"))


async def test_an_expired_lease_that_another_one_had_meanwhile_refuses_like_a_lost_one(
    valkey: Connection, leads: Connection, lease: Lease
) -> None:
    async with valkey.writing() as redis:
        await redis.delete(lease.key)
        await Lease(valkey, "scheduler", "b", 60_000).take()
        await redis.delete(lease.key)
    for transaction in (True, False):
        with pytest.raises(NotLeader):
            await two_together(leads, transaction=transaction)
    async with valkey.reading() as redis:
        assert not await redis.exists("v1:a")


async def test_after_a_flush_nothing_lands(valkey: Connection, leads: Connection) -> None:
    async with valkey.writing() as redis:
        await redis.flushall()
    with pytest.raises(NotLeader):
        async with leads.writing() as redis:
            await redis.set("v1:a", "x")


async def test_a_script_that_does_not_look_at_the_lease_is_not_run_by_its_name(
    valkey: Connection, leads: Connection
) -> None:
    async with valkey.writing() as redis:
        name = await redis.script_load(COUNT)
    with pytest.raises(Unfenced):
        async with leads.writing() as redis:
            await redis.evalsha(name, 1, "v1:a")


async def test_a_transaction_goes_through_though_the_lease_is_renewed_all_the_while(
    valkey_socket: Path, leads: Connection, lease: Lease
) -> None:
    async with connected(valkey_socket) as other:
        renewed = Lease(other, "scheduler", "a", 60_000)

        async def renew() -> None:
            while True:
                assert await renewed.renew(Tenure(1, "a"))
                await asyncio.sleep(0.001)

        renewing = asyncio.create_task(renew())
        for number in range(50):
            assert await two_together(leads, transaction=True) == [number + 1, number + 1]
        renewing.cancel()


async def test_a_transaction_whose_answer_is_lost_is_not_made_again(
    valkey: Connection, valkey_socket: Path, lease: Lease
) -> None:
    tenure = await lease.take()
    async with proxied(valkey_socket) as proxy, connected(proxy.url) as far:
        fenced = far.fenced(lease.key, tenure.value)
        async with fenced.writing() as redis:
            await redis.set("v1:a", 0)
        proxy.spare_answers, proxy.lose_answers = (
            2,
            1,
        )  # of the watch and the look; then the one of the transaction
        with pytest.raises(StoreUnavailable):
            await two_together(fenced, transaction=True)
    async with valkey.reading() as redis:
        assert await redis.mget("v1:a", "v1:b") == [b"1", b"1"]


async def two_together(connection: Connection, *, transaction: bool) -> list[object]:
    async with connection.writing() as redis, redis.pipeline(transaction=transaction) as both:
        both.incr("v1:a")
        both.incr("v1:b")
        return await both.execute()


async def script_together(connection: Connection, *, transaction: bool) -> list[object]:
    async with connection.writing() as redis, redis.pipeline(transaction=transaction) as together:
        await redis.register_script(COUNT)(["v1:a"], client=together)
        return await together.execute()
