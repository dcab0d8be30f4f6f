"""Sharing: what somebody was told in private is posted, as it stands, in the group they asked it from, and marked as theirs."""

import html
from collections import OrderedDict

import structlog
from telegram import Bot, ChatMember, ChatMemberRestricted
from telegram.error import TelegramError

from bot.chat_platform import Sentence
from bot.layout import TELEGRAM_UNITS, label_of, units
from bot.platforms.telegram.buttons import without_sharing
from bot.platforms.telegram.parts import Part, deliver, plain
from bot.platforms.telegram.photos import LONGEST_CAPTION_UNITS, Photo, Photos
from bot.platforms.telegram.updates import Sharing

LONGEST_NAME = 129
"""Telegram's longest first and last name, 64 letters each, and the blank between them."""
MOST_SHARED = 1_000
"""Messages whose sharing is remembered here; what was shared has no button any more, but a press may have been under way."""
WHO_BELONGS = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER})

log = structlog.stdlib.get_logger(__name__)


class Shares:
    """What is being shared just now, and what was: presses in a hurry are one, and the last may come when the first is done."""

    __slots__ = ("_bot", "_photos", "_shared", "_under_way")

    def __init__(self, bot: Bot, photos: Photos) -> None:
        self._bot, self._photos = bot, photos
        self._under_way: set[tuple[int, int]] = set()
        self._shared: OrderedDict[tuple[int, int], None] = OrderedDict()

    async def share(self, sharing: Sharing, language: str) -> Sentence | None:
        """Post it, marked in that language, and say how that went; None where it is being done already.

        Only who may speak in the group may share there. What was shared loses its button.
        """
        key = (sharing.message.chat.id, sharing.message.message_id)
        if key in self._under_way:
            return None
        if key in self._shared:
            return Sentence.SHARED
        self._under_way.add(key)
        try:
            if not await self._may_speak(sharing) or not await self._post(sharing, language):
                return Sentence.NOT_SHARED
            self._note(key)
            await self._take_button(sharing)
        finally:
            self._under_way.discard(key)
        return Sentence.SHARED

    def _note(self, key: tuple[int, int]) -> None:
        self._shared[key] = None
        while len(self._shared) > MOST_SHARED:
            self._shared.popitem(last=False)

    async def _may_speak(self, sharing: Sharing) -> bool:
        chat, _ = _place(sharing)
        try:
            member = await self._bot.get_chat_member(chat, sharing.user.id)
        except TelegramError as error:
            log.warning("who belongs to a group is not told", error=type(error).__name__)
            return False
        if isinstance(member, ChatMemberRestricted):
            return member.is_member and member.can_send_messages
        return member.status in WHO_BELONGS

    async def _post(self, sharing: Sharing, language: str) -> bool:
        message = sharing.message
        above = None if message.photo else await self._photos.above(message.chat_id, message.message_id)
        file = message.photo[-1].file_id if message.photo else None if above is None else above.file
        return all([await deliver(self._bot, part) for part in _parts(sharing, file, language)])

    async def _take_button(self, sharing: Sharing) -> None:
        message = sharing.message
        try:
            await self._bot.edit_message_reply_markup(
                chat_id=message.chat.id,
                message_id=message.message_id,
                api_kwargs={"reply_markup": without_sharing(message.reply_markup)},
            )
        except TelegramError as error:
            log.debug("a shared answer keeps its button", error=type(error).__name__)


def _place(sharing: Sharing) -> tuple[int, int | None]:
    chat, _, topic = sharing.place.partition(":")
    return int(chat), int(topic) if topic else None


def _parts(sharing: Sharing, file: str | None, language: str) -> tuple[Part, ...]:
    """The mark and the answer, in one message where that is not too long for one; `file` is its photo, as Telegram knows it."""
    chat, topic = _place(sharing)
    name = label_of(sharing.user.full_name)[:LONGEST_NAME]
    mark = html.escape(Sentence.SHARED_BY.in_words(language, name=name))
    answer = sharing.message.caption_html if sharing.message.photo else sharing.message.text_html
    photo = None if file is None else Photo(None, file, "")
    whole = f"{mark}\n{answer}"
    if units(plain(whole)) <= (TELEGRAM_UNITS if photo is None else LONGEST_CAPTION_UNITS):
        return (Part(whole, chat, thread_id=topic, photo=photo),)
    return Part(mark, chat, thread_id=topic, photo=photo), Part(answer, chat, thread_id=topic)
