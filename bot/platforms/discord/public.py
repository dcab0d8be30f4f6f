"""Answers that all in a channel see, where its managers chose so: at most one of its kind a minute, later askers are led to it."""

import asyncio
from typing import Any
from weakref import WeakValueDictionary

import discord
import structlog

from bot.chat_platform import Sentence
from bot.platforms.discord.pictures import Shown, files_of
from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.reply import Reply
from store.connection import StoreUnavailable
from store.services import Services

STANDS_S = 60
"""How long an answer for all stands for whoever asks the same."""

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


class PublicAnswers:
    """Posts answers for all; where one was posted is kept in the store, so that a restart posts no second one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def is_for(self, interaction: Interaction, command: Command[Any], reply: Reply) -> bool:
        """Whether this answer is for all here: the command may be, and the channel's managers chose so."""
        chats, memos = self._services.chats, self._services.memos
        may_be = command.may_be_public and not reply.private and dispatch.outcome(reply) == "answered"
        if not may_be or chats is None or memos is None or interaction.context.dm_channel:
            return False
        try:
            chat = await chats.get(f"discord:{interaction.channel_id}")
        except StoreUnavailable as away:
            log.warning("whether answers are for all could not be read", error=str(away))
            return False
        return chat is not None and chat.public

    async def post(
        self,
        interaction: Interaction,
        command: Command[Any],
        layout: discord.ui.LayoutView | None,
        reply: Reply,
        shown: Shown | None = None,
    ) -> bool:
        """Post it, or lead its asker to the one that stands; False where neither could be done: it is told in private."""
        memos = self._services.memos
        if layout is None or memos is None:
            return False
        name = f"public:{interaction.channel_id}:{command.name}:{reply.data.get('asset', '')}"
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            try:
                link = await memos.read(name)
                if (
                    link is None
                ):  # noted before it is posted: what cannot be noted would be posted twice a minute
                    await memos.keep(name, _link(interaction), STANDS_S)
            except StoreUnavailable as away:
                log.warning("an answer for all could not be noted", error=str(away))
                return False
            if link is not None:
                said = Sentence.POSTED_BEFORE.in_words(interaction.locale.value, link=link)
                await interaction.edit_original_response(content=said)
                return True
            said = Sentence.POSTED.in_words(interaction.locale.value)
            await interaction.edit_original_response(content=said)
            try:
                posted = await interaction.followup.send(
                    view=layout, ephemeral=False, wait=True, files=files_of(shown)
                )
            except discord.HTTPException as refused:
                log.warning("an answer for all was not posted", status=refused.status, code=refused.code)
                said = Sentence.NOT_SHARED.in_words(interaction.locale.value)
                await interaction.edit_original_response(content=said)
                return False
            await self._note(name, _link(interaction, posted.id))
        return True

    async def _note(self, name: str, link: str) -> None:
        """Where it was posted; until that is noted, later askers are led to the channel's end."""
        memos = self._services.memos
        try:
            if memos is not None:
                await memos.keep(name, link, STANDS_S)
        except StoreUnavailable as away:
            log.warning("where an answer for all was posted could not be noted", error=str(away))


def _link(interaction: Interaction, message: int | None = None) -> str:
    """The address of a message, or of the channel alone."""
    place = f"https://discord.com/channels/{interaction.guild_id or '@me'}/{interaction.channel_id}"
    return place if message is None else f"{place}/{message}"
