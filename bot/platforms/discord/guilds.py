"""Servers that remove the bot: their chats are passed over at once, and warned again where it comes back in time.

What is left of them is erased after thirty days by the post office (`bot.delivery.tidying`).
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord
import structlog

from bot.chat_platform import Desk
from store.codec import Unreadable
from store.connection import StoreUnavailable
from store.services import Chats
from store.wishes import LEFT, Chat, platform_of, revive, suspend

NAME = "discord"
STORE_PAUSE_S = 5.0

ServerOf = Callable[[str], str]
"""The server a channel belongs to, by the channel's address; "" where that is not known, or it belongs to none."""

log = structlog.stdlib.get_logger(__name__)


async def compare(chats: Chats, servers: Collection[str], server_of: ServerOf, now_ms: int) -> int:
    """Let every chat of a server be as that stands: suspended where the bot is no member, revived where it is one again.

    How many were changed. Raises StoreUnavailable; repeating it is safe.
    """
    changed = 0
    async for chat in chats.all():
        if platform_of(chat.address) == NAME:
            settled = partial(
                _settled, server=chat.server or server_of(chat.address), servers=servers, now_ms=now_ms
            )
            if settled(chat) != chat:
                await chats.change(chat.address, settled)
                changed += 1
    return changed


def _settled(chat: Chat, server: str, servers: Collection[str], now_ms: int) -> Chat:
    """The chat with its server, and as that stands; one that belongs to none is left alone."""
    if server == "":
        return chat
    of_server = replace(chat, server=server)
    if server not in servers:
        return suspend(of_server, LEFT, now_ms)
    return revive(of_server) if chat.suspended == LEFT else of_server


class GuildEvents:
    """What a client does when servers come and go; one comparison at a time, and one more where meanwhile more came."""

    desk: Desk
    guilds: Sequence[discord.Guild]
    _settling: asyncio.Task[None] | None = None
    _is_due = False
    _compared: frozenset[str] | None = None
    """The servers that were there when everything was compared last, None before the first time."""

    async def on_ready(self) -> None:
        """Every server is known: what came or went while nobody listened is made good."""
        self._settle()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server has taken the bot in; where it had removed it, its chats are warned again."""
        self._settle()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is there again after trouble, of which Discord tells with the same words as of a new one."""
        if self._compared is not None and str(guild.id) not in self._compared:
            self._settle()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server has removed the bot, or is gone; one that is only unavailable is told of otherwise."""
        self._settle()

    async def settled(self) -> None:
        """Wait until what came and went is kept."""
        while self._settling is not None and not self._settling.done():
            await asyncio.wait({self._settling})

    def _settle(self) -> None:
        self._is_due = True
        if self.desk.services.chats is not None and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self._compare(self.desk.services.chats))

    async def _compare(self, chats: Chats) -> None:
        while self._is_due:
            self._is_due = False
            try:
                servers = frozenset(str(guild.id) for guild in self.guilds)
                self._compared = servers
                changed = await compare(chats, servers, self._server_of, self.desk.now_ms())
            except StoreUnavailable as failure:
                log.warning("servers that came or went wait for the store: %s", failure)
                self._is_due = True
                await asyncio.sleep(STORE_PAUSE_S)
            except Unreadable as failure:
                log.exception("servers that came or went cannot be kept", why=str(failure))
            else:
                if changed:
                    log.info("servers came or went", chats=changed)

    def _server_of(self, address: str) -> str:
        number = address.partition(":")[2]
        client: Any = self
        channel = client.get_channel(int(number)) if number.isdigit() else None
        guild = getattr(channel, "guild", None)
        return "" if guild is None else str(guild.id)
