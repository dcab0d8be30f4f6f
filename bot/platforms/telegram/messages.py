"""Answers into chats: which messages an answer becomes, with its picture and its buttons, and what a group is told instead."""

import html
from contextlib import suppress
from dataclasses import replace

import structlog
from telegram import Bot, InputFile, Message
from telegram.error import TelegramError

from bot.chat_platform import Sentence, is_of_position
from bot.layout import TELEGRAM_HTML, lay_out, units
from bot.platforms.telegram.buttons import Button, Buttons, Keyboard, Whose, keyboard_of
from bot.platforms.telegram.links import private_link
from bot.platforms.telegram.parts import Part, deliver, plain
from bot.platforms.telegram.photos import LONGEST_CAPTION_UNITS, Above, Photo, Photos
from bot.platforms.telegram.rich import Newer, rich_of
from bot.platforms.telegram.updates import Question
from commands.protocol.dispatch import outcome
from commands.protocol.reply import Prompt, Reply, Text

LONGEST_PLACEHOLDER = 64
"""Telegram's longest input_field_placeholder (Bot API, ForceReply)."""

log = structlog.stdlib.get_logger(__name__)


async def respond(
    bot: Bot,
    buttons: Buttons,
    question: Question,
    reply: Reply,
    newer: Newer,
    *,
    photos: Photos | None = None,
    group: Question | None = None,
) -> None:
    """Put a reply where its question was asked; what speaks of a position is not posted in a group, not even a refusal.

    `group`: the question as it was asked in a group, where `question` is the same in the asker's private chat. The group is
    told where the answer is, or to ask in private where that chat cannot be written to. `photos` has the reply's picture.
    """
    if group is not None:
        is_there = await _give(bot, buttons, question, reply, newer, photos)
        await deliver(bot, _to_private(bot, group, is_told=is_there))
        return
    is_for_one = is_of_position(question.line) or (reply.private and outcome(reply) == "answered")
    if is_for_one and not question.asker.is_private:
        await deliver(bot, _to_private(bot, question, is_told=False))
        return
    await _give(bot, buttons, question, reply, newer, photos)


async def _give(
    bot: Bot, buttons: Buttons, question: Question, reply: Reply, newer: Newer, photos: Photos | None
) -> bool:
    """Put all messages of a reply where they belong; whether all of them may have arrived."""
    photo, above = None, None
    if photos is not None:
        reply, photo = await photos.of(reply, question.chat_id)
        if photo is not None and question.renews is not None and not question.renews_photo:
            above = await photos.above(question.chat_id, question.renews)
    parts = await parts_of(reply, question, buttons, photo, above, has_rich=newer.has_rich)
    sent = [await newer.give(bot, part) for part in parts]
    await _sign_anew(bot, buttons, question, reply, parts[-1], sent[-1])
    if photos is not None and photo is not None:
        await photos.note(photo, sent[0])
        if parts[0].text == "":
            await photos.note_above(sent[0], sent[-1])
    return all(sent) and await _sent_file(bot, question, reply)


async def _sent_file(bot: Bot, question: Question, reply: Reply) -> bool:
    """Put the file of a reply below it, where it has one; whether it is there. An answer is given once, so is its file."""
    if reply.file is None:
        return True
    file = InputFile(reply.file.content, reply.file.name)
    try:
        await bot.send_document(question.chat_id, file, message_thread_id=question.thread_id)
    except TelegramError as refused:
        log.warning("a file was not sent", error=type(refused).__name__)
        return False
    return True


async def _sign_anew(
    bot: Bot, buttons: Buttons, question: Question, reply: Reply, last: Part, sent: Message | bool
) -> None:
    """Give an answer whose group became a supergroup on its way the buttons of that one: they are signed for their chat."""
    if isinstance(sent, bool) or sent.chat_id == last.chat_id or last.keyboard is None:
        return
    there = replace(question, chat_id=sent.chat_id)
    signed = (await parts_of(reply, there, buttons))[-1]
    if signed.keyboard is not None and not signed.is_typed_to:
        with suppress(TelegramError):  # they then say that they are too old
            await bot.edit_message_reply_markup(sent.chat_id, sent.message_id, api_kwargs=signed.more)


async def parts_of(
    reply: Reply,
    question: Question,
    buttons: Buttons,
    photo: Photo | None = None,
    above: Above | None = None,
    *,
    has_rich: bool = False,
) -> tuple[Part, ...]:
    """The messages of a reply: the first takes the question's place or quotes it, the last carries the buttons.

    Where something has to be typed it is one message that begins with the line so far: a reply to it goes on from there.
    A photo has the words for its caption, or above them where they are too long; `above` is the message of an older one.
    `has_rich`: the server takes tables as such.
    """
    whose = whose_buttons(reply, question)
    typing = await _typing(reply, question, buttons, whose)
    if reply.prompt is not None and (question.types or not reply.actions or typing is None):
        return (_to_be_typed(reply, reply.prompt, question),)
    texts = lay_out(reply, TELEGRAM_HTML)
    if photo is not None and not _is_caption(texts):
        texts = ("", *texts)
    keyboard = await buttons.keyboard(reply.actions, question.line, whose, reply.copies)
    keyboard = _together(keyboard, typing)
    shares = _sharing(reply, question, buttons, whose)
    edits = _edited(question, len(texts), photo, above)
    last = len(texts) - 1
    return tuple(
        Part(
            text=text,
            chat_id=question.chat_id,
            thread_id=question.thread_id,
            reply_to=question.reply_to if place == 0 else None,
            edit=edits.get(place),
            keyboard=_together(keyboard if place == last else None, shares if text else None),
            photo=photo if place == 0 else None,
            rich=rich_of(reply) if has_rich and last == 0 else None,
        )
        for place, text in enumerate(texts)
    )


def _is_caption(texts: tuple[str, ...]) -> bool:
    """Whether these words are short enough to stand below a photo."""
    return len(texts) == 1 and units(plain(texts[0])) <= LONGEST_CAPTION_UNITS


def whose_buttons(reply: Reply, question: Question) -> Whose:
    """Who may press the buttons of a reply: its asker alone where it is of a position or a form goes on, else whoever reads it.

    Who speaks as the group itself cannot be told from others.
    """
    user, chat_id = question.asker.user, question.chat_id
    is_theirs = bool(user) and int(user) != chat_id and (reply.private or reply.prompt is not None)
    return Whose(chat_id, int(user) if is_theirs else None)


def _edited(question: Question, count: int, photo: Photo | None, above: Above | None) -> dict[int, int]:
    """Which messages take the place of older ones: a photo can stand for words as well, words not for a photo."""
    if question.renews is None:
        return {}
    if photo is None:
        return {} if question.renews_photo else {0: question.renews}
    if count == 1 or question.renews_photo:
        return {0: question.renews}
    return {1: question.renews} | ({} if above is None else {0: above.message_id})


def _to_be_typed(reply: Reply, prompt: Prompt, question: Question) -> Part:
    """The message to reply to. In a group only the asker's line is opened for it, where Telegram knows whose that is."""
    ask = Sentence.REPLY_WITH.in_words(question.asker.language, example=prompt.example)
    told = Reply((Text(prompt.lacking), *reply.blocks, Text(ask)))
    return Part(
        text=lay_out(told, TELEGRAM_HTML)[0],
        chat_id=question.chat_id,
        thread_id=question.thread_id,
        reply_to=question.reply_to,
        keyboard={
            "force_reply": True,
            "selective": not question.asker.is_private,
            "input_field_placeholder": prompt.example[:LONGEST_PLACEHOLDER],
        },
    )


async def _typing(reply: Reply, question: Question, buttons: Buttons, whose: Whose) -> Button | None:
    """The button that asks for what the line lacks to be typed."""
    if reply.prompt is None:
        return None
    return await buttons.typing(
        Sentence.TYPE_IT.in_words(question.asker.language), reply.prompt.lacking, whose
    )


def _sharing(reply: Reply, question: Question, buttons: Buttons, whose: Whose) -> Button | None:
    if question.shares is None or not reply.private or reply.file or outcome(reply) != "answered":
        return None
    return buttons.sharing(Sentence.SHARE.in_words(question.asker.language), question.shares, whose)


def _together(keyboard: Keyboard | None, more: Button | None) -> Keyboard | None:
    """The buttons with one more in a row of its own."""
    if more is None:
        return keyboard
    return keyboard_of([*(() if keyboard is None else keyboard["inline_keyboard"]), [more]])


def _to_private(bot: Bot, question: Question, *, is_told: bool) -> Part:
    """What a group is told instead of an answer about a position: where it is, or a way to ask it there with one touch."""
    language = question.asker.language
    said = Sentence.TOLD_PRIVATELY if is_told else Sentence.PRIVATE_HERE
    is_known_here = not is_told and question.whisper is None  # what nobody else saw is not repeated to all
    address = private_link(bot.username, question.line if is_known_here else "")
    link = {"text": Sentence.OPEN_PRIVATE.in_words(language), "url": address}
    return Part(
        text=html.escape(said.in_words(language)),
        chat_id=question.chat_id,
        thread_id=question.thread_id,
        reply_to=question.reply_to,
        keyboard=keyboard_of([[link]]),
    )
