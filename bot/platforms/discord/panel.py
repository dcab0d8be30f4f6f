"""The panel of /subscribe: its managers choose channel, assets, kinds, severity and role; what it keeps, /subscribe keeps.

Whoever presses is asked for their right at that press, and the bot for its own in the channel that was chosen.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
import structlog

from bot.chat_platform import Asker, Desk
from bot.platforms.discord.panel_view import NAME, Layout, choice_in, chosen, number_of, panel_of
from bot.platforms.discord.render import Controls, layout_of
from bot.platforms.discord.sending import send
from commands.protocol import dispatch
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Role
from commands.testalert import sample
from commands.wording.subscribe_panel import (
    ALL,
    Choice,
    describe_choice,
    describe_kept,
    describe_missing,
    describe_preview,
    with_unmentionable,
)
from market.rules import AlertRules
from store.connection import StoreUnavailable
from store.wishes import Chat

COMMAND = "subscribe"
"""The command that is asked by a panel where nothing is said."""
MOST_ASSETS = 24
STORE_S = 2.0

Interaction = discord.Interaction[Any]
Channel = discord.abc.GuildChannel | discord.Thread
log = structlog.stdlib.get_logger(__name__)


class Panel:
    """Opens the panel, follows what is chosen in it, and asks /subscribe when it is confirmed. It remembers nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def is_for(self, interaction: Interaction, asker: Asker) -> bool:
        """Whether it is opened here: in a server whose member the bot is, for who manages it, where chats are warned."""
        is_known = self._desk.services.chats is not None and interaction.guild is not None
        return is_known and bool(asker.server) and asker.role >= Role.MANAGER

    async def open(self, interaction: Interaction, asker: Asker) -> None:
        """Show it, with what this channel has already; the asking was acknowledged."""
        assets, chat = await self._known(f"{NAME}:{asker.chat}")
        choice = Choice(
            chat.address, role=chat.ping_role, ping_from=chat.ping_least, thread=chat.thread_a_wave
        )
        await interaction.followup.send(view=self._shown(interaction, choice, assets), ephemeral=True)

    def noted(self, interaction: Interaction, reply: Reply) -> Reply:
        """An answer of /subscribe as Discord has to give it: with a note where its role would not be called by being mentioned."""
        told = reply.data.get("ping")
        role = told.get("role") if isinstance(told, Mapping) else None
        choice = Choice(f"{NAME}:{interaction.channel_id}", role=None if role is None else str(role))
        if choice.role is None or _may_mention(interaction, choice):
            return reply
        return with_unmentionable(reply, _phrases(interaction))

    async def touched(self, interaction: Interaction, part: str, asker: Asker) -> None:
        """Follow a press: show what is chosen now, a preview, or keep it."""
        if interaction.message is None:
            return
        choice, assets = choice_in(interaction.message)
        match part:
            case "confirm":
                await interaction.response.defer()
                await self._keep(interaction, choice, asker)
            case "preview":
                await interaction.response.defer()
                await self._preview(interaction, choice)
            case _:
                told: Any = interaction.data or {}
                choice = chosen(choice, part, [str(value) for value in told.get("values", ())])
                await interaction.response.edit_message(view=self._shown(interaction, choice, assets))

    async def _known(self, address: str) -> tuple[tuple[str, ...], Chat]:
        """The assets that can be chosen and the chat as it is; what the store does not tell in time is left out."""
        services, chat = self._desk.services, None
        watched: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(STORE_S):
                watched = await services.snapshots.watched()
                chat = None if services.chats is None else await services.chats.get(address)
        except (StoreUnavailable, TimeoutError):
            log.warning("a panel is shown without what the store knows")
        return (ALL, *watched[:MOST_ASSETS]), chat or Chat(address)

    def _shown(self, interaction: Interaction, choice: Choice, assets: tuple[str, ...]) -> Layout:
        phrases = _phrases(interaction)
        is_mentionable = choice.role is None or _may_mention(interaction, choice)
        return panel_of(
            choice, assets, describe_choice(choice, phrases, is_mentionable=is_mentionable), phrases
        )

    async def _keep(self, interaction: Interaction, choice: Choice, asker: Asker) -> None:
        """Ask /subscribe for the channel that was chosen; a refusal stands beside the panel, which stays."""
        phrases = _phrases(interaction)
        missing = _missing(interaction, choice, asker)
        if missing is not None:
            await _say(interaction, describe_missing(missing, phrases))
            return
        there = replace(asker, chat=str(number_of(choice.channel)))
        reply = await self._desk.ask_options(COMMAND, choice.options(), there)
        if dispatch.outcome(reply) != "answered":
            await _say(interaction, replace(reply, actions=()))
            return
        kept = layout_of(describe_kept(choice, reply, phrases), Controls(language=phrases.language))
        await interaction.edit_original_response(view=kept)

    async def _preview(self, interaction: Interaction, choice: Choice) -> None:
        """A sample as the channel would see it, for who asked alone."""
        services, now_ms = self._desk.services, self._desk.now_ms()
        asset = next((one for one in choice.assets if one != ALL), None)
        try:
            async with asyncio.timeout(STORE_S):
                asset = asset or next(iter(await services.snapshots.watched()), "BTC")
                snapshot = await services.snapshots.latest(asset)
        except (StoreUnavailable, TimeoutError):
            asset, snapshot = asset or "BTC", None
        shown = sample(asset, snapshot, now_ms)
        await _say(interaction, describe_preview(choice, shown, _phrases(interaction), AlertRules(), now_ms))


def _missing(interaction: Interaction, choice: Choice, asker: Asker) -> str | None:
    """What stands in the way of keeping a choice, None where nothing does; who may is told by this very press."""
    if asker.role < Role.MANAGER or not asker.server:
        return "manager"
    if not choice.assets:
        return "assets"
    return None if _may_write(interaction, choice) else "channel"


def _may_write(interaction: Interaction, choice: Choice) -> bool:
    """Whether the chosen channel is one of this server that who presses sees, and that the bot may write to."""
    guild, channel = interaction.guild, _channel(interaction, choice)
    if guild is None or channel is None or not isinstance(interaction.user, discord.Member):
        return False
    if not channel.permissions_for(interaction.user).view_channel:
        return False
    ours = channel.permissions_for(guild.me)
    is_thread = isinstance(channel, discord.Thread)
    return ours.view_channel and (ours.send_messages_in_threads if is_thread else ours.send_messages)


def _may_mention(interaction: Interaction, choice: Choice) -> bool:
    """Whether a mention of the chosen role would call it."""
    guild, channel = interaction.guild, _channel(interaction, choice)
    role = None if guild is None or choice.role is None else guild.get_role(int(choice.role))
    if guild is None or role is None:
        return False
    return role.mentionable or (channel is not None and channel.permissions_for(guild.me).mention_everyone)


def _channel(interaction: Interaction, choice: Choice) -> Channel | None:
    """The channel as far as the bot sees it; a thread in a channel it does not see is none it could write to."""
    guild = interaction.guild
    found = None if guild is None else guild.get_channel_or_thread(number_of(choice.channel))
    return None if isinstance(found, discord.Thread) and found.parent is None else found


async def _say(interaction: Interaction, reply: Reply) -> None:
    await send(interaction, reply, Controls(language=interaction.locale.value))


def _phrases(interaction: Interaction) -> Phrases:
    return phrases_in(interaction.locale.value)
