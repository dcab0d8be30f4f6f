"""Pictures of answers as Telegram takes them: uploaded once, and named by what Telegram calls them ever after."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from telegram import Bot, Message

from bot.chat_platform import Desk
from bot.layout import TELEGRAM_HTML, beside, lay_out
from bot.pictures.drawn import name_of
from commands.protocol.picture import Picture
from commands.protocol.reply import Reply
from market.observations import DAY_MS, SECOND_MS
from scheduler.clock import monotonic_s
from store.connection import StoreUnavailable

LONGEST_CAPTION_UNITS = 1_024
"""Telegram's longest caption (Bot API, sendPhoto), counted after its entities are parsed."""
FILE_NAME = "picture.png"
KNOWN_FOR_S = DAY_MS // SECOND_MS
"""Far longer than a picture is of the present; Telegram keeps files for good."""

REFUSED_FOR_S = 600.0
"""So long a chat that took no picture is sent words at once: each try would be an upload for nothing."""
MOST_REFUSED = 10_000

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture to be sent: its bytes, or what Telegram calls the file. `words` are what it shows, as our HTML.

    `picture` is None where nothing is remembered of it: somebody's own, or one that is in a chat already and sent into another.
    """

    picture: Picture | None
    media: bytes | str
    words: str


class Above(NamedTuple):
    """A photo that stands above words which are too long for its caption: its message, and what Telegram calls it."""

    message_id: int
    file: str


class Photos:
    """The photos of one bot."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot, self._desk = bot, desk
        self._refused_s: OrderedDict[int, float] = OrderedDict()
        self._doubted: OrderedDict[int, None] = OrderedDict()

    async def of(self, reply: Reply, chat_id: int) -> tuple[Reply, Photo | None]:
        """The reply as it stands beside its picture, and the picture.

        The reply as it is where there is none in time, or where the chat took none a moment ago: a group may allow words only.
        """
        picture = next((block for block in reply.blocks if isinstance(block, Picture)), None)
        if picture is None or self._desk.draw is None or not self._takes_any(chat_id):
            return reply, None
        is_new = reply.private or chat_id in self._doubted
        media: bytes | str | None = None if is_new else await self._read(self._name(picture))
        if media is None:
            drawn = await self._desk.drawn(reply)
            if drawn is None:
                return reply, None
            media = drawn[1]
        words = lay_out(Reply((picture,)), TELEGRAM_HTML)[0]
        return beside(reply, picture), Photo(None if reply.private else picture, media, words)

    async def note(self, photo: Photo, sent: Message | bool) -> None:
        """Remember what Telegram calls a picture that was uploaded.

        Where an upload became words instead, the chat takes no pictures. Where a name did, it is either unknown to Telegram or that
        chat takes none: the next picture there is uploaded, which tells, and replaces the name or leaves it to the others.
        """
        if isinstance(sent, bool):
            return
        if not sent.photo:
            self._note_refusal(sent.chat_id, is_of_name=isinstance(photo.media, str))
        elif not isinstance(photo.media, str):
            self._doubted.pop(sent.chat_id, None)
            if photo.picture is not None:
                await self._keep(self._name(photo.picture), sent.photo[-1].file_id)

    def _takes_any(self, chat_id: int) -> bool:
        refused_s = self._refused_s.get(chat_id)
        return refused_s is None or monotonic_s() - refused_s > REFUSED_FOR_S

    def _note_refusal(self, chat_id: int, *, is_of_name: bool) -> None:
        if is_of_name:
            self._doubted[chat_id] = None
        else:
            self._refused_s[chat_id] = monotonic_s()
            self._refused_s.move_to_end(chat_id)
        for known in (self._doubted, self._refused_s):
            while len(known) > MOST_REFUSED:
                known.popitem(last=False)

    async def above(self, chat_id: int, message_id: int) -> Above | None:
        """The photo that stands above these words, None where none is known."""
        noted = await self._read(f"telegram-above:{chat_id}:{message_id}")
        number, _, file = (noted or "").partition(" ")
        return Above(int(number), file) if number and file else None

    async def note_above(self, photo: Message | bool, words: Message | bool) -> None:
        """Remember which photo stands above which words."""
        if not isinstance(photo, bool) and not isinstance(words, bool) and photo.photo:
            name = f"telegram-above:{words.chat_id}:{words.message_id}"
            await self._keep(name, f"{photo.message_id} {photo.photo[-1].file_id}")

    async def _read(self, name: str) -> str | None:
        memos = self._desk.services.memos
        try:
            return None if memos is None else await memos.read(name) or None
        except StoreUnavailable as away:
            log.debug("what is known of a picture could not be read", error=str(away))
            return None

    async def _keep(self, name: str, text: str) -> None:
        memos = self._desk.services.memos
        try:
            if memos is not None:
                await memos.keep(name, text, KNOWN_FOR_S)
        except StoreUnavailable as away:
            log.debug("what is known of a picture could not be kept", error=str(away))

    def _name(self, picture: Picture) -> str:
        """Files are named for one bot alone."""
        return f"telegram-file:{self._bot.id}:{name_of(picture)}"
