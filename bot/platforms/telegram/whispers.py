"""Answers for one alone in a group: nobody else sees them, so that nobody has to look for them in another chat."""

import html
from dataclasses import replace

from telegram import Bot

from bot.chat_platform import Sentence
from bot.platforms.telegram.buttons import Buttons
from bot.platforms.telegram.messages import parts_of
from bot.platforms.telegram.parts import Part, Whisper
from bot.platforms.telegram.photos import Photos
from bot.platforms.telegram.rich import Newer
from bot.platforms.telegram.updates import Question
from commands.protocol.reply import Reply


def whisper_of(question: Question, *, is_private: bool) -> Whisper | None:
    """How a question in a group is answered to its asker alone; None where it is not.

    So is what is private, and whatever was asked where nobody else saw it.
    """
    if question.whisper is not None:
        return question.whisper if question.chat_id < 0 else None  # alone with somebody nothing is said so
    asker = question.asker
    if asker.is_private or not is_private or asker.reach is None or not asker.user:
        return None
    return Whisper(int(asker.user), query_id=question.query_id)


async def respond_alone(
    bot: Bot,
    buttons: Buttons,
    newer: Newer,
    question: Question,
    reply: Reply,
    whisper: Whisper,
    photos: Photos,
) -> bool:
    """Answer to the asker alone, where they asked; whether that was done, so that it has to be done elsewhere if not."""
    if not newer.may_whisper(question.chat_id, whisper) or reply.file is not None:
        return False
    told, photo = (reply, None) if whisper.renews is not None else await photos.of(reply, question.chat_id)
    parts = await parts_of(told, replace(question, renews=None, shares=None), buttons, photo)
    if any(part.is_typed_to for part in parts):
        return False  # what is typed in answer would not say what it answers
    if whisper.renews is None and not await newer.prove(bot, _only_you(question, whisper)):
        return False
    for place, part in enumerate(parts):
        mine = whisper if place == 0 else replace(whisper, renews=None)
        sent = await newer.give(bot, replace(part, whisper=mine))
        if sent is False:
            return False
        if part.photo is not None:
            await photos.note(part.photo, sent)
    return True


def _only_you(question: Question, whisper: Whisper) -> Part:
    told = Sentence.ONLY_YOU.in_words(question.asker.language)
    return Part(html.escape(told), question.chat_id, thread_id=question.thread_id, whisper=whisper)
