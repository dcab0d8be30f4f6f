"""The connection to Discord's gateway: each fault of reliability.md 2.D, over a real websocket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from discord import ConnectionClosed

from bot.chat_platform import PlatformStopped
from tests.bot.desks import desk_on
from tests.bot.discord.serving import IDENTIFY_EVERY_S, gateway, keep_addresses, serving
from tests.doubles.discord_gateway import (
    BAD_INTENTS,
    BAD_TOKEN,
    INVALID_SHARD,
    MISSING_SHARDS,
    REFUSED_INTENTS,
    TIMED_OUT,
    Discord,
)

QUICK_BEAT_MS = 100


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    keep_addresses(monkeypatch)
    async with gateway() as running:
        yield running


async def answers(discord: Discord) -> None:
    """A slash command told on the newest connection is acknowledged and answered."""
    before = len(discord.rest.bodies("POST", "webhooks/"))
    await discord.slash("regime")
    await discord.until(lambda: len(discord.rest.bodies("POST", "webhooks/")) > before)
    assert {"type": 5} in discord.rest.bodies("POST", "/callback")


async def test_it_identifies_once_and_answers(discord: Discord, tmp_path: Path) -> None:
    async with serving(discord, tmp_path):
        await answers(discord)
        assert len(discord.identified) == 1
        assert discord.resumed == []


async def test_told_to_reconnect_it_resumes_where_it_was(discord: Discord, tmp_path: Path) -> None:
    async with serving(discord, tmp_path):
        await answers(discord)
        await discord.reconnect()
        await discord.until(lambda: bool(discord.resumed))
        assert discord.resumed[0][1]["seq"] == 2
        await answers(discord)
        assert len(discord.identified) == 1


@pytest.mark.parametrize("code", [4000, TIMED_OUT, 1001, 1000])
async def test_closed_with_a_code_that_allows_it_it_resumes(
    code: int, discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path):
        await discord.close(code)
        await discord.until(lambda: bool(discord.resumed))
        await answers(discord)
        assert len(discord.identified) == 1


async def test_cut_without_a_word_it_resumes(discord: Discord, tmp_path: Path) -> None:
    async with serving(discord, tmp_path):
        discord.cut()
        await discord.until(lambda: bool(discord.resumed))
        await answers(discord)
        assert len(discord.identified) == 1


async def test_what_was_told_while_it_was_away_is_answered_after_the_resume(
    discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path):
        discord.miss("regime")
        discord.cut()
        await discord.until(lambda: bool(discord.rest.bodies("POST", "webhooks/")))
        assert len(discord.identified) == 1


async def test_a_session_that_may_be_resumed_is_resumed(discord: Discord, tmp_path: Path) -> None:
    async with serving(discord, tmp_path):
        await discord.invalidate(may_resume=True)
        await discord.until(lambda: bool(discord.resumed))
        await answers(discord)
        assert len(discord.identified) == 1


async def test_a_session_that_is_over_is_begun_anew_and_not_too_soon(
    discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path):
        await discord.invalidate(may_resume=False)
        await discord.until(lambda: len(discord.identified) == 2)
        await answers(discord)
        (first_s, _), (second_s, _) = discord.identified
        assert second_s - first_s >= 0.95 * IDENTIFY_EVERY_S
        assert discord.resumed == []


async def test_a_resume_that_is_refused_begins_a_session(discord: Discord, tmp_path: Path) -> None:
    async with serving(discord, tmp_path):
        discord.sessions[0].is_valid = False
        discord.cut()
        await discord.until(lambda: len(discord.identified) == 2)
        await answers(discord)
        assert len(discord.resumed) == 1


async def test_a_connection_that_answers_no_heartbeat_is_ended_and_resumed(
    discord: Discord, tmp_path: Path
) -> None:
    discord.heartbeat_ms = QUICK_BEAT_MS
    async with serving(discord, tmp_path):
        dead = discord.line
        discord.acks = False
        await discord.until(lambda: bool(discord.resumed))
        discord.acks = True
        await answers(discord)
        assert dead.bye == 4000
        assert len(discord.identified) == 1


async def test_a_connection_that_tells_events_and_answers_no_heartbeat_is_ended_as_well(
    discord: Discord, tmp_path: Path
) -> None:
    discord.heartbeat_ms = QUICK_BEAT_MS
    async with serving(discord, tmp_path):
        discord.acks = False
        dead = discord.line
        talking = asyncio.create_task(_keep_talking(discord))
        await discord.until(lambda: bool(discord.resumed))
        talking.cancel()
        assert dead.beats >= 2


async def _keep_talking(discord: Discord) -> None:
    line = discord.line
    while True:
        await discord.tell("TYPING_START", {"channel_id": "55", "user_id": "42", "timestamp": 1}, line)
        await asyncio.sleep(0.01)


async def test_answered_heartbeats_leave_a_quiet_connection_alone(discord: Discord, tmp_path: Path) -> None:
    discord.heartbeat_ms = QUICK_BEAT_MS
    async with serving(discord, tmp_path):
        await discord.until(lambda: discord.line.beats >= 6)
        assert len(discord.lines) == 1


async def test_a_session_whose_resume_is_always_cut_is_given_up_without_a_hot_loop(
    discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path):
        discord.sessions[0].is_bricked = True
        discord.cut()
        await discord.until(lambda: len(discord.identified) == 2)
        await answers(discord)
        assert len(discord.resumed) == 3
        assert len(discord.lines) == 5


async def test_a_gateway_that_turns_it_away_is_tried_again_and_the_session_goes_on(
    discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path):
        discord.turned_away.extend((0, 1011, 0))
        discord.cut()
        await discord.until(lambda: bool(discord.resumed))
        await answers(discord)
        assert len(discord.identified) == 1


async def test_a_gateway_that_is_away_at_the_start_is_waited_for(
    discord: Discord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncio.sleep
    monkeypatch.setattr("discord.shard.asyncio.sleep", lambda s: real(min(s, 0.05)))
    discord.turned_away.extend((0, 0))
    async with serving(discord, tmp_path):
        await answers(discord)
        assert len(discord.lines) == 3


async def test_as_many_shards_begin_as_the_gateway_says_each_in_its_turn(
    discord: Discord, tmp_path: Path
) -> None:
    discord.rest.shards = 3
    async with serving(discord, tmp_path):
        assert [said["shard"] for _, said in discord.identified] == [[0, 3], [1, 3], [2, 3]]
        times_s = [at_s for at_s, _ in discord.identified]
        assert all(b - a >= 0.95 * IDENTIFY_EVERY_S for a, b in pairwise(times_s))
        for line in tuple(discord.lines):
            await discord.slash("regime", line)
        await discord.until(lambda: len(discord.rest.bodies("POST", "webhooks/")) == 3)


async def test_one_shard_that_falls_out_comes_back_alone(discord: Discord, tmp_path: Path) -> None:
    discord.rest.shards = 2
    async with serving(discord, tmp_path):
        discord.cut()
        await discord.until(lambda: bool(discord.resumed))
        assert discord.line.session is discord.sessions[1]
        assert len(discord.lines) == 3


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (BAD_TOKEN, "refuses the bot token"),
        (BAD_INTENTS, "update Seawall"),
        (REFUSED_INTENTS, "intents in the developer portal"),
        (4012, "update Seawall"),
    ],
)
async def test_a_close_that_no_retry_helps_ends_the_platform_with_a_sentence(
    code: int, says: str, discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path) as task:
        await discord.close(code)
        with pytest.raises(PlatformStopped, match=says):
            await task
        assert len(discord.lines) == 1


@pytest.mark.parametrize("code", [INVALID_SHARD, MISSING_SHARDS])
async def test_a_wrong_number_of_shards_starts_the_platform_again_which_asks_for_the_number(
    code: int, discord: Discord, tmp_path: Path
) -> None:
    async with serving(discord, tmp_path) as task:
        await discord.close(code)
        with pytest.raises(ConnectionClosed):
            await task


async def test_the_gateway_is_where_the_operator_says(discord: Discord, tmp_path: Path) -> None:
    desk = desk_on(discord_url=discord.url, data_dir=tmp_path)
    proxy, discord.rest.gateway_url = discord.rest.gateway_url, "ws://127.0.0.1:9/nobody"
    settings = desk.settings.model_copy(update={"discord_gateway_url": proxy})
    async with serving(discord, tmp_path, replace(desk, settings=settings)):
        discord.cut()
        await discord.until(lambda: bool(discord.resumed))
        await answers(discord)
