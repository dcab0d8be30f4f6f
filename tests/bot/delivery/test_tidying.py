"""What nobody can be told any more is erased with every trace; what was broken off is taken up."""

import asyncio
from dataclasses import replace

import pytest

from bot.delivery.tidying import ERASED_MS, Tidying
from store import keys
from store.chats import StoredChats
from store.connection import Connection
from store.forgetting import Forgetting
from store.outbox import Row, packed
from store.people import StoredPeople
from store.whom import Subject
from store.wishes import suspend
from tests.doubles.waiting import until
from tests.store.crowded import dump, traces_in
from tests.store.samples import NOW_MS, PERSON_SAMPLE

BLOCKED = 9_912_345_678
NAME = f"telegram:{BLOCKED}"


@pytest.fixture
async def blocked(valkey: Connection) -> Connection:
    """A store in which somebody has blocked the bot: with a chat, a plan, and a row on its way."""
    await StoredChats(valkey).change(NAME, lambda chat: replace(suspend(chat, "blocked", NOW_MS), made_ms=1))
    await StoredPeople(valkey).change(NAME, lambda _: replace(PERSON_SAMPLE, name=NAME, reach=NAME))
    stream, row = packed(Row(f"1-0:{NAME}", NAME, "1-0", (0,), 0, NOW_MS, NOW_MS))
    async with valkey.writing() as redis:
        await redis.xadd(stream, {"row": row})
        await redis.set(keys.moved("telegram:-1"), NAME)
    return valkey


async def test_thirty_days_after_somebody_blocked_the_bot_no_trace_of_them_is_left(
    blocked: Connection,
) -> None:
    now_ms = [NOW_MS + ERASED_MS]
    tidying = Tidying(blocked, lambda: now_ms[0])
    assert await tidying.tidy() == 0
    assert traces_in(await dump(blocked), BLOCKED)
    now_ms[0] += 1
    assert await tidying.tidy() == 1
    assert traces_in(await dump(blocked), BLOCKED) == []


async def test_an_erasure_that_was_broken_off_is_taken_up(blocked: Connection) -> None:
    forgetting = Forgetting(blocked)
    quarry = await forgetting._traces.quarry(Subject(NAME, (NAME,)))
    await forgetting._note("one", quarry, NOW_MS)
    await Tidying(blocked, lambda: NOW_MS).tidy()
    assert traces_in(await dump(blocked), BLOCKED) == []


async def test_a_chat_that_cannot_be_read_is_said_and_does_not_end_the_service(
    blocked: Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.tidying.LOOK_EVERY_S", 0.02)
    async with blocked.writing() as redis:
        await redis.hset(keys.chat(NAME), "chat", b"damaged")
    tidying = asyncio.create_task(Tidying(blocked, lambda: NOW_MS).run())
    await until(lambda: caplog.text.count("chats of long ago are not erased") > 1)
    assert not tidying.done()
    tidying.cancel()
    await asyncio.wait({tidying})
