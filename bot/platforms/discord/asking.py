"""Who asks on Discord, where, and with what right: read from the interaction itself, which Discord fills at every press."""

from typing import Any

import discord

from bot.chat_platform import Asker
from bot.platforms.discord.invite import invite_link
from commands.protocol.request import Role

NAME = "discord"

Interaction = discord.Interaction[Any]


def asker_of(interaction: Interaction, *, is_hidden: bool) -> Asker:
    """Who asks and where; `is_hidden`: nobody else reads the answer."""
    return Asker(
        NAME,
        user=str(interaction.user.id),
        chat=str(interaction.channel_id or ""),
        is_private=is_hidden or interaction.context.dm_channel,
        language=interaction.locale.value,
        role=Role.MANAGER if _manages(interaction) else Role.ANYONE,
        reach=f"{NAME}:@{interaction.user.id}",
        server=_server_of(interaction),
        invite=invite_link(interaction.application_id),
    )


def _server_of(interaction: Interaction) -> str:
    """The server it was asked in, "" where the bot itself is no member of it."""
    server = interaction.guild_id
    return "" if server is None or interaction.client.get_guild(server) is None else str(server)


def _manages(interaction: Interaction) -> bool:
    """Alone with the bot everybody manages their own, in a server who may manage it; elsewhere warnings cannot be sent."""
    if interaction.context.dm_channel:
        return True
    rights, is_guest = interaction.permissions, not interaction.is_guild_integration()
    if is_guest and interaction.is_user_integration():  # the bot itself is not in this server
        return False
    return rights.manage_guild or rights.administrator
