"""The Discord service in front of a gateway double, for as long as a block runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from discord import shard
from discord.http import Route

from bot.chat_platform import Desk
from bot.platforms.discord import connection_pace, service
from tests import canary
from tests.bot.desks import desk_on
from tests.doubles.discord_gateway import Discord

IDENTIFY_EVERY_S = 0.2
"""Five seconds in earnest."""


def keep_addresses(patch: pytest.MonkeyPatch) -> None:
    """What is set for the whole process is given back at the end of the test; sessions begin in quicker turn."""
    patch.setattr(Route, "BASE", Route.BASE)
    patch.setattr(shard, "DiscordWebSocket", shard.DiscordWebSocket)
    patch.setattr(connection_pace, "IDENTIFY_EVERY_S", IDENTIFY_EVERY_S)


@asynccontextmanager
async def serving(
    discord: Discord, folder: Path, desk: Desk | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """The service, connected and ready; what ends it is the task's outcome."""
    desk = desk or desk_on(discord_url=discord.url, data_dir=folder)
    task = asyncio.create_task(service.run(desk))
    try:
        await discord.until(lambda: len(discord.sessions) >= discord.rest.shards)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def gateway() -> Discord:
    """A Discord that knows the token of the tests' desks."""
    return Discord(canary.DISCORD_TOKEN)
