"""The file that goes with an answer: sent below it, for its asker's eyes alone."""

import io
from typing import Any

import discord
import structlog

from bot.chat_platform import Sentence
from bot.platforms.discord.sending import is_hidden_in
from commands.protocol.reply import Reply

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


async def send_file(interaction: Interaction, reply: Reply) -> None:
    """Send the reply's file, where it has one; where the bot may attach nothing, that is said."""
    if reply.file is None:
        return
    is_hidden = is_hidden_in(interaction)
    try:
        if interaction.app_permissions.attach_files or not is_hidden:
            file = discord.File(io.BytesIO(reply.file.content), reply.file.name)
            await interaction.followup.send(file=file, ephemeral=is_hidden)
            return
    except discord.HTTPException as refused:
        log.warning("Discord refused a file", status=refused.status, code=refused.code)
    said = Sentence.NO_FILE.in_words(reply.language or interaction.locale.value)
    await interaction.followup.send(said, ephemeral=is_hidden)
