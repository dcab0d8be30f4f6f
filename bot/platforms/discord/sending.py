"""How an answer reaches Discord: acknowledged at once, then as a layout, in plain words where that is refused, or late.

An acknowledgement may be given twice, so it is repeated where the connection broke; an answer is not: whoever asked may ask again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
import structlog

from bot.chat_platform import Sentence
from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.platforms.discord.buttons import ShareButton
from bot.platforms.discord.pictures import Shown, files_of
from bot.platforms.discord.render import Controls, layout_of, plain_view
from commands.protocol.reply import Reply

UNKNOWN_INTERACTION, ACKNOWLEDGED = 10062, 40060
TOO_LATE = frozenset({UNKNOWN_INTERACTION, 10015, 50027})
"""Unknown interaction, unknown webhook, its token is over: the answer cannot be given where it was asked."""
REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
TRIES = 3

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


async def acknowledged(interaction: Interaction, *, renews: bool) -> bool:
    """Tell Discord that an answer comes; False where it has given up waiting, and none can be given.

    `renews`: the answer takes the place of the message whose button was pressed. In a channel what comes is hidden.
    """
    for left in reversed(range(TRIES)):
        try:
            if renews:
                await interaction.response.defer()
            else:
                await interaction.response.defer(thinking=True, ephemeral=is_hidden_in(interaction))
        except discord.HTTPException as error:
            if error.code == UNKNOWN_INTERACTION:
                log.warning("an interaction came too late to be answered")
                return False
            if error.code == ACKNOWLEDGED:  # the last try was heard, only its answer was lost
                return True
            if error.status < HTTPStatus.INTERNAL_SERVER_ERROR or not left:
                raise
        except (aiohttp.ClientError, OSError):
            if not left:
                raise
        else:
            return True
    return False


async def send(
    interaction: Interaction, reply: Reply, controls: Controls, shown: Shown | None = None
) -> None:
    """The answer below what was asked, for its asker alone; alone with the bot nothing is hidden."""
    try:
        for picture in (None,) if shown is None else (shown, None):  # refused with its picture: tried without
            layout = layout_of(reply, controls, picture)
            if layout is not None and await _took(interaction, layout, picture):
                return
        await _send_plainly(interaction, reply, controls)
    except discord.HTTPException as error:
        if error.code not in TOO_LATE:
            raise
        await _send_late(interaction, reply)


async def renew(
    interaction: Interaction, reply: Reply, controls: Controls, shown: Shown | None = None
) -> None:
    """Let the message whose button was pressed say and show this instead; what does not fit there comes below."""
    layout = layout_of(reply, controls, shown)
    if layout is None:
        await send(interaction, reply, controls, shown)
        return
    try:
        await interaction.edit_original_response(
            content=None, embeds=[], attachments=files_of(shown), view=layout
        )
    except discord.HTTPException as refused:
        if refused.status not in REFUSED:
            raise
        log.warning("Discord refused a layout", code=refused.code)
        await _send_plainly(interaction, reply, controls)


async def say_forgotten(interaction: Interaction) -> None:
    """That a button is too old, instead of an answer."""
    said = Sentence.FORGOTTEN.in_words(interaction.locale.value)
    with unless_too_late():
        if interaction.response.is_done():
            await interaction.followup.send(said, ephemeral=True)
        else:
            await interaction.response.send_message(said, ephemeral=True)


@contextmanager
def unless_too_late() -> Iterator[None]:
    """What is said within the block is not said where Discord has given up waiting for it."""
    try:
        yield
    except discord.HTTPException as refused:
        if refused.code not in TOO_LATE | {ACKNOWLEDGED}:
            raise
        log.warning("an interaction came too late to be answered")


def is_hidden_in(interaction: Interaction) -> bool:
    """Whether answers here are for their asker's eyes alone: everywhere but alone with the bot."""
    return not interaction.context.dm_channel


async def _took(interaction: Interaction, layout: discord.ui.LayoutView, shown: Shown | None) -> bool:
    """Whether Discord took a layout; one it refuses is told in words instead."""
    try:
        await interaction.followup.send(
            view=layout, ephemeral=is_hidden_in(interaction), files=files_of(shown)
        )
    except discord.HTTPException as refused:
        if refused.status not in REFUSED:
            raise
        log.warning("Discord refused a layout", code=refused.code)
        return False
    return True


async def _send_plainly(interaction: Interaction, reply: Reply, controls: Controls) -> None:
    """The answer in as many messages of words as it takes, the buttons under the last, each with the one that shares it."""
    texts = lay_out(reply, DISCORD_MARKDOWN)
    shares = Controls([one for one in controls.buttons if isinstance(one, ShareButton)])
    for place, text in enumerate(texts):
        view = plain_view(controls if place == len(texts) - 1 else shares)
        await interaction.followup.send(
            text,
            view=view or discord.utils.MISSING,
            ephemeral=is_hidden_in(interaction),
            suppress_embeds=True,
        )


async def _send_late(interaction: Interaction, reply: Reply) -> None:
    """An answer whose place is gone: alone with the bot it is a new message, in a channel nobody else may read it."""
    log.warning("an answer came too late for its place")
    if is_hidden_in(interaction) or interaction.channel_id is None:
        return
    channel = interaction.client.get_partial_messageable(interaction.channel_id)
    for text in lay_out(reply, DISCORD_MARKDOWN):
        await channel.send(text, suppress_embeds=True, allowed_mentions=discord.AllowedMentions.none())


async def say_alone(interaction: Interaction, said: str) -> None:
    """Say a few words to who asked, and to nobody else, in answer to what was not acknowledged; once, or not at all."""
    try:
        await interaction.response.send_message(said, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.debug("a refusal was not said", error=type(error).__name__)
