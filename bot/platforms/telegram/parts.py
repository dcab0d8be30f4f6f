"""One message of an answer: a new one or an edit, words or a photo with words, and what each error of Telegram means for it."""

import asyncio
import html
import re
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telegram import (
    Bot,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, TelegramError

from bot.platforms.telegram.buttons import Keyboard
from bot.platforms.telegram.photos import FILE_NAME, Photo
from bot.platforms.telegram.transport import Flooded, NotSent

LONGEST_PAUSE_S = 60.0
"""A flood limit longer than this outlives the use of an answer: the reader will have asked again."""

MOST_TRIES = 4
NOT_MODIFIED = "message is not modified"
OVERTAKEN = "canceled by new"
"""What Telegram says of an edit that a later one of the same message has overtaken."""
REFUSALS = (Forbidden, BadRequest, EndPointNotFound, Flooded)
"""After these a message certainly did not arrive."""
NO_PREVIEW = {"is_disabled": True}
"""As the Bot API writes it (LinkPreviewOptions)."""

GONE_FOR_GOOD = (
    "bot was blocked by the user",
    "user is deactivated",
    "bot was kicked",
    "bot is not a member",
    "chat not found",
    "group chat was deactivated",
    "group chat was deleted",
    "bot can't initiate conversation",
)
"""What Telegram says when a chat cannot be reached any more; another refusal of the same status may pass."""

CLOSED = (
    "not enough rights to send text messages",
    "have no rights to send a message",
    "have no write access",
    "need administrator rights in the channel",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
    "chat_restricted",
    "topic_closed",
)
"""What it says where the bot may not write as things are: such as a group that is closed for the night, of whose end nobody tells."""

ONLY_YOU = "ephemeral_message_id"
"""What a message has that one alone can read (Bot API 10.2, Message)."""

ForceReply = dict[str, Any]
"""What opens the reader's line for an answer, as the Bot API writes it (ForceReply)."""

_TAG = re.compile(r"</?[a-z][a-z0-9-]{0,20}(?: [^<>]{0,2000})?>")
"""A tag with its attributes; a sign of lesser in a text is escaped, so nothing else can look like one."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Whisper:
    """Who alone may read a message in a group, and what they did to be answered: pressed a button, or wrote so that nobody else saw it.

    `query_id` is that press, `answers` the number of what they wrote, `renews` that of a message of ours to be changed.
    """

    user_id: int
    query_id: str | None = None
    answers: int | None = None
    renews: int | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """What makes a message one for them alone; by both its names, since a server passes over what it does not know."""
        pressed = {} if self.query_id is None else {"callback_query_id": self.query_id}
        named = {"receiver_user_id": self.user_id, **pressed}
        quoted = {} if self.answers is None else {"reply_parameters": {"ephemeral_message_id": self.answers}}
        return {"ephemeral_message_parameters": named, **named, **quoted}


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an answer and where it goes: a new one, or in place of the message `edit`.

    With a `photo` the text is its caption, or "" where the words follow below. `rich` is the same with its tables, for
    servers that take them. `whisper` lets one alone read it: it is never sent to all instead.
    """

    text: str
    chat_id: int
    is_html: bool = True
    thread_id: int | None = None
    reply_to: int | None = None
    edit: int | None = None
    keyboard: Keyboard | ForceReply | None = None
    photo: Photo | None = None
    rich: str | None = None
    whisper: Whisper | None = None

    @property
    def is_typed_to(self) -> bool:
        """Whether its reader is to type an answer below it."""
        return self.keyboard is not None and "force_reply" in self.keyboard

    @property
    def more(self) -> dict[str, object]:
        """What the library has no names for, and the buttons, which are written already."""
        alone = {} if self.whisper is None else self.whisper.parameters
        return {"reply_markup": self.keyboard, **alone}


async def deliver(bot: Bot, part: Part) -> Message | bool:
    """Send or edit one message and give it; False where it certainly did not arrive, True where nothing more is known.

    What Telegram refuses is mended where it can be and logged where not; nothing is raised. An answer is given at most once:
    where it may have arrived, it is not sent again, since the reader can ask again.
    """
    for _ in range(MOST_TRIES):
        try:
            return await _put(bot, part)
        except TelegramError as error:
            mended = await _mended(part, error)
            if mended is None:
                return not isinstance(error, REFUSALS) or NOT_MODIFIED in error.message.lower()
            part = mended
    log.warning("an answer was given up", tries=MOST_TRIES)
    return False


def plain(text: str) -> str:
    """What a reader sees of HTML of ours or of Telegram's own making: a moment as its words."""
    return html.unescape(_TAG.sub("", text))


def whispered_as(message: Message) -> int | None:
    """The number of a message that one alone can read, None for any other."""
    number = message.api_kwargs.get(ONLY_YOU)
    return number if isinstance(number, int) else None


async def _put(bot: Bot, part: Part) -> Message | bool:
    text = part.text if part.is_html else plain(part.text)
    mode = ParseMode.HTML if part.is_html else None
    if part.whisper is not None and part.whisper.renews is not None and part.photo is None:
        return await _change_whisper(bot, part, part.whisper, text, mode)
    if part.rich is not None and part.photo is None and part.whisper is None:
        return await _put_rich(bot, part, part.rich)
    if part.edit is not None and not part.is_typed_to:
        return await _edit(bot, part, part.edit, text, mode)
    if part.photo is not None:
        return await _send_photo(bot, part, part.photo, text, mode)
    return await bot.send_message(
        part.chat_id,
        text,
        parse_mode=mode,
        message_thread_id=part.thread_id,
        reply_parameters=_quoted(part),
        api_kwargs={"link_preview_options": NO_PREVIEW, **part.more},
    )


async def _send_photo(bot: Bot, part: Part, photo: Photo, text: str, mode: ParseMode | None) -> Message:
    return await bot.send_photo(
        part.chat_id,
        photo.media,
        filename=FILE_NAME,
        caption=text or None,
        parse_mode=mode,
        message_thread_id=part.thread_id,
        reply_parameters=_quoted(part),
        api_kwargs=part.more,
    )


def _quoted(part: Part) -> ReplyParameters | None:
    """The message that is answered; one for somebody alone quotes what they wrote alone, or nothing."""
    if not part.reply_to or part.whisper is not None:
        return None
    return ReplyParameters(part.reply_to, allow_sending_without_reply=True)


async def _put_rich(bot: Bot, part: Part, rich: str) -> Message | bool:
    """Send or edit a message with tables; what in it looks like an address is not made one."""
    told: dict[str, object] = {
        "chat_id": part.chat_id,
        "rich_message": {"html": rich, "skip_entity_detection": True},
        "reply_markup": part.keyboard,
    }
    if part.edit is not None:
        told["message_id"] = part.edit
        # spelt so, since the library's own method of that name does not know rich messages
        return _as_message(await bot.do_api_request("editMessage_text", told, Message))
    told |= {"message_thread_id": part.thread_id, "reply_parameters": _quoted(part)}
    return _as_message(await bot.do_api_request("sendRichMessage", told, Message))


async def _change_whisper(
    bot: Bot, part: Part, whisper: Whisper, text: str, mode: ParseMode | None
) -> Message | bool:
    told = {
        "chat_id": part.chat_id,
        "receiver_user_id": whisper.user_id,
        "ephemeral_message_id": whisper.renews,
        "text": text,
        "parse_mode": mode,
        "reply_markup": part.keyboard,
        "link_preview_options": NO_PREVIEW,
    }
    return _as_message(await bot.do_api_request("editEphemeralMessageText", told))


def _as_message(answer: object) -> Message | bool:
    return answer if isinstance(answer, Message) else True


async def _edit(bot: Bot, part: Part, message_id: int, text: str, mode: ParseMode | None) -> Message | bool:
    if part.photo is not None:
        return await bot.edit_message_media(
            InputMediaPhoto(part.photo.media, caption=text or None, parse_mode=mode, filename=FILE_NAME),
            chat_id=part.chat_id,
            message_id=message_id,
            api_kwargs=part.more,
        )
    return await bot.edit_message_text(
        text,
        chat_id=part.chat_id,
        message_id=message_id,
        parse_mode=mode,
        api_kwargs={"link_preview_options": NO_PREVIEW, **part.more},
    )


async def _mended(part: Part, error: TelegramError) -> Part | None:
    """What to try next after an error, None where nothing more is to be done."""
    match error:
        case Flooded() if error.wait_s <= LONGEST_PAUSE_S:
            await asyncio.sleep(error.wait_s)
            return part
        case NotSent():
            return part
        case ChatMigrated():
            # no message of the old chat stands in the new one, where its number may be another's
            return replace(part, chat_id=error.new_chat_id, reply_to=None, edit=None)
        case BadRequest() | EndPointNotFound():
            return _mended_request(part, error.message.lower())
        case Flooded():
            log.warning("an answer is given up: its chat is to be left alone for long", wait_s=error.wait_s)
        case Forbidden():
            log.debug("an answer is not wanted: blocked or removed from the chat")
        case _:
            log.warning("an answer may not have arrived", error=type(error).__name__)
    return None


def _mended_request(part: Part, why: str) -> Part | None:
    if NOT_MODIFIED in why or OVERTAKEN in why:
        return None
    if "can't parse entities" in why and part.is_html:
        log.warning("Telegram refused our HTML; the answer goes out as plain text")
        return replace(part, is_html=False)
    if part.rich is not None:
        log.warning("Telegram refused a table; the answer goes out in columns", why=why[:200])
        return replace(part, rich=None)
    if part.whisper is not None and part.whisper.renews is not None:
        return replace(part, whisper=replace(part.whisper, renews=None))
    if part.edit is not None and "message" in why:
        return replace(part, edit=None)
    if part.thread_id is not None and ("thread" in why or "topic" in why):
        return replace(part, thread_id=None, reply_to=None)  # what is quoted stands in that topic
    if part.photo is not None:
        log.warning("Telegram refused a picture; the answer goes out in words", why=why[:200])
        return replace(
            part, text="\n".join(filter(None, (part.text, part.photo.words))), photo=None, edit=None
        )
    bare = replace(part, is_html=False, keyboard=None, reply_to=None)
    if part.whisper is not None or bare == part or any(said in why for said in (*GONE_FOR_GOOD, *CLOSED)):
        log.warning("Telegram refused an answer", why=why[:200])
        return None
    log.warning("Telegram refused an answer; its bare words go out", why=why[:200])
    return bare
