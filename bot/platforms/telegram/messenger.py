"""Warnings into Telegram chats: one message or an edit, and what every error of Telegram means for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import structlog
from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.layout import TELEGRAM_HTML, lay_out
from bot.messenger import Manners, Undelivered, Wrong
from bot.platforms.telegram.buttons import Buttons, Keyboard, Whose
from bot.platforms.telegram.parts import CLOSED, GONE_FOR_GOOD, NO_PREVIEW, NOT_MODIFIED, plain
from bot.platforms.telegram.transport import Flooded, NotSent
from commands.protocol.reply import Reply
from store.pace import Rate

NAME = "telegram"
MANNERS = Manners(Rate(29.0, 25.0), in_flight=4, is_idempotent=False)
"""30 messages a second in all (Bots FAQ); four under way are enough for that and bound what a crash can repeat."""

A_CHAT = (Rate(1.0, 2.5),)
"""Half a message under the burst of three: what was let go in order may arrive closer together on a busy machine."""
A_GROUP = (*A_CHAT, Rate(20.0 / 60.0, 20.0))
BUTTONS = ("button", "keyboard", "markup")
"""What stands in refusals of what is below a text."""
UNCHANGED = (NOT_MODIFIED,)
NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted")

BESIDE = ","
"""Stands between the numbers of messages that are one warning."""
MOST_BEGUN = 1_000
"""Warnings of which a part arrived and the rest is still to be sent."""

log = structlog.stdlib.get_logger(__name__)


class Drawn(NamedTuple):
    """One message of a warning: its HTML, and the buttons below it."""

    text: str
    keyboard: Keyboard | None = None


class Sent(NamedTuple):
    """A message of a warning that arrived, though perhaps not all of them did."""

    number: str
    drawn: Drawn


class TelegramMessenger:
    """Implements `bot.messenger.Messenger` on the library's bot."""

    platform = NAME
    manners = MANNERS

    def __init__(self, bot: Bot, buttons: Buttons) -> None:
        self._bot, self._buttons = bot, buttons
        self._begun: OrderedDict[str, list[Sent]] = OrderedDict()

    def rates(self, address: str) -> tuple[Rate, ...]:
        """One a second in a chat, and twenty a minute where it is a group."""
        chat_id, _ = place_of(address)
        return A_GROUP if chat_id < 0 else A_CHAT

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """A new message, or several where it is too long for one; where the topic is gone they go to the group itself.

        The nonce says nothing to Telegram: by it the next try goes on behind the messages that arrived in this one.
        """
        chat_id, topic = place_of(address)
        whole, sent = await self._drawn(chat_id, reply), self._begun.pop(f"{address} {nonce}", [])
        try:
            await self._renew(chat_id, whole, sent)
            for drawn in whole[len(sent) :]:
                number = await self._send(chat_id, topic, drawn, is_silent=is_silent or bool(sent))
                sent.append(Sent(number, drawn))
        except (TelegramError, asyncio.CancelledError) as error:
            self._remember(f"{address} {nonce}", sent)
            if isinstance(error, TelegramError):
                raise _in_part(understood(error), sent) from None
            raise
        return BESIDE.join(one.number for one in sent)

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Another text for a message of ours; one that has become too long for it has to be a new one."""
        chat_id, _ = place_of(address)
        held, drawn = message.split(BESIDE), await self._drawn(chat_id, reply)
        if len(drawn) > len(held):
            raise Undelivered(Wrong.MESSAGE, "it is longer than the message it is to stand in")
        for one, held_in in zip(drawn, held, strict=False):
            try:
                await _in_html_or_plain(one, partial(self._change, chat_id, int(held_in)))
            except TelegramError as error:
                if not _says(error, UNCHANGED):
                    raise understood(error) from None
        for left_over in held[len(drawn) :]:
            with suppress(TelegramError):  # no more than an old part that stays below what is new
                await self._bot.delete_message(chat_id, int(left_over))

    async def ask(self) -> None:
        """Ask Telegram who we are."""
        try:
            await self._bot.get_me()
        except TelegramError as error:
            raise understood(error) from None

    async def _renew(self, chat_id: int, whole: Sequence[Drawn], sent: list[Sent]) -> None:
        """Let the messages that arrived in an earlier try say what they would say now, and drop those it has no more."""
        for place, (drawn, before) in enumerate(zip(whole, sent, strict=False)):
            if drawn != before.drawn:
                with suppress(BadRequest):  # it then says what was so a moment ago
                    await _in_html_or_plain(drawn, partial(self._change, chat_id, int(before.number)))
                sent[place] = Sent(before.number, drawn)
        while len(sent) > len(whole):
            with suppress(BadRequest):
                await self._bot.delete_message(chat_id, int(sent[-1].number))
            sent.pop()

    def _remember(self, name: str, sent: list[Sent]) -> None:
        if sent:
            self._begun[name] = sent
        while len(self._begun) > MOST_BEGUN:
            self._begun.popitem(last=False)

    async def _send(self, chat_id: int, topic: int | None, drawn: Drawn, *, is_silent: bool) -> str:
        try:
            return await _in_html_or_plain(drawn, partial(self._put, chat_id, topic, is_silent))
        except TelegramError as error:
            if topic is None or not _says(error, NO_TOPIC):
                raise
        return await self._send(chat_id, None, drawn, is_silent=is_silent)

    async def _put(
        self,
        chat_id: int,
        topic: int | None,
        is_silent: bool,
        keyboard: Keyboard | None,
        text: str,
        mode: ParseMode | None,
    ) -> str:
        sent = await self._bot.send_message(
            chat_id,
            text,
            parse_mode=mode,
            message_thread_id=topic,
            disable_notification=is_silent,
            api_kwargs={"reply_markup": keyboard, "link_preview_options": NO_PREVIEW},
        )
        return str(sent.message_id)

    async def _change(
        self,
        chat_id: int,
        message_id: int,
        keyboard: Keyboard | None,
        text: str,
        mode: ParseMode | None,
    ) -> str:
        await self._bot.edit_message_text(
            text,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=mode,
            api_kwargs={"reply_markup": keyboard, "link_preview_options": NO_PREVIEW},
        )
        return str(message_id)

    async def _drawn(self, chat_id: int, reply: Reply) -> tuple[Drawn, ...]:
        """The messages of a warning, nearly always one; the buttons stand below the last."""
        keyboard = await self._buttons.keyboard(reply.actions, "", Whose(chat_id), reply.copies)
        *before, last = lay_out(reply, TELEGRAM_HTML)
        return (*(Drawn(text) for text in before), Drawn(last, keyboard))


async def _in_html_or_plain(
    drawn: Drawn, say: Callable[[Keyboard | None, str, ParseMode | None], Awaitable[str]]
) -> str:
    """Say it as HTML, as plain text where that is refused, and without its buttons where those are.

    A warning is never lost to a sign in a name, nor to a server of somebody's own that is older than a kind of button.
    """
    try:
        return await say(drawn.keyboard, drawn.text, ParseMode.HTML)
    except BadRequest as error:
        if _says(error, UNCHANGED):  # its words speak of the markup as well
            raise
        keyboard = None if _says(error, BUTTONS) else drawn.keyboard
        if not _says(error, ("can't parse entities",)) and keyboard is drawn.keyboard:
            raise
        log.warning("Telegram refused a warning; its plain words go out", why=error.message[:200])
    return await say(keyboard, plain(drawn.text), None)


def _in_part(wrong: Undelivered, sent: Sequence[Sent]) -> Undelivered:
    """What it means for the whole where a part went wrong: what may be sent again is said to be a repetition then."""
    if sent and wrong.wrong is Wrong.NOT_SENT:
        return Undelivered(Wrong.UNCERTAIN, f"a part of it arrived; {wrong.why}")
    return wrong


def place_of(address: str) -> tuple[int, int | None]:
    """Chat and topic of "telegram:CHAT" or "telegram:CHAT:TOPIC". Raises ValueError for another address."""
    platform, chat, *topic = address.split(":")
    if platform != NAME or len(topic) > 1:
        raise ValueError(f"{address!r} is no address on Telegram")
    return int(chat), int(topic[0]) if topic else None


def understood(error: TelegramError) -> Undelivered:
    """What an error of the library means for a message."""
    why = f"{type(error).__name__}: {error.message[:120]}"
    match error:
        case NotSent():
            return Undelivered(Wrong.NOT_SENT, why)
        case Flooded():
            return Undelivered(Wrong.RATE_LIMITED, why, wait_s=error.wait_s)
        case ChatMigrated():
            return Undelivered(Wrong.MOVED, why, moved_to=f"{NAME}:{error.new_chat_id}")
        case InvalidToken():
            return Undelivered(Wrong.BOT, "Telegram refuses the bot token")
        case Forbidden() | BadRequest() if _says(error, GONE_FOR_GOOD):
            return Undelivered(Wrong.CHAT, why)
        case Forbidden() | BadRequest() if _says(error, CLOSED):
            return Undelivered(Wrong.CLOSED, why)
        case Forbidden() | BadRequest():
            return Undelivered(Wrong.MESSAGE, why)
        case _:
            return Undelivered(Wrong.UNCERTAIN, why)


def _says(error: TelegramError, words: tuple[str, ...]) -> bool:
    said = error.message.lower()
    return any(word in said for word in words)
