"""Pictures on Discord: attached to the answer they belong to, shown in its layout, and said in words to whoever cannot see them."""

import asyncio
import io
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog
from discord import ui

from bot.chat_platform import Desk
from bot.layout import clean
from bot.pictures.drawn import name_of
from commands.protocol.picture import Picture
from commands.protocol.reply import Reply

LONGEST_DESCRIPTION = 1_000
"""Discord takes 1,024 (developer documentation, Attachment Object)."""
FETCH_S = 5.0

Interaction = discord.Interaction[Any]
Gallery = ui.MediaGallery[Any]
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that is shown with an answer. Its name is made from its key, so that the same picture has the same name."""

    picture: Picture
    png: bytes

    @property
    def name(self) -> str:
        """What the attached file is called."""
        return f"{name_of(self.picture)}.png"

    def file(self) -> discord.File:
        """The file, good for one request."""
        return _file(self.png, self.name, self.picture.alt)

    def gallery(self) -> Gallery:
        """Where the file is shown in a layout."""
        return _gallery(self.name, self.picture.alt)


async def shown_with(interaction: Interaction, desk: Desk, reply: Reply) -> Shown | None:
    """The picture of a reply, None where there is none in time, or where the bot may attach nothing."""
    if not interaction.app_permissions.attach_files:
        return None
    drawn = await desk.drawn(reply)
    return None if drawn is None else Shown(*drawn)


def files_of(shown: Shown | None) -> list[discord.File]:
    """What is attached."""
    return [] if shown is None else [shown.file()]


async def files_in(message: discord.Message) -> list[discord.File]:
    """The pictures attached to a message of ours, to be attached to another one; [] where they are not had in time."""
    try:
        async with asyncio.timeout(FETCH_S):
            return [
                _file(await one.read(), one.filename, one.description or "") for one in message.attachments
            ]
    except (
        discord.DiscordException,
        aiohttp.ClientError,
        OSError,
    ) as error:  # OSError: a TimeoutError is one
        log.warning("the picture of a shared answer was not had", error=type(error).__name__)
        return []


def galleries_in(item: Gallery, message: discord.Message) -> list[Gallery]:
    """The same gallery for a message that has the same files: Discord tells where they are, and takes what they are called."""
    return [
        _gallery(one.filename, media.description or "")
        for one, media in zip(message.attachments, item.items, strict=False)
    ]


def words_in(item: Gallery) -> str:
    """What the pictures of a gallery show, in words."""
    return "\n".join(media.description for media in item.items if media.description)


def _file(png: bytes, name: str, words: str) -> discord.File:
    return discord.File(io.BytesIO(png), name, description=_described(words))


def _gallery(name: str, words: str) -> Gallery:
    return ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{name}", description=_described(words)))


def _described(words: str) -> str:
    return clean(words).replace("\n", " ")[:LONGEST_DESCRIPTION]
