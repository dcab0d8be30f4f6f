"""A lease: one holder at a time, by the server's clock, with a token that only grows."""

import asyncio
from pathlib import Path

from store import keys
from store.connection import Connection, connected
from store.lease import TTL_MS, Lease, Tenure, leader
from tests.doubles.waiting import until

SHORT_MS = 60


async def test_the_first_one_has_it_and_the_second_one_is_told_who(valkey: Connection) -> None:
    assert await leader(valkey, "scheduler") is None
    first, second = Lease(valkey, "scheduler", "a:1"), Lease(valkey, "scheduler", "b:2")
    assert await first.take() == await second.take() == await leader(valkey, "scheduler") == Tenure(1, "a:1")
    assert await Lease(valkey, "delivery", "b:2").take() == Tenure(1, "b:2")


async def test_taking_it_twice_is_one_tenure_so_that_a_lost_answer_costs_nothing(valkey: Connection) -> None:
    lease = Lease(valkey, "scheduler", "a")
    assert await lease.take() == await lease.take() == Tenure(1, "a")


async def test_it_falls_away_by_the_servers_clock_and_the_next_token_is_greater(valkey: Connection) -> None:
    first = await Lease(valkey, "scheduler", "a", SHORT_MS).take()
    second = Lease(valkey, "scheduler", "b")
    await until(lambda: _is(second, Tenure(2, "b")))
    assert not await Lease(valkey, "scheduler", "a").renew(first)
    assert await leader(valkey, "scheduler") == Tenure(2, "b")


async def test_who_renews_keeps_it_for_a_whole_time_to_live(valkey: Connection) -> None:
    lease = Lease(valkey, "scheduler", "a")
    tenure = await lease.take()
    async with valkey.writing() as redis:
        await redis.pexpire(lease.key, 500)
        assert await lease.renew(tenure)
        assert TTL_MS - 500 < await redis.pttl(lease.key) <= TTL_MS


async def test_an_expired_lease_is_taken_back_where_nobody_took_it_since(valkey: Connection) -> None:
    lease = Lease(valkey, "scheduler", "a")
    tenure = await lease.take()
    async with valkey.writing() as redis:
        await redis.delete(lease.key)  # as it expires while the server is away
    assert await lease.renew(tenure)
    assert await leader(valkey, "scheduler") == tenure
    async with valkey.writing() as redis:
        await redis.delete(lease.key)
    assert (await Lease(valkey, "scheduler", "b").take()).token == 2
    async with valkey.writing() as redis:
        await redis.delete(lease.key)
    assert not await lease.renew(tenure)
    assert await leader(valkey, "scheduler") is None


async def test_what_is_given_up_is_free_at_once_and_no_late_renewal_takes_it_back(valkey: Connection) -> None:
    lease = Lease(valkey, "scheduler", "a")
    tenure = await lease.take()
    await lease.give_up(tenure)
    assert not await lease.renew(tenure)
    assert (await Lease(valkey, "scheduler", "b").take()).holder == "b"


async def test_giving_up_what_was_lost_takes_nothing_from_the_next_one(valkey: Connection) -> None:
    first, second = Lease(valkey, "scheduler", "a"), Lease(valkey, "scheduler", "b")
    lost = await first.take()
    await first.give_up(lost)
    tenure = await second.take()
    await first.give_up(lost)
    assert await leader(valkey, "scheduler") == tenure
    assert await second.renew(tenure)


async def test_a_clock_that_was_set_back_holds_a_dead_leaders_lease_no_longer_than_any(
    valkey: Connection,
) -> None:
    first, second = Lease(valkey, "scheduler", "a"), Lease(valkey, "scheduler", "b")
    await first.take()
    for left_ms in (3_600_000, None):
        async with valkey.writing() as redis:
            await (redis.persist(first.key) if left_ms is None else redis.pexpire(first.key, left_ms))
            assert (await second.take()).holder == "a"
            assert 0 < await redis.pttl(first.key) <= TTL_MS


async def test_after_a_flush_the_old_leader_has_lost_it(valkey: Connection) -> None:
    lease = Lease(valkey, "scheduler", "a")
    tenure = await lease.take()
    async with valkey.writing() as redis:
        await redis.flushall()
    assert not await lease.renew(tenure)
    assert await lease.take() == Tenure(1, "a")


async def test_of_many_that_try_at_once_exactly_one_has_it(valkey: Connection, valkey_socket: Path) -> None:
    async with connected(valkey_socket) as other:
        leases = [Lease((valkey, other)[each % 2], "scheduler", f"p{each}") for each in range(20)]
        assert len(set(await asyncio.gather(*(lease.take() for lease in leases)))) == 1
        async with valkey.reading() as redis:
            assert await redis.get(keys.lease_token("scheduler")) == b"1"


async def _is(lease: Lease, wanted: Tenure) -> bool:
    return await lease.take() == wanted
