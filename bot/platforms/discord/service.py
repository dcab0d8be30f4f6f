"""The Discord service: one client that answers slash commands and buttons through the desk."""

import asyncio
from collections.abc import Mapping
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.chat_platform import Asker, Desk, Sentence, command_of
from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.messenger import delivering
from bot.platforms.discord.buttons import KINDS, FormButton, ShareButton, view_of
from bot.platforms.discord.connection import GatewayClient, check, signed_in
from bot.platforms.discord.forms import fits_page, handed_in, page_for, page_of
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.discord.registry import sync_if_changed
from bot.platforms.discord.sharing import Shares
from bot.platforms.discord.slash import line_of, slash_command
from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.forms import fields_asked
from commands.protocol.reply import Note, Prompt, Reply
from commands.protocol.request import Role

__all__ = ["Client", "check", "run"]

NAME = "discord"
ANSWER_S = 60.0
"""Far below the 15 minutes an interaction lives, far above what an answer takes."""

MEMORY = "discord_commands.sha256"

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


async def run(desk: Desk) -> None:
    """Answer on Discord until cancelled. Raises PlatformStopped where no retry would help."""
    client = Client(desk)
    async with (
        signed_in(client, desk.settings),
        delivering(desk.deliver, DiscordMessenger(client)),
    ):
        await client.connect()


class Tree(app_commands.CommandTree[Any]):
    """The slash commands; what fails in one is logged without its words."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Log it; Discord itself tells the reader that no answer came."""
        log.error("an interaction was not answered", kind=interaction.type.name, exc_info=error)


class Client(GatewayClient):
    """The client with our commands."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.settings)
        self.desk = desk
        self._shares = Shares()
        self.tree = Tree(self)
        for command in dispatch.commands():
            self.tree.add_command(slash_command(command, self.answer, self.suggest))

    async def setup_hook(self) -> None:
        """Once a start, before the gateway: know the buttons of earlier lives, and hand changed commands over."""
        self.add_dynamic_items(*KINDS)
        await sync_if_changed(self.tree, self.desk.settings.data_dir / MEMORY)

    async def answer(
        self, interaction: Interaction, command: Command[Any], values: Mapping[str, object]
    ) -> None:
        """Answer a slash command: acknowledge it first, since Discord waits three seconds and the store may not.

        One that is asked without a word and needs some is answered with a page to write them on.
        """
        async with asyncio.timeout(ANSWER_S):
            asked = () if any(value is not None for value in values.values()) else fields_asked(command)
            page = page_of(f"/{command.name}", asked) if asked else None
            if page is not None:
                await interaction.response.send_modal(page)
                return
            await self._answer_options(interaction, command, values)

    async def press(self, interaction: Interaction, line: str, renews: bool) -> None:
        """Answer a button: in place where it asks the same again, else below, hidden where it holds a position."""
        command = dispatch.find(line.split(maxsplit=1)[0])
        is_hidden = command is not None and command.private
        renews = renews and (not is_hidden or _is_seen_by_one(interaction))
        async with asyncio.timeout(ANSWER_S):
            if renews:
                await interaction.response.defer()
            else:
                await interaction.response.defer(thinking=True, ephemeral=is_hidden)
            asker = _asker(interaction, is_hidden=is_hidden)
            reply = await self.desk.ask(line, asker)
            if renews:
                await _renew(interaction, reply, line, is_hidden=asker.is_private)
            else:
                await _send(interaction, reply, line, is_hidden=asker.is_private)

    async def fill(self, interaction: Interaction, line: str, field: str) -> None:
        """Open the page on which one field of a line is written."""
        page = page_for(line, field)
        if page is not None:
            await interaction.response.send_modal(page)
            return
        forgotten = Sentence.FORGOTTEN.in_words(interaction.locale.value)
        await interaction.response.send_message(forgotten, ephemeral=True)

    async def share(self, interaction: Interaction, owner: str) -> None:
        """Post the answer under which this button stands."""
        await self._shares.share(interaction, owner)

    async def on_interaction(self, interaction: Interaction) -> None:
        """A page handed in, whichever process has shown it; the library keeps to slash commands and buttons itself."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        page = handed_in(dict(interaction.data or {}))
        command = None if page is None else command_of(page[0])
        if page is None or command is None:
            return
        line, values = page
        async with asyncio.timeout(ANSWER_S):
            if line == f"/{command.name}":
                await self._answer_options(interaction, command, values)
            else:
                await self.press(interaction, _continued(line, values), renews=False)

    async def _answer_options(
        self, interaction: Interaction, command: Command[Any], values: Mapping[str, object]
    ) -> None:
        await interaction.response.defer(thinking=True, ephemeral=command.private)
        asker = _asker(interaction, is_hidden=command.private)
        reply = await self.desk.ask_options(command.name, values, asker)
        await _send(interaction, reply, line_of(command, values), is_hidden=asker.is_private)

    async def suggest(self, begun: str) -> tuple[str, ...]:
        """The watched assets that go on from what was typed."""
        watched = await self.desk.services.snapshots.watched()
        return tuple(asset for asset in watched if begun.strip().upper() in asset)


async def _send(interaction: Interaction, reply: Reply, line: str, *, is_hidden: bool) -> None:
    """The messages of a reply, the buttons under the last; a position goes where only its reader sees it."""
    reply = _for_here(interaction, reply, is_hidden=is_hidden)
    texts = lay_out(reply, DISCORD_MARKDOWN)
    shared = _sharing(interaction, reply)
    for place, text in enumerate(texts):
        view = _view(interaction, reply, line) if place == len(texts) - 1 else view_of((), line, more=shared)
        await interaction.followup.send(
            text, view=view or discord.utils.MISSING, ephemeral=is_hidden, suppress_embeds=True
        )


async def _renew(interaction: Interaction, reply: Reply, line: str, *, is_hidden: bool) -> None:
    reply = _for_here(interaction, reply, is_hidden=is_hidden)
    first, *rest = lay_out(reply, DISCORD_MARKDOWN)
    await interaction.edit_original_response(content=first, view=_view(interaction, reply, line))
    for text in rest:
        await interaction.followup.send(text, ephemeral=is_hidden, suppress_embeds=True)


def _for_here(interaction: Interaction, reply: Reply, *, is_hidden: bool) -> Reply:
    """The reply, or a sentence in its place where it holds a position and others would read it."""
    if not reply.private or is_hidden or dispatch.outcome(reply) != "answered":
        return reply
    return Reply((Note(Sentence.PRIVATE_HERE.in_words(interaction.locale.value)),))


def _is_seen_by_one(interaction: Interaction) -> bool:
    message = interaction.message
    return interaction.context.dm_channel or (message is not None and message.flags.ephemeral)


def _view(interaction: Interaction, reply: Reply, line: str) -> discord.ui.View | None:
    """The buttons under the last message of an answer: its own, one to write what is missing, one to share it."""
    more: list[FormButton | ShareButton] = [*_sharing(interaction, reply)]
    if reply.prompt is not None and fits_page(reply.prompt.line):
        more.append(FormButton(Sentence.TYPE_IT.in_words(interaction.locale.value), reply.prompt))
    return view_of(reply.actions, line, more=more)


def _sharing(interaction: Interaction, reply: Reply) -> tuple[ShareButton, ...]:
    """The button that shares an answer which others in this channel do not see."""
    if not reply.private or interaction.context.dm_channel or dispatch.outcome(reply) != "answered":
        return ()
    return (ShareButton(Sentence.SHARE.in_words(interaction.locale.value), str(interaction.user.id)),)


def _continued(line: str, values: Mapping[str, str]) -> str:
    """The line with what was written behind it."""
    for field, value in values.items():
        line = Prompt(line, field, kind="", example="").filled(value)
    return line


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
