"""Answers into chats: HTML, plain text where that is refused, edits in place, and what each error of Telegram means."""

import asyncio
import html
import re
from dataclasses import dataclass, replace

import structlog
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.chat_platform import Sentence, is_of_position
from bot.layout import TELEGRAM_HTML, lay_out
from bot.platforms.telegram.buttons import Buttons, share_button, typing_button
from bot.platforms.telegram.transport import Flooded, NotSent
from bot.platforms.telegram.updates import Question
from commands.protocol.dispatch import outcome
from commands.protocol.reply import Prompt, Reply, Text

LONGEST_PAUSE_S = 60.0
"""A flood limit longer than this outlives the use of an answer: the reader will have asked again."""

MOST_TRIES = 4
LONGEST_PLACEHOLDER = 64
"""Telegram's longest input_field_placeholder (Bot API, ForceReply)."""
NOT_MODIFIED = "message is not modified"
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
    keyboard: InlineKeyboardMarkup | ForceReply | None = None


async def respond(
    bot: Bot, buttons: Buttons, question: Question, reply: Reply, *, group: Question | None = None
) -> None:
    """Put a reply where its question was asked; what speaks of a position is not posted in a group, not even a refusal.

    `group`: the question as it was asked in a group, where `question` is the same in the asker's private chat. The group is
    told where the answer is, or to ask in private where that chat cannot be written to.
    """
    if group is not None:
        is_there = all([await deliver(bot, part) for part in parts_of(reply, question, buttons)])
        await deliver(bot, _to_private(bot, group, is_told=is_there))
        return
    is_for_one = is_of_position(question.line) or (reply.private and outcome(reply) == "answered")
    if is_for_one and not question.asker.is_private:
        await deliver(bot, _to_private(bot, question, is_told=False))
        return
    for part in parts_of(reply, question, buttons):
        await deliver(bot, part)


def parts_of(reply: Reply, question: Question, buttons: Buttons) -> tuple[Part, ...]:
    """The messages of a reply: the first takes the question's place or quotes it, the last carries the buttons.

    Where something has to be typed it is one message that begins with the line so far: a reply to it goes on from there.
    """
    if reply.prompt is not None and _has_to_be_typed(reply, reply.prompt, question):
        return (_to_be_typed(reply, reply.prompt, question),)
    texts = lay_out(reply, TELEGRAM_HTML)
    keyboard = _keyboard(reply, question, buttons)
    shares = _sharing(reply, question)
    last = len(texts) - 1
    return tuple(
        Part(
            text=text,
            chat_id=question.chat_id,
            thread_id=question.thread_id,
            reply_to=question.reply_to if place == 0 else None,
            edit=question.renews if place == 0 else None,
            keyboard=_together(keyboard if place == last else None, shares),
        )
        for place, text in enumerate(texts)
    )


def _has_to_be_typed(reply: Reply, prompt: Prompt, question: Question) -> bool:
    return question.types or not reply.actions or typing_button("", prompt.lacking) is None


def _to_be_typed(reply: Reply, prompt: Prompt, question: Question) -> Part:
    """The message to reply to. In a group only the asker's line is opened for it, where Telegram knows whose that is."""
    ask = Sentence.REPLY_WITH.in_words(question.asker.language, example=prompt.example)
    told = Reply((Text(prompt.lacking), *reply.blocks, Text(ask)))
    return Part(
        text=lay_out(told, TELEGRAM_HTML)[0],
        chat_id=question.chat_id,
        thread_id=question.thread_id,
        reply_to=question.reply_to,
        keyboard=ForceReply(
            selective=not question.asker.is_private,
            input_field_placeholder=prompt.example[:LONGEST_PLACEHOLDER],
        ),
    )


def _keyboard(reply: Reply, question: Question, buttons: Buttons) -> InlineKeyboardMarkup | None:
    keyboard = buttons.keyboard(reply.actions, question.line)
    if reply.prompt is None:
        return keyboard
    return _together(
        keyboard, typing_button(Sentence.TYPE_IT.in_words(question.asker.language), reply.prompt.lacking)
    )


def _sharing(reply: Reply, question: Question) -> InlineKeyboardButton | None:
    if question.shares is None or not reply.private or outcome(reply) != "answered":
        return None
    return share_button(Sentence.SHARE.in_words(question.asker.language), question.shares)


def _together(
    keyboard: InlineKeyboardMarkup | None, more: InlineKeyboardButton | None
) -> InlineKeyboardMarkup | None:
    """The buttons with one more in a row of its own."""
    if more is None:
        return keyboard
    return InlineKeyboardMarkup([*(() if keyboard is None else keyboard.inline_keyboard), [more]])


async def deliver(bot: Bot, part: Part) -> bool:
    """Send or edit one message; False where it certainly did not arrive.

    What Telegram refuses is mended where it can be and logged where not; nothing is raised. An answer is given at most once:
    where it may have arrived, it is not sent again, since the reader can ask again.
    """
    for _ in range(MOST_TRIES):
        try:
            await _put(bot, part)
        except TelegramError as error:
            mended = await _mended(part, error)
            if mended is None:
                return not isinstance(error, Forbidden | BadRequest) or NOT_MODIFIED in error.message.lower()
            part = mended
        else:
            return True
    log.warning("an answer was given up", tries=MOST_TRIES)
    return False


def plain(text: str) -> str:
    """What a reader sees of our own HTML."""
    return html.unescape(re.sub(r"</?[a-z]{1,10}>", "", text))


async def _put(bot: Bot, part: Part) -> None:
    text = part.text if part.is_html else plain(part.text)
    mode = ParseMode.HTML if part.is_html else None
    if part.edit is not None and not isinstance(part.keyboard, ForceReply):
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
    if NOT_MODIFIED in why:
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


def _to_private(bot: Bot, question: Question, *, is_told: bool) -> Part:
    """What a group is told instead of an answer about a position."""
    language = question.asker.language
    said = Sentence.TOLD_PRIVATELY if is_told else Sentence.PRIVATE_HERE
    link = InlineKeyboardButton(Sentence.OPEN_PRIVATE.in_words(language), url=bot.link)
    return Part(
        text=html.escape(said.in_words(language)),
        chat_id=question.chat_id,
        thread_id=question.thread_id,
        reply_to=question.reply_to,
        keyboard=InlineKeyboardMarkup([[link]]),
    )
