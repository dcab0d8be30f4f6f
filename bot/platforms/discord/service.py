"""The Discord service: one client that answers slash commands and buttons through the desk."""

import asyncio
from collections.abc import Mapping
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from bot.chat_platform import Asker, Desk, PlatformAway, PlatformStopped, Sentence
from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.messenger import delivering
from bot.platforms.discord.buttons import LineButton, view_of
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.discord.registry import sync_if_changed
from bot.platforms.discord.slash import line_of, slash_command
from bot.settings import Settings
from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.reply import Note, Reply
from commands.protocol.request import Role

NAME = "discord"
LOGIN_S = 60.0
ANSWER_S = 60.0
"""Far below the 15 minutes an interaction lives, far above what an answer takes."""

BAD_TOKEN_CODE = 4004
REFUSED = (
    "Discord refuses the bot token: copy a new one from the developer portal and set SEAWALL_DISCORD_TOKEN."
)
MEMORY = "discord_commands.sha256"

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


async def run(desk: Desk) -> None:
    """Answer on Discord until cancelled. Raises PlatformStopped where the token is refused."""
    token = desk.settings.discord_token
    if token is None:
        raise PlatformStopped("Discord needs SEAWALL_DISCORD_TOKEN.")
    if desk.settings.discord_url is not None:
        Route.BASE = str(desk.settings.discord_url).rstrip("/")
    async with Client(desk) as client:
        try:
            async with asyncio.timeout(LOGIN_S):
                await client.login(token.get_secret_value())
            async with delivering(desk.deliver, DiscordMessenger(client)):
                await client.connect()
        except discord.LoginFailure:
            raise PlatformStopped(REFUSED) from None
        except discord.ConnectionClosed as closed:
            if closed.code == BAD_TOKEN_CODE:
                raise PlatformStopped(REFUSED) from None
            raise


async def check(settings: Settings) -> str:
    """The bot's name, as Discord tells it for the token. Raises PlatformStopped (refused) and PlatformAway."""
    if settings.discord_token is None:
        raise PlatformStopped("Discord needs SEAWALL_DISCORD_TOKEN.")
    if settings.discord_url is not None:
        Route.BASE = str(settings.discord_url).rstrip("/")
    asking = HTTPClient(asyncio.get_running_loop())
    try:
        return str((await asking.static_login(settings.discord_token.get_secret_value()))["username"])
    except discord.LoginFailure:
        raise PlatformStopped(REFUSED) from None
    except Exception as error:  # noqa: BLE001, whatever its library of HTTP raises: it did not answer as it should
        raise PlatformAway(f"Discord does not answer as it should ({type(error).__name__})") from None
    finally:
        await asking.close()


class Tree(app_commands.CommandTree[Any]):
    """The slash commands; what fails in one is logged without its words."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Log it; Discord itself tells the reader that no answer came."""
        log.error("an interaction was not answered", kind=interaction.type.name, exc_info=error)


class Client(discord.Client):
    """The library's client with our commands: no message content, no mentions, nothing kept of messages."""

    def __init__(self, desk: Desk) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.desk = desk
        self.tree = Tree(self)
        for command in dispatch.commands():
            self.tree.add_command(slash_command(command, self.answer, self.suggest))

    async def setup_hook(self) -> None:
        """Once a start, before the gateway: know the buttons of earlier lives, and hand changed commands over."""
        self.add_dynamic_items(LineButton)
        if self.desk.settings.discord_url is not None:
            told = await self.http.request(Route("GET", "/gateway"))
            DiscordWebSocket.DEFAULT_GATEWAY = URL(told["url"])
        await sync_if_changed(self.tree, self.desk.settings.data_dir / MEMORY)

    async def answer(
        self, interaction: Interaction, command: Command[Any], values: Mapping[str, object]
    ) -> None:
        """Answer a slash command: acknowledge it first, since Discord waits three seconds and the store may not."""
        async with asyncio.timeout(ANSWER_S):
            await interaction.response.defer(thinking=True, ephemeral=command.private)
            asker = _asker(interaction, is_hidden=command.private)
            reply = await self.desk.ask_options(command.name, values, asker)
            await _send(interaction, reply, line_of(command, values), is_hidden=asker.is_private)

    async def press(self, interaction: Interaction, line: str, renews: bool) -> None:
        """Answer a button: in place where it asks the same again, else below, hidden where it holds a position."""
        command = dispatch.find(line.split(maxsplit=1)[0])
        is_hidden = command is not None and command.private
        async with asyncio.timeout(ANSWER_S):
            if renews:
                await interaction.response.defer()
            else:
                await interaction.response.defer(thinking=True, ephemeral=is_hidden)
            asker = _asker(interaction, is_hidden=is_hidden)
            reply = await self.desk.ask(line, asker)
            if renews:
                await _renew(interaction, reply, line)
            else:
                await _send(interaction, reply, line, is_hidden=asker.is_private)

    async def suggest(self, begun: str) -> tuple[str, ...]:
        """The watched assets that go on from what was typed."""
        watched = await self.desk.services.snapshots.watched()
        return tuple(asset for asset in watched if begun.strip().upper() in asset)


async def _send(interaction: Interaction, reply: Reply, line: str, *, is_hidden: bool) -> None:
    """The messages of a reply, the buttons under the last; a position goes where only its reader sees it."""
    if reply.private and not is_hidden and dispatch.outcome(reply) == "answered":
        reply = Reply((Note(Sentence.PRIVATE_HERE.in_words(interaction.locale.value)),))
    texts = lay_out(reply, DISCORD_MARKDOWN)
    view = view_of(reply.actions, line) or discord.utils.MISSING
    for place, text in enumerate(texts):
        await interaction.followup.send(
            text,
            view=view if place == len(texts) - 1 else discord.utils.MISSING,
            ephemeral=is_hidden,
            suppress_embeds=True,
        )


async def _renew(interaction: Interaction, reply: Reply, line: str) -> None:
    first, *rest = lay_out(reply, DISCORD_MARKDOWN)
    await interaction.edit_original_response(content=first, view=view_of(reply.actions, line))
    for text in rest:
        await interaction.followup.send(text, suppress_embeds=True)


def _asker(interaction: Interaction, *, is_hidden: bool) -> Asker:
    return Asker(
        NAME,
        user=str(interaction.user.id),
        chat=str(interaction.channel_id or ""),
        is_private=is_hidden or interaction.context.dm_channel,
        language=interaction.locale.value,
        role=Role.MANAGER if _manages(interaction) else Role.ANYONE,
        reach=f"{NAME}:@{interaction.user.id}",
    )


def _manages(interaction: Interaction) -> bool:
    """Alone with the bot everybody manages their own, in a server who may manage it; elsewhere warnings cannot be sent."""
    if interaction.context.dm_channel:
        return True
    rights, is_guest = interaction.permissions, not interaction.is_guild_integration()
    if is_guest and interaction.is_user_integration():  # the bot itself is not in this server
        return False
    return rights.manage_guild or rights.administrator
