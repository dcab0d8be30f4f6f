"""What of an update is meant for the bot: a line somebody wrote or a button somebody pressed, or nothing."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from telegram import CallbackQuery, Chat, Message, Update, User

from bot.chat_platform import Asker, Sentence, command_of
from bot.platforms.telegram.addressing import addressed, answered, meant, pointed
from bot.platforms.telegram.buttons import Buttons, Refused, Unpressed, carries, share_place
from bot.platforms.telegram.links import group_link, is_arrival, opened
from bot.platforms.telegram.parts import Whisper, whispered_as
from commands.protocol.reply import Reply
from commands.protocol.request import Role

NAME = "telegram"
ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "inline_query", "my_chat_member")
"""Edited messages are not even asked for: an edit is no new question."""

MOST_KEPT_UPDATES = 10_000
_REFUSED = {
    Refused.FORGOTTEN: Sentence.FORGOTTEN,
    Refused.OLD: Sentence.OLD_BUTTON,
    Refused.NOT_YOURS: Sentence.NOT_YOURS,
}


@dataclass(frozen=True, slots=True)
class Question:
    """A line to be answered: who asked, where the answer goes, and when it was asked (UTC milliseconds).

    `thread_id` is the topic of a forum, `reply_to` the message to answer in a group, `renews` the message whose place the
    answer takes (`renews_photo`: it is a photo), and `query_id` the press of a button that waits to be acknowledged. `types`
    asks for what the line lacks to be typed, `shares` is the group ("-1001", or "-1001:7" with a topic) in which the asker may
    share the answer. `is_guess`: it may be talk that is not meant for the bot, so only a line that can be answered is.
    `whisper`: it was asked in a group where nobody else saw it. `below_post`: by a button under a channel's post, whose readers
    are no authors: what it asks anew is not posted there for them.
    """

    line: str
    asker: Asker
    chat_id: int
    asked_at_ms: int | None = None
    thread_id: int | None = None
    reply_to: int | None = None
    renews: int | None = None
    query_id: str | None = None
    types: bool = False
    shares: str | None = None
    renews_photo: bool = False
    is_guess: bool = False
    whisper: Whisper | None = None
    below_post: bool = False


def worded(question: Question, reply: Reply) -> Question:
    """The question as one of its chat's language: what stands around an answer is said in that of the answer."""
    asker = question.asker
    if not reply.language or reply.language == asker.language:
        return question
    return replace(question, asker=replace(asker, language=reply.language))


@dataclass(frozen=True, slots=True)
class Sharing:
    """A message of somebody's private chat that they share with the group it was asked from, as it stands."""

    query_id: str
    message: Message
    user: User
    place: str

    @property
    def language(self) -> str:
        """The language of who shares it."""
        return language_of(self.user)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A pressed button that is not taken: too old, not theirs, or none of ours; `line` is what to send instead, where known."""

    query_id: str
    language: str
    why: Refused = Refused.FORGOTTEN
    line: str = ""

    @property
    def told(self) -> str:
        """What its presser is told."""
        return _REFUSED[self.why].in_words(self.language, line=self.line)


class Seen:
    """Updates already taken, so that one brought twice is answered once."""

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: OrderedDict[int, None] = OrderedDict()

    def is_new(self, update_id: int) -> bool:
        """Whether this update comes for the first time; it is remembered."""
        if update_id in self._ids:
            return False
        self._ids[update_id] = None
        while len(self._ids) > MOST_KEPT_UPDATES:
            self._ids.popitem(last=False)
        return True


async def question_of(update: Update, me: str, buttons: Buttons) -> Question | Sharing | Forgotten | None:
    """What an update asks of the bot called `me`, None where it asks nothing."""
    if update.callback_query is not None:
        return await _pressed(update.callback_query, buttons)
    written = update.message or update.channel_post
    return None if written is None else await _written(written, me, buttons)


async def _written(message: Message, me: str, buttons: Buttons) -> Question | None:
    if message.text is None or not _speaks_for_itself(message):
        return None
    is_private = message.chat.type == Chat.PRIVATE
    thread_id = message.message_thread_id if message.is_topic_message else None
    named = answered(message, me) or (None if is_private else addressed(message.text, me, is_private=False))
    replied = None if named is not None else meant(message, me)
    line = named or replied or addressed(message.text, me, is_private=is_private)
    if line is None or (not is_private and is_arrival(line)):
        return None
    return Question(
        line=opened(await pointed(line, message, me, buttons)),
        asker=_asker(
            message.from_user,
            message.chat,
            thread_id,
            speaks_as_chat=message.sender_chat is not None,
            invite=group_link(me) if is_private else "",
        ),
        chat_id=message.chat.id,
        asked_at_ms=round(message.date.timestamp() * 1_000),
        thread_id=thread_id,
        reply_to=None if is_private else message.message_id or None,
        whisper=_whispered(message),
        is_guess=not is_private and (replied is not None or _may_be_news(message)),
    )


def _may_be_news(message: Message) -> bool:
    """Whether a channel may tell its readers of the bot rather than ask it something: "@seawall_bot joins us today"."""
    return message.chat.type == Chat.CHANNEL and not (message.text or "").lstrip().startswith("/")


def _whispered(message: Message) -> Whisper | None:
    """How a message that nobody else in its group saw is answered."""
    number, user = whispered_as(message), message.from_user
    if number is None or user is None or message.sender_chat is not None:
        return None
    return Whisper(user.id, answers=number)


def _speaks_for_itself(message: Message) -> bool:
    """No forward, no other channel, no other bot: a person's own words. An anonymous admin speaks as the group itself.

    A post in a channel speaks as the channel.
    """
    if message.forward_origin is not None or message.via_bot is not None or message.is_automatic_forward:
        return False
    if message.chat.is_direct_messages:  # what a reader writes to a channel is for the people behind it
        return False
    if message.sender_chat is not None:
        return message.sender_chat.id == message.chat.id
    return message.from_user is not None and not message.from_user.is_bot


async def _pressed(query: CallbackQuery, buttons: Buttons) -> Question | Sharing | Forgotten:
    message, language = query.message, language_of(query.from_user)
    if query.data is None or message is None:
        return Forgotten(query.id, language)
    pressed = await buttons.pressed(query.data, message.chat.id, query.from_user.id)
    if isinstance(pressed, Unpressed):
        return Forgotten(query.id, language, pressed.why, pressed.line)
    if pressed.shares is not None:
        return _shared(query, pressed.shares) or Forgotten(query.id, language)
    if message.chat.is_forum and message.date.timestamp() == 0:  # too old: its topic is not told any more
        return Forgotten(query.id, language)
    in_topic = isinstance(message, Message) and bool(message.is_topic_message)
    thread_id = message.message_thread_id if isinstance(message, Message) and in_topic else None
    renews = pressed.renews and _stands_there(query)
    alone = whispered_as(message) if isinstance(message, Message) else None
    return Question(
        line=pressed.line,
        asker=_asker(query.from_user, message.chat, thread_id),
        chat_id=message.chat.id,
        thread_id=thread_id,
        reply_to=_own_question(query) if pressed.types else None,
        renews=message.message_id if renews and alone is None else None,
        query_id=query.id,
        types=pressed.types,
        shares=_own_share(query) if renews else None,
        renews_photo=isinstance(message, Message) and bool(message.photo),
        whisper=None
        if alone is None
        else Whisper(query.from_user.id, query.id, renews=alone if renews else None),
        below_post=message.chat.type == Chat.CHANNEL and not renews,
    )


def _stands_there(query: CallbackQuery) -> bool:
    """Whether the message holds this button, so that its answer may take the message's place; unknown of very old ones."""
    message = query.message
    return not isinstance(message, Message) or carries(message.reply_markup, query.data or "")


def _own_question(query: CallbackQuery) -> int | None:
    """What the presser wrote in a group and is answered by the message they press below: only to them a reply opens their line."""
    message = query.message
    asked = message.reply_to_message if isinstance(message, Message) and message.chat.id < 0 else None
    is_theirs = asked is not None and asked.from_user is not None and asked.from_user.id == query.from_user.id
    return asked.message_id if asked is not None and is_theirs else None


def _shared(query: CallbackQuery, place: str) -> Sharing | None:
    """What is shared, None where the button is not one that we put under a message in the private chat of who presses it."""
    message = query.message
    if not isinstance(message, Message) or place != _own_share(query):
        return None
    return Sharing(query.id, message, query.from_user, place)


def _own_share(query: CallbackQuery) -> str | None:
    """Where a message may be shared, as Telegram itself tells of its buttons: what a client sends may be made up."""
    message = query.message
    is_own = isinstance(message, Message) and message.chat.id == query.from_user.id
    return share_place(message.reply_markup) if is_own and isinstance(message, Message) else None


def aside(question: Question) -> Question | None:
    """A question about a position in a group, as it is answered in its asker's private chat; None for all others.

    Not where the command changes something: nobody should do twice what was done and could not be told.
    """
    asker = question.asker
    command = None if asker.is_private or asker.reach is None else command_of(question.line)
    if command is None or not command.private or command.changes:
        return None
    return replace(
        question,
        asker=replace(asker, is_private=True),
        chat_id=int(asker.user),
        thread_id=None,
        reply_to=None,
        renews=None,
        shares=asker.chat,
    )


def _asker(
    user: User | None, chat: Chat, thread_id: int | None, *, speaks_as_chat: bool = False, invite: str = ""
) -> Asker:
    """Alone with the bot everybody manages their own; only administrators speak as the group or channel itself."""
    is_private = chat.type == Chat.PRIVATE
    is_manager = is_private or speaks_as_chat
    return Asker(
        NAME,
        "" if user is None or speaks_as_chat else str(user.id),
        str(chat.id) if thread_id is None else f"{chat.id}:{thread_id}",
        is_private,
        "en" if user is None else language_of(user),
        Role.MANAGER if is_manager else Role.ANYONE,
        reach=None if user is None or speaks_as_chat else f"{NAME}:{user.id}",
        invite=invite,
    )


def sender_of(update: Update) -> Asker | None:
    """Who sent an update and where, as far as the update itself tells; None where it tells of nobody."""
    user, chat = update.effective_user, update.effective_chat
    if chat is not None:
        return _asker(user, chat, None)
    return None if user is None else Asker(NAME, str(user.id), str(user.id), False, language_of(user))


def language_of(user: User) -> str:
    """The language of somebody's client, as Telegram names it."""
    return (user.language_code or "en")[:16]
