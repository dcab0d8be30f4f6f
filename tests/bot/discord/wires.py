"""A messenger that is signed in, and the Discord it writes to: the real library over real HTTP."""

from collections.abc import AsyncIterator

import discord
import pytest
from discord.http import Route

from bot.platforms.discord.messenger import DiscordMessenger
from tests import canary
from tests.doubles.discord import DiscordServer


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer(canary.DISCORD_TOKEN) as running:
        monkeypatch.setattr(Route, "BASE", running.url)
        yield running


@pytest.fixture
async def messenger(server: DiscordServer) -> AsyncIterator[DiscordMessenger]:
    client = discord.Client(intents=discord.Intents.none())
    await client.login(canary.DISCORD_TOKEN)
    yield DiscordMessenger(client)
    await client.close()
