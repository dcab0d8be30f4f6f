"""Answers into chats: HTML, plain text where that is refused, edits in place, and what each error of Telegram means."""

import asyncio
import html
import re
from dataclasses import dataclass, replace

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.chat_platform import Sentence
from bot.layout import TELEGRAM_HTML, lay_out
from bot.platforms.telegram.buttons import Buttons
from bot.platforms.telegram.transport import Flooded, NotSent
from bot.platforms.telegram.updates import Question
from commands.protocol.dispatch import outcome
from commands.protocol.reply import Reply

LONGEST_PAUSE_S = 60.0
"""A flood limit longer than this outlives the use of an answer: the reader will have asked again."""

MOST_TRIES = 4
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an answer and where it goes: a new one, or in place of the message `edit`."""

    text: str
    chat_id: int
    is_html: bool = True
    thread_id: int | None = None
    reply_to: int | None = None
    edit: int | None = None
    keyboard: InlineKeyboardMarkup | None = None


async def respond(bot: Bot, buttons: Buttons, question: Question, reply: Reply) -> None:
    """Put a reply where its question was asked; one that holds a position is not posted in a group."""
    if reply.private and not question.asker.is_private and outcome(reply) == "answered":
        await deliver(bot, _to_private(bot, question))
        return
    for part in parts_of(reply, question, buttons):
        await deliver(bot, part)


def parts_of(reply: Reply, question: Question, buttons: Buttons) -> tuple[Part, ...]:
    """The messages of a reply: the first takes the question's place or quotes it, the last carries the buttons."""
    texts = lay_out(reply, TELEGRAM_HTML)
    keyboard = buttons.keyboard(reply.actions, question.line)
    last = len(texts) - 1
    return tuple(
        Part(
            text=text,
            chat_id=question.chat_id,
            thread_id=question.thread_id,
            reply_to=question.reply_to if place == 0 else None,
            edit=question.renews if place == 0 else None,
            keyboard=keyboard if place == last else None,
        )
        for place, text in enumerate(texts)
    )


async def deliver(bot: Bot, part: Part) -> None:
    """Send or edit one message. What Telegram refuses is mended where it can be and logged where not; nothing is raised.

    An answer is given at most once: where it may have arrived, it is not sent again, since the reader can ask again.
    """
    for _ in range(MOST_TRIES):
        try:
            await _put(bot, part)
            return
        except TelegramError as error:
            mended = await _mended(part, error)
            if mended is None:
                return
            part = mended
    log.warning("an answer was given up", tries=MOST_TRIES)


def plain(text: str) -> str:
    """What a reader sees of our own HTML."""
    return html.unescape(re.sub(r"</?[a-z]{1,10}>", "", text))


async def _put(bot: Bot, part: Part) -> None:
    text = part.text if part.is_html else plain(part.text)
    mode = ParseMode.HTML if part.is_html else None
    if part.edit is not None:
        await bot.edit_message_text(
            text,
            chat_id=part.chat_id,
            message_id=part.edit,
            parse_mode=mode,
            reply_markup=part.keyboard,
            link_preview_options=NO_PREVIEW,
        )
        return
    quoted = ReplyParameters(part.reply_to, allow_sending_without_reply=True) if part.reply_to else None
    await bot.send_message(
        part.chat_id,
        text,
        parse_mode=mode,
        reply_markup=part.keyboard,
        message_thread_id=part.thread_id,
        reply_parameters=quoted,
        link_preview_options=NO_PREVIEW,
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
            return replace(part, chat_id=error.new_chat_id, reply_to=None)
        case BadRequest():
            return _mended_request(part, error.message.lower())
        case Forbidden():
            log.debug("an answer is not wanted: blocked or removed from the chat")
        case _:
            log.warning("an answer may not have arrived", error=type(error).__name__)
    return None


def _mended_request(part: Part, why: str) -> Part | None:
    if "message is not modified" in why:
        return None
    if "can't parse entities" in why and part.is_html:
        log.warning("Telegram refused our HTML; the answer goes out as plain text")
        return replace(part, is_html=False)
    if part.edit is not None and "message" in why:
        return replace(part, edit=None)
    if part.thread_id is not None and "thread" in why:
        return replace(part, thread_id=None)
    log.warning("Telegram refused an answer", why=why[:200])
    return None


def _to_private(bot: Bot, question: Question) -> Part:
    language = question.asker.language
    link = InlineKeyboardButton(Sentence.OPEN_PRIVATE.in_words(language), url=bot.link)
    return Part(
        text=html.escape(Sentence.PRIVATE_HERE.in_words(language)),
        chat_id=question.chat_id,
        thread_id=question.thread_id,
        reply_to=question.reply_to,
        keyboard=InlineKeyboardMarkup([[link]]),
    )
