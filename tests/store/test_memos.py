"""Short texts that are kept for a time."""

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


async def test_in_memory_a_text_is_gone_when_its_time_is_over() -> None:
    now = [1_000]
    memos: Memos = MemosInMemory(lambda: now[0])
    await memos.keep("line:1", "/regime BTC", 60)
    now[0] += 59_999
    assert await memos.read("line:1") == "/regime BTC"
    now[0] += 1
    assert await memos.read("line:1") is None
