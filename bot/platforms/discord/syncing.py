"""Handing the slash commands to Discord by an operator's hand: to everybody, or as a copy to one server for development.

A server shows its copy at once and beside the commands of everybody, so a copy is taken away again when it is not needed.
"""

import asyncio
from pathlib import Path

import discord

from bot.chat_platform import Desk, PlatformStopped
from bot.platforms.discord.connection import signed_in
from bot.platforms.discord.registry import sync_if_changed
from bot.platforms.discord.service import MEMORY, Client
from bot.platforms.discord.translation import SlashWords
from bot.running import Refusal, WrongRequest
from bot.settings import Settings
from scheduler.clock import now_ms
from store.in_memory import FeedInMemory, SnapshotsInMemory
from store.services import FeedStatus, Services

UNKNOWN_SERVER = frozenset({10004, 50001})


async def sync_commands(settings: Settings, guild: int | None, *, is_cleared: bool = False) -> str:
    """Hand the commands over, and say how many where. Raises Refusal: no token, refused, or Discord does not take them.

    `guild`: a copy for this server alone, or with `is_cleared` the copy taken away.
    """
    services = Services(SnapshotsInMemory(()), FeedInMemory(FeedStatus("none")))
    client = _Signed(Desk(settings, services, now_ms))
    try:
        async with signed_in(client, settings):
            if guild is None:
                return await _to_all(client, settings.data_dir / MEMORY)
            return await _to_one(client, discord.Object(guild), is_cleared=is_cleared)
    except PlatformStopped as stopped:
        raise Refusal(str(stopped)) from None
    except discord.HTTPException as error:
        if guild is not None and error.code in UNKNOWN_SERVER:
            raise WrongRequest(f"The bot is no member of the server {guild}: invite it first.") from None
        raise Refusal(f"Discord does not take the commands: {error.status} code {error.code}.") from None
    except (discord.DiscordException, OSError, TimeoutError) as error:
        raise Refusal(f"Discord does not answer as it should ({type(error).__name__}).") from None


class _Signed(Client):
    """A client that signs in and does nothing by itself."""

    async def setup_hook(self) -> None:
        """Only the words of other languages: what is handed over is said by who asked."""
        await self.tree.set_translator(SlashWords())


async def _to_all(client: Client, memory: Path) -> str:
    await asyncio.to_thread(memory.unlink, missing_ok=True)
    if not await sync_if_changed(client.tree, memory):
        raise Refusal("Discord did not take the commands; the log says why.")
    return f"{len(client.tree.get_commands())} commands are handed over. Clients show them within minutes."


async def _to_one(client: Client, guild: discord.Object, *, is_cleared: bool) -> str:
    if is_cleared:
        client.tree.clear_commands(guild=guild)
    else:
        client.tree.copy_global_to(guild=guild)
    taken = await client.tree.sync(guild=guild)
    if is_cleared:
        return f"The copy in the server {guild.id} is gone; it shows the commands of everybody."
    return f"{len(taken)} commands are copied to the server {guild.id}. --clear takes the copy away."
