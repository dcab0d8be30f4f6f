"""The Discord service in front of a gateway double, for as long as a block runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.platforms.discord import service
from tests import canary
from tests.bot.desks import desk_on
from tests.doubles.discord_gateway import Discord


def keep_addresses(patch: pytest.MonkeyPatch) -> None:
    """The library keeps its addresses for the whole process: they are given back at the end of the test."""
    patch.setattr(Route, "BASE", Route.BASE)
    patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@asynccontextmanager
async def serving(discord: Discord, folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    """The service, connected and ready; what ends it is the task's outcome."""
    task = asyncio.create_task(service.run(desk_on(discord_url=discord.url, data_dir=folder)))
    try:
        await discord.until(lambda: task.done() or bool(discord.sessions))
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def gateway() -> Discord:
    """A Discord that knows the token of the tests' desks."""
    return Discord(canary.DISCORD_TOKEN)
