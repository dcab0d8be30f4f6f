"""What is done with an update: a question answered, a press acknowledged, an answer shared, the bot's standing kept.

Each update is taken once in this process; what changes something also once over restarts.
"""

import asyncio
import html
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

import structlog
from telegram import Bot, ChatMemberUpdated, Message, Update
from telegram.error import TelegramError

from bot.chat_platform import Desk, Sentence, command_of, is_of_position
from bot.platforms.telegram.buttons import Buttons, Whose
from bot.platforms.telegram.inline import Inline
from bot.platforms.telegram.links import private_link
from bot.platforms.telegram.managers import Managers
from bot.platforms.telegram.messages import respond
from bot.platforms.telegram.messenger import NAME, TelegramMessenger
from bot.platforms.telegram.once import Once, Stand
from bot.platforms.telegram.parts import Part, deliver
from bot.platforms.telegram.photos import Photos
from bot.platforms.telegram.rich import Newer
from bot.platforms.telegram.sharing import Shares
from bot.platforms.telegram.soundness import is_of_use
from bot.platforms.telegram.standing import Standing
from bot.platforms.telegram.turns import Turn, Turns
from bot.platforms.telegram.updates import (
    Forgotten,
    Question,
    Seen,
    Sharing,
    aside,
    language_of,
    question_of,
    sender_of,
    worded,
)
from bot.platforms.telegram.whispers import respond_alone, whisper_of
from commands.protocol.dispatch import outcome
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Action, Reply
from commands.protocol.request import Role
from store.connection import StoreUnavailable

LATE_MS = 120_000
"""A command older than this was sent while the bot was away: its sender is told so, once, instead of being answered."""

DONE_WITHIN_S, SAID_WITHIN_S = 2.0, 5.0
"""So long is waited at most for what a chat sent before, to be done and to be said."""

UNLISTED = (
    "a group on SEAWALL_ALLOWED became a supergroup, whose number is not on it: nothing is answered or sent there until it is;"
    " in that group /id tells it to an operator"
)

TOLD_FOR_MS = 600_000
MOST_TOLD_CHATS = 10_000

log = structlog.stdlib.get_logger(__name__)


class Answering:
    """Takes the updates of one bot, which knows its own name by now."""

    def __init__(self, bot: Bot, desk: Desk, buttons: Buttons, messenger: TelegramMessenger) -> None:
        self._bot, self._desk, self._buttons, self._messenger = bot, desk, buttons, messenger
        self._seen = Seen()
        self._once = Once(desk.services.memos, bot.id)
        self._standing = Standing(desk.services.chats, desk.services.memos, bot.id, desk.now_ms)
        self._managers = Managers(bot)
        self._photos = Photos(bot, desk)
        self._shares = Shares(bot, self._photos)
        self._inline = Inline(bot, desk)
        self._turns, self._saying = Turns(DONE_WITHIN_S), Turns(SAID_WITHIN_S)
        self.newer = Newer()
        """What the server knows that the library does not; nothing, until it was asked."""
        self._told_ms: OrderedDict[int, int] = OrderedDict()
        self._beside: set[asyncio.Task[None]] = set()

    async def take(self, update: Update) -> None:
        """Do what an update asks for; one that was taken before, or is of a kind nobody here reads, is passed over."""
        if not is_of_use(update) or not self._seen.is_new(update.update_id):
            return
        if await self._is_kept_out(update):
            return
        if update.inline_query is not None:
            await self._inline.answer(update.inline_query)
        elif update.my_chat_member is not None:
            await self._stand(update.my_chat_member)
        elif update.message is not None and (moved := _moved(update.message)) is not None:
            await self._follow(*moved)
        else:
            await self._meet(update)

    def chat_moved(self, old: int, new: int) -> None:
        """A call was refused because a group became a supergroup: what it has follows it, beside the answers."""
        task = asyncio.create_task(self._follow(old, new))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _follow(self, old: int, new: int) -> None:
        await self._standing.moved(old, new)
        allowed = self._desk.settings.allowed
        if f"{NAME}:{old}" in allowed and f"{NAME}:{new}" not in allowed:
            log.error(UNLISTED)

    async def settled(self) -> None:
        """Wait until what is done beside the answers is done."""
        if self._beside:
            await asyncio.wait(self._beside)
        await self._standing.settled()

    async def _is_kept_out(self, update: Update) -> bool:
        """Whether the owner does not let them in, which only who is alone with the bot is told, once a day."""
        asker = None if self._desk.lets_all_in else sender_of(update)
        if asker is None:
            return False
        is_asked = asker.is_private and update.message is not None
        said = self._desk.keeps_out(asker, tells=is_asked)
        if said:
            await self._turn(int(asker.chat))
            await deliver(self._bot, Part(html.escape(said), int(asker.chat)))
        return said is not None

    async def _is_refused(self, update: Update, question: Question | Sharing | Forgotten) -> bool:
        """Whether it is asked too often, which is said once and then left unanswered."""
        written = question if isinstance(question, Question) else None
        asker = sender_of(update) if written is None else written.asker
        is_talk = written is not None and written.is_guess
        said = None if asker is None else await self._desk.admit(asker, tells=not is_talk)
        if said and written is not None:
            await self._say(written, said)
        elif said and update.callback_query is not None:
            await self._acknowledge(update.callback_query.id, said)
        return said is not None

    async def _meet(self, update: Update) -> None:
        chat = update.effective_chat
        async with self._turns.of(0 if chat is None else chat.id) as turn:
            question = await question_of(update, self._bot.username, self._buttons)
            if question is None or await self._is_refused(update, question):
                return
            if isinstance(question, Question) and _changes(question):
                await self._answer_once(question, update.update_id, turn)
                return
        if isinstance(question, Forgotten):
            await self._acknowledge(question.query_id, question.told)
        elif isinstance(question, Sharing):
            await self._share(question, update.update_id)
        else:
            await self._answer(question, turn)

    async def _answer_once(self, question: Question, update_id: int, turn: Turn) -> None:
        """Answer what changes something, unless that was begun before: then it is looked at, not done again."""
        stand = await self._once.begin(update_id)
        if stand is Stand.DONE:
            return
        if stand is Stand.NEW:
            await self._answer(question, turn)
        else:
            await self._tell(question, Sentence.BEGUN_BEFORE)
        await self._once.end(update_id)

    async def _answer(self, question: Question, turn: Turn) -> None:
        if question.asked_at_ms is not None and self._desk.now_ms() - question.asked_at_ms > LATE_MS:
            await self._tell_late(question)
            return
        if question.query_id is not None:
            if question.below_post and await self._sent_home(question, question.query_id):
                return
            await self._acknowledge(question.query_id)
        asked = self._with_rights(question)
        privately = aside(asked)
        answered = privately or asked
        reply = await self._desk.ask(answered.line, answered.asker)
        turn.over()
        if question.is_guess and outcome(reply) != "answered":
            return
        answered, asked = worded(answered, reply), worded(asked, reply)
        if await self._answered_alone(asked, reply, is_private=privately is not None):
            return
        await self._turn(answered.chat_id)
        group = None if privately is None else asked
        await respond(self._bot, self._buttons, answered, reply, self.newer, photos=self._photos, group=group)

    async def _answered_alone(self, asked: Question, reply: Reply, *, is_private: bool) -> bool:
        """Whether the asker, and nobody else, was answered in the group they asked in: where the server can do that."""
        whisper = whisper_of(asked, is_private=is_private)
        if whisper is None or not self.newer.may_whisper(asked.chat_id, whisper):
            return False
        await self._turn(asked.chat_id)
        return await respond_alone(self._bot, self._buttons, self.newer, asked, reply, whisper, self._photos)

    async def _share(self, sharing: Sharing, update_id: int) -> None:
        stand = await self._once.begin(update_id)
        said: Sentence | None = Sentence.BEGUN_BEFORE if stand is Stand.BEGUN else None
        if stand is Stand.NEW:
            await self._turn(int(sharing.place.partition(":")[0]))
            said = await self._shares.share(sharing, await self._group_language(sharing))
        await self._acknowledge(sharing.query_id, None if said is None else said.in_words(sharing.language))
        await self._once.end(update_id)

    async def _group_language(self, sharing: Sharing) -> str:
        """The language in which the group reads: the one it has chosen, else that of who shares."""
        chats, chat = self._desk.services.chats, None
        with suppress(StoreUnavailable, TimeoutError):
            chat = None if chats is None else await chats.get(f"{NAME}:{sharing.place.partition(':')[0]}")
        return (chat and chat.language) or sharing.language

    async def _turn(self, chat_id: int) -> None:
        if self._desk.reply_turn is not None:
            async with self._saying.of(chat_id):
                await self._desk.reply_turn(self._messenger, f"{NAME}:{chat_id}")

    def _with_rights(self, question: Question) -> Question:
        """The question with a way to find out what its asker may do here, where the message itself does not tell."""
        asker = question.asker
        if asker.role is not Role.ANYONE or not asker.user:
            return question
        ask_role = self._managers.asking(question.chat_id, int(asker.user))
        return replace(question, asker=replace(asker, ask_role=ask_role))

    async def _stand(self, change: ChatMemberUpdated) -> None:
        """Keep how the bot stands in a chat; a group that has just taken it in is greeted."""
        if not await self._standing.changed(change):
            return
        language, chat_id = language_of(change.from_user), change.chat.id
        phrases = phrases_in(language)
        tries = (
            Action(phrases.say("button.regime"), "/regime"),
            Action(phrases.say("button.warn_me"), "/subscribe"),
        )
        keyboard = await self._buttons.keyboard(tries, "", Whose(chat_id))
        await self._turn(chat_id)
        await deliver(
            self._bot, Part(html.escape(Sentence.HELLO.in_words(language)), chat_id, keyboard=keyboard)
        )

    async def _tell_late(self, question: Question) -> None:
        if question.is_guess:  # talk, very likely
            return
        now_ms = self._desk.now_ms()
        told_ms = self._told_ms.pop(question.chat_id, None)
        self._told_ms[question.chat_id] = now_ms
        while len(self._told_ms) > MOST_TOLD_CHATS:
            self._told_ms.popitem(last=False)
        if told_ms is None or now_ms - told_ms > TOLD_FOR_MS:
            await self._tell(replace(question, reply_to=None), Sentence.WAS_AWAY)

    async def _sent_home(self, question: Question, query_id: str) -> bool:
        """Whether what is asked below a channel's post is not to be posted there: its reader is led into their private chat.

        That is what somebody asks who does not manage the channel, and whatever is of a position.
        """
        asker = question.asker
        is_open = not is_of_position(question.line)
        if is_open and await self._managers.role(question.chat_id, int(asker.user), False) is Role.MANAGER:
            return False
        try:
            link = private_link(self._bot.username, question.line)
            await self._bot.answer_callback_query(query_id, url=link)
        except TelegramError:
            await self._acknowledge(query_id, Sentence.PRIVATE_HERE.in_words(asker.language))
        return True

    async def _tell(self, question: Question, sentence: Sentence) -> None:
        await self._say(question, sentence.in_words(question.asker.language))

    async def _say(self, question: Question, told: str) -> None:
        """Say a few words where a question was asked, to a press in the little window over its button."""
        if question.query_id is not None:
            await self._acknowledge(question.query_id, told)
            return
        part = Part(
            html.escape(told), question.chat_id, thread_id=question.thread_id, reply_to=question.reply_to
        )
        await deliver(self._bot, part)

    async def _acknowledge(self, query_id: str, text: str | None = None) -> None:
        """Stop the button's little clock; too late is no reason not to answer."""
        try:
            await self._bot.answer_callback_query(query_id, text=text)
        except TelegramError as error:
            log.debug("a press was not acknowledged", error=type(error).__name__)


def _changes(question: Question) -> bool:
    """Whether doing it twice is something else than doing it once."""
    command = command_of(question.line)
    return command is not None and command.changes


def _moved(message: Message) -> tuple[int, int] | None:
    """The old and the new number of a group that became a supergroup, as each of the two is told."""
    if message.migrate_to_chat_id is not None:
        return message.chat.id, message.migrate_to_chat_id
    if message.migrate_from_chat_id is not None:
        return message.migrate_from_chat_id, message.chat.id
    return None
