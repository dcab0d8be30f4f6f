"""Several workers on one store: together they keep to the platforms' limits, and lose and repeat nothing."""

import asyncio
from pathlib import Path

import pytest

from market.alerts import Edge, Severity
from tests.faults.soak import alert, crowd
from tests.faults.stage import copies, staged

FELL, DEEPENED = "c7f2", "c7f3"
WITHIN_S = 60.0


@pytest.mark.slow  # tests/bot/test_parts.py has a short one
async def test_three_workers_share_the_limits_and_every_chat_is_told_once_and_in_order(
    tmp_path: Path,
) -> None:
    """Two warnings of one wave, the second while the first is still on its way: no chat is in two hands."""
    async with staged(tmp_path, scale=5.0, latency_ms=20.0) as stage:
        chats = crowd(120)
        await stage.subscribe(chats)
        workers = await asyncio.gather(*(stage.worker() for _ in range(3)))
        await stage.announce(alert(FELL, "BTC", Severity.WARNING, Edge.FIRED))
        while len(copies(await stage.arrivals())) < 20:
            await asyncio.sleep(0.1)
        await stage.announce(alert(DEEPENED, "BTC", Severity.CRITICAL, Edge.ESCALATED))
        await stage.until_delivered(WITHIN_S)
        for worker in workers:
            worker.terminate()
        assert [await worker.wait() for worker in workers] == [0, 0, 0]
        found = copies(await stage.arrivals())
        assert {place: len(came) for place, came in found.items() if len(came) != 1} == {}
        assert {chat for chat, name in found if name == DEEPENED} == set(chats)
        kinds = {one.kind for one in await stage.arrivals()}
        assert not kinds & {"refused", "known"}, "the limits were kept, and nothing was sent twice"
        assert await stage.parked() == ()


@pytest.mark.slow
async def test_of_three_workers_two_are_killed_and_the_third_brings_everything(tmp_path: Path) -> None:
    async with staged(tmp_path, scale=5.0, latency_ms=20.0, hurry=True) as stage:
        chats = crowd(200)
        await stage.subscribe(chats)
        workers = await asyncio.gather(*(stage.worker() for _ in range(3)))
        await stage.announce(alert(FELL, "BTC", Severity.CRITICAL, Edge.FIRED))
        for worker in workers[:2]:
            while len(copies(await stage.arrivals())) < 20:
                await asyncio.sleep(0.05)
            worker.kill()
            await worker.wait()
        await stage.until_delivered(WITHIN_S)
        workers[2].terminate()
        await workers[2].wait()
        found = copies(await stage.arrivals())
        assert {chat for chat, _ in found} == set(chats), "nobody was forgotten"
        twice = {place for place, came in found.items() if len(came) > 1}
        assert not any(chat.startswith("discord") for chat, _ in twice)
        assert len(twice) <= 8, "four under way a kill, on Telegram"
        assert max(map(len, found.values())) <= 2
        assert all(found[place][-1].is_repeat for place in twice)
