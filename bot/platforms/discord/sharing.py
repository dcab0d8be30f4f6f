"""Sharing on Discord: what only its reader sees is posted, as it stands, where it was asked, and marked as theirs."""

from typing import Any

import discord
import structlog

from bot.chat_platform import Sentence
from bot.layout import DISCORD_UNITS, units
from bot.platforms.discord.buttons import view_without_sharing
from bot.platforms.discord.pictures import files_in
from bot.platforms.discord.render import without

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


class Shares:
    """What is being shared just now: two presses in a hurry are one."""

    __slots__ = ("_under_way",)

    def __init__(self) -> None:
        self._under_way: set[int] = set()

    async def share(self, interaction: Interaction, owner: str) -> None:
        """Post the message under whose button this is, once; only its owner sees it, and only they share it.

        The button is taken away first: what may have been posted is not posted again.
        """
        message = interaction.message
        if message is None or not message.flags.ephemeral or str(interaction.user.id) != owner:
            await _refuse(interaction)
            return
        if message.id in self._under_way:
            await interaction.response.defer()
            return
        self._under_way.add(message.id)
        try:
            await _post(interaction, message)
        except discord.HTTPException as error:
            log.warning("an answer was not shared", status=error.status, code=error.code)
            await _refuse(interaction)
        finally:
            self._under_way.discard(message.id)


async def _post(interaction: Interaction, message: discord.Message) -> None:
    # a mention names who it was; nobody is called
    mark = Sentence.SHARED_BY.in_words(interaction.locale.value, name=interaction.user.mention)
    if message.flags.components_v2:
        await interaction.response.edit_message(view=without(message, keep=True))
        files = await files_in(message)
        posted = without(message, keep=False, mark=mark, has_files=bool(files))
        await interaction.followup.send(view=posted, files=files)
        return
    await interaction.response.edit_message(view=view_without_sharing(message))
    for text in _texts(mark, message.content):
        await interaction.followup.send(text, suppress_embeds=True)


def _texts(mark: str, content: str) -> tuple[str, ...]:
    """The mark and the answer, in one message where that is not too long for one."""
    whole = f"{mark}\n{content}"
    return (whole,) if units(whole) <= DISCORD_UNITS else (mark, content)


async def _refuse(interaction: Interaction) -> None:
    said = Sentence.NOT_SHARED.in_words(interaction.locale.value)
    if interaction.response.is_done():
        await interaction.followup.send(said, ephemeral=True)
    else:
        await interaction.response.send_message(said, ephemeral=True)
