"""Limits that processes share: buckets by the server's clock, and how many chats somebody had warned."""

import asyncio

import pytest

from store import keys
from store.connection import Connection
from store.limits import StoredLimits
from store.services import Bucket
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

ALICE, DESK = Bucket("person:telegram:1", 20), Bucket("chat:telegram:-5", 30)


@pytest.fixture
def limits(valkey: Connection) -> StoredLimits:
    return StoredLimits(valkey)


async def test_a_minutes_worth_may_be_used_at_once_and_no_more(limits: StoredLimits) -> None:
    granted = [await limits.take((ALICE,), 1.0) for _ in range(25)]
    assert [taken.wait_s == 0.0 for taken in granted] == [True] * 20 + [False] * 5
    assert granted[-1].short == ALICE
    assert 2.0 < granted[-1].wait_s <= 3.0, "twenty a minute: one in three seconds"


async def test_of_many_at_once_exactly_as_many_are_granted_as_there_are(limits: StoredLimits) -> None:
    granted = await asyncio.gather(*(limits.take((ALICE,), 1.0) for _ in range(60)))
    assert sum(taken.short is None for taken in granted) == 20


async def test_where_one_bucket_is_short_nothing_is_taken_of_another(limits: StoredLimits) -> None:
    await limits.tell({ALICE: 20.0})
    taken = await limits.take((DESK, ALICE), 1.0)
    assert taken.short == ALICE
    assert taken.left[0] == pytest.approx(30.0, abs=0.1)


async def test_what_was_granted_elsewhere_is_made_good_before_more_is_granted(limits: StoredLimits) -> None:
    told = await limits.tell({ALICE: 30.0})
    assert told.left[0] == pytest.approx(-10.0, abs=0.1)
    assert (await limits.take((ALICE,), 1.0)).wait_s == pytest.approx(33.0, abs=0.5)


async def test_a_bucket_is_forgotten_once_it_must_be_full_again(
    limits: StoredLimits, valkey: Connection
) -> None:
    await limits.take((ALICE,), 1.0)
    async with valkey.reading() as redis:
        assert 120 < await redis.ttl(keys.limit(ALICE.name)) <= 180


async def test_somebody_has_so_many_chats_warned_and_those_stay_theirs(limits: StoredLimits) -> None:
    assert [await limits.may_warn("telegram:1", f"telegram:-{chat}", 3) for chat in range(5)] == [
        *[True] * 3,
        *[False] * 2,
    ]
    assert await limits.may_warn("telegram:1", "telegram:-0", 3), "it is theirs already"
    assert await limits.may_warn("telegram:2", "telegram:-4", 3), "somebody else has none yet"
    await limits.leave("telegram:1", ["telegram:-0"])
    assert await limits.warned("telegram:1") == ("telegram:-1", "telegram:-2")
    assert await limits.may_warn("telegram:1", "telegram:-4", 3)
