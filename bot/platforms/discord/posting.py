"""Warnings into Discord by a process that does not listen: without a gateway, over HTTP alone."""

import asyncio

from bot.chat_platform import Desk
from bot.messenger import delivering
from bot.platforms.discord.connection import GatewayClient, signed_in
from bot.platforms.discord.messenger import DiscordMessenger


async def run(desk: Desk) -> None:
    """Send until cancelled. Raises PlatformStopped where no retry would help."""
    client = GatewayClient(desk.settings)
    async with signed_in(client, desk.settings), delivering(desk.deliver, DiscordMessenger(client)):
        await asyncio.Event().wait()
