"""How often a shard connects and begins sessions: hours of trouble by a clock moved by hand."""

import asyncio
from itertools import pairwise

import pytest

from bot.platforms.discord.connection_pace import IDENTIFY_EVERY_S, MOST_RESUMES, ConnectionPace
from tests.doubles.hand_clock import HandClock

STARTS = {"total": 1_000, "remaining": 1_000, "reset_after": 3_600_000, "max_concurrency": 1}


@pytest.fixture
def hands() -> HandClock:
    return HandClock()


@pytest.fixture
def pace(hands: HandClock) -> ConnectionPace:
    pace = ConnectionPace(hands.clock)
    pace.limit(STARTS)
    return pace


async def test_a_session_cut_for_ninety_seconds_is_tried_a_dozen_times_and_found_again_within_ten(
    hands: HandClock, pace: ConnectionPace
) -> None:
    connects_s: list[float] = []

    async def be_cut() -> None:
        while True:
            await pace.before_connect(0)
            connects_s.append(hands.at_s)

    trying = asyncio.create_task(be_cut())
    await hands.advance(90.0)
    trying.cancel()
    assert connects_s[:2] == [0.0, 0.0]
    assert 9 <= len(connects_s) <= 26
    assert max(b - a for a, b in pairwise(connects_s)) <= 10.0


async def test_after_a_quiet_minute_it_comes_back_at_once(hands: HandClock, pace: ConnectionPace) -> None:
    for _ in range(2):
        await pace.before_connect(0)
    await hands.advance(61.0)
    await pace.before_connect(0)
    assert hands.sleeps == []


async def test_one_identify_in_five_seconds(hands: HandClock, pace: ConnectionPace) -> None:
    begun_s: list[float] = []

    async def begin(shard: int) -> None:
        await pace.before_identify(shard)
        begun_s.append(hands.at_s)

    tasks = [asyncio.create_task(begin(shard)) for shard in range(3)]
    await hands.advance(20.0)
    await asyncio.gather(*tasks)
    assert begun_s == [0.0, IDENTIFY_EVERY_S, 2 * IDENTIFY_EVERY_S]


async def test_as_many_at_once_as_discord_allows(hands: HandClock, pace: ConnectionPace) -> None:
    pace.limit({**STARTS, "max_concurrency": 16})
    for shard in range(16):
        await pace.before_identify(shard)
    assert hands.sleeps == []
    waiting = asyncio.create_task(pace.before_identify(16))
    await hands.advance(4.9)
    assert not waiting.done()
    await hands.advance(0.2)
    assert waiting.done()


async def test_no_session_is_begun_beyond_what_discord_allows_a_day(
    hands: HandClock, pace: ConnectionPace
) -> None:
    pace.limit({**STARTS, "remaining": 1})
    await pace.until_starts()
    await pace.before_identify(0)
    waiting = asyncio.create_task(pace.until_starts())
    await hands.advance(3_599.0)
    assert not waiting.done()
    await hands.advance(2.0)
    assert waiting.done()


def test_a_session_is_given_up_after_three_resumes_and_trusted_again_once_proven(
    pace: ConnectionPace,
) -> None:
    for _ in range(MOST_RESUMES):
        assert pace.may_resume(0)
        pace.resuming(0)
    assert not pace.may_resume(0)
    assert pace.may_resume(1)
    pace.proven(0)
    assert pace.may_resume(0)
