"""The connection to Discord's gateway: each fault of reliability.md 2.D, over a real websocket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.discord.serving import gateway, keep_addresses, serving
from tests.doubles.discord_gateway import Discord


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


@pytest.mark.parametrize("code", [4000, 4009, 1001, 1000])
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
