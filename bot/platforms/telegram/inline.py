"""Inline mode: "@bot BTC" in any chat offers the card of an asset, to be sent there by whoever asked.

Only answers that speak of the market are offered: nothing of a position, of a chat or of a person can be shared by mistake.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.chat_platform import Asker, Desk, Sentence, command_of
from bot.layout import TELEGRAM_HTML, clean, lay_out
from bot.platforms.telegram.links import private_link
from bot.platforms.telegram.parts import NO_PREVIEW
from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.dispatch import outcome
from commands.protocol.picture import Picture
from commands.protocol.reply import Heading, Note, Reply, Text
from commands.protocol.request import Role
from market.observations import Asset
from store.connection import StoreUnavailable

NAME = "telegram"
HERE = "inline"
"""Stands for the chat, which Telegram does not tell; nothing is ever kept of it."""

LONGEST_QUERY = 256
PAGE = 10
"""Answers offered at once; the rest come as the reader scrolls. Telegram takes at most 50."""

CACHED_S = 5
"""So long may Telegram offer the same answers to the same reader again: their numbers are of now."""

MOST_OFFERED = 3
LONGEST_TITLE = 100
LONGEST_DESCRIPTION = 200
LONGEST_PLACE = 4
ASSET = "asset"
START = "inline"

log = structlog.stdlib.get_logger(__name__)


class Inline:
    """Answers the inline queries of one bot."""

    __slots__ = ("_bot", "_desk")

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot, self._desk = bot, desk

    async def answer(self, query: InlineQuery) -> None:
        """Offer what was asked for; a query that came too late is not answered, since its reader has typed on."""
        asker = Asker(
            NAME, str(query.from_user.id), HERE, is_private=False, language=await self._language(query)
        )
        begin = _place(query.offset)
        try:
            lines = lines_of(query.query, await self._desk.services.snapshots.watched())
        except StoreUnavailable:
            lines = (f"/{_usual().name}",)  # the door says so in words
        offered = await self._offered(lines[begin : begin + PAGE], asker)
        is_more = len(lines) > begin + PAGE
        await self._put(query, offered, asker.language, more=str(begin + PAGE) if is_more else "")

    async def _language(self, query: InlineQuery) -> str:
        """What the reader chose in their private chat, else what their client speaks."""
        spoken = (query.from_user.language_code or "en")[:16]
        if self._desk.services.chats is None:
            return spoken
        try:
            chat = await self._desk.services.chats.get(f"{NAME}:{query.from_user.id}")
        except StoreUnavailable:
            return spoken
        return spoken if chat is None else chat.language or spoken

    async def _offered(self, lines: Sequence[str], asker: Asker) -> list[tuple[str, Reply]]:
        """The lines with their answers; a single line that is wrong is followed by what may be meant instead."""
        answered = await self._ask(lines, asker)
        if len(answered) == 1 and outcome(answered[0][1]) != "answered":
            offers = dict.fromkeys(action.command for action in answered[0][1].actions)
            meant = [line for line in offers if is_offered(line) and line != lines[0]]
            answered += await self._ask(meant[:MOST_OFFERED], asker)
        return answered

    async def _ask(self, lines: Sequence[str], asker: Asker) -> list[tuple[str, Reply]]:
        replies = await asyncio.gather(*(self._desk.ask(line, asker) for line in lines))
        told = zip(lines, replies, strict=True)
        return [(line, reply) for line, reply in told if not reply.private or outcome(reply) != "answered"]

    def _link(self, line: str, reply: Reply) -> str:
        """Into the bot's own chat: to ask there what was answered here."""
        return private_link(self._bot.username, line if outcome(reply) == "answered" else "")

    async def _put(
        self, query: InlineQuery, offered: Sequence[tuple[str, Reply]], language: str, *, more: str
    ) -> None:
        is_well = all(outcome(reply) == "answered" for _, reply in offered)
        label = Sentence.OPEN_HERE.in_words(language)
        button = None if offered and is_well else InlineQueryResultsButton(label, start_parameter=START)
        try:
            await self._bot.answer_inline_query(
                query.id,
                [_article(line, reply, self._link(line, reply), label) for line, reply in offered],
                cache_time=CACHED_S if is_well else 0,
                is_personal=True,  # answers are in the language of who asks
                next_offset=more,
                button=button,
            )
        except TelegramError as error:
            log.debug("an inline query was not answered", error=type(error).__name__)


def lines_of(query: str, watched: Sequence[Asset]) -> tuple[str, ...]:
    """The command lines an inline query asks: "btc", "why btc", "btc why"; all watched assets where it names none.

    The beginning of a name stands for every watched asset that begins so.
    """
    words = query[:LONGEST_QUERY].split()
    named = next((word for word in words if is_offered(word)), None)
    command = _usual() if named is None else command_of(named) or _usual()
    rest = [word for word in words if word is not named]
    begun = rest[0].upper() if len(rest) == 1 else ""
    assets = [asset for asset in watched if asset.startswith(begun)] if len(rest) <= 1 else []
    return tuple(f"/{command.name} {asset}" for asset in assets) or (" ".join((f"/{command.name}", *rest)),)


def is_offered(line: str) -> bool:
    """Whether a line asks one of the commands whose answers speak of an asset's market alone, the same for everybody."""
    return command_of(line) in _of_market()


@lru_cache(maxsize=1)
def _of_market() -> tuple[Command[Any], ...]:
    return tuple(command for command in dispatch.commands() if _is_of_market(command))


def _is_of_market(command: Command[Any]) -> bool:
    is_open = not command.private and not command.changes and command.needs is Role.ANYONE
    return is_open and any(option.word.kind == ASSET for option in command.options)


def _usual() -> Command[Any]:
    """What is meant where no command is named: the first that a channel may show to all in it."""
    return next((command for command in _of_market() if command.may_be_public), _of_market()[0])


def _article(line: str, reply: Reply, link: str, label: str) -> InlineQueryResultArticle:
    """An answer as it is offered: its heading, the line below it, and the whole of it in words once it is sent."""
    told = replace(
        reply, blocks=tuple(block for block in reply.blocks if not isinstance(block, Picture)), actions=()
    )
    text = lay_out(told, TELEGRAM_HTML)[0]
    title, description = _said(told)
    return InlineQueryResultArticle(
        hashlib.blake2b(f"{line}\n{text}".encode(), digest_size=16).hexdigest(),
        title[:LONGEST_TITLE],
        InputTextMessageContent(text, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW),
        reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton(label, url=link)]]),
        description=description[:LONGEST_DESCRIPTION] or None,
    )


def _said(reply: Reply) -> tuple[str, str]:
    """What an answer says first, and what then: a line each."""
    words = [clean(block.text) for block in reply.blocks if isinstance(block, Heading | Note | Text)]
    lines = [line.strip() for text in words for line in text.split("\n") if line.strip()]
    first, *rest = lines or ["-"]
    return first, next(iter(rest), "")


def _place(offset: str) -> int:
    """Where a page begins, as we told Telegram ourselves; a client may make up another."""
    is_ours = offset.isascii() and offset.isdigit() and len(offset) <= LONGEST_PLACE
    return int(offset) if is_ours else 0
