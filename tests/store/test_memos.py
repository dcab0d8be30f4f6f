"""Short texts that are kept for a time."""

import asyncio

import pytest

from store import keys
from store.connection import Connection
from store.in_memory import MemosInMemory
from store.memos import StoredMemos
from store.services import Memos


async def test_a_text_comes_back_as_kept_and_the_last_one_counts(valkey: Connection) -> None:
    memos: Memos = StoredMemos(valkey)
    assert await memos.read("line:1") is None
    await memos.keep("line:1", "/size BTC 5x · 10k", 60)
    await memos.keep("line:1", "/size BTC 3x · 10k", 60)
    assert await memos.read("line:1") == "/size BTC 3x · 10k"


async def test_a_text_is_kept_for_its_time_only(valkey: Connection) -> None:
    await StoredMemos(valkey).keep("line:1", "/regime BTC", 60)
    async with valkey.reading() as redis:
        assert 0 < await redis.ttl(keys.memo("line:1")) <= 60


@pytest.fixture(params=["stored", "in memory"])
def memos(request: pytest.FixtureRequest, valkey: Connection) -> Memos:
    return StoredMemos(valkey) if request.param == "stored" else MemosInMemory(lambda: 1_000)


async def test_of_many_that_claim_a_name_at_once_one_has_it(memos: Memos) -> None:
    given = await asyncio.gather(*(memos.claim("update:7", f"by {one}", 60) for one in range(20)))
    assert given.count(None) == 1
    assert set(given) - {None} == {f"by {given.index(None)}"}
    await memos.keep("update:7", "done", 60)
    assert await memos.claim("update:7", "again", 60) == "done"
    assert await memos.read("update:7") == "done"


async def test_in_memory_a_text_is_gone_when_its_time_is_over() -> None:
    now = [1_000]
    memos: Memos = MemosInMemory(lambda: now[0])
    await memos.keep("line:1", "/regime BTC", 60)
    now[0] += 59_999
    assert await memos.read("line:1") == "/regime BTC"
    now[0] += 1
    assert await memos.read("line:1") is None
