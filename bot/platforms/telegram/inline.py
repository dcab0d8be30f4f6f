"""Inline mode: "@bot BTC" in any chat offers the card of an asset, to be sent there by whoever asked.

Only answers that speak of the market are offered: nothing of a position, of a chat or of a person can be shared by mistake.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
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
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.chat_platform import Asker, Desk, Sentence, command_of
from bot.layout import TELEGRAM_HTML, clean, lay_out
from bot.platforms.telegram.links import private_link
from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.dispatch import outcome
from commands.protocol.limits import INLINE
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

KEPT_S = 2.0
"""So long one answer serves all who ask for the same: every letter that is typed asks again."""

MOST_KEPT = 500
MOST_OFFERED = 3
LONGEST_TITLE = 100
LONGEST_DESCRIPTION = 200
LONGEST_PLACE = 4
ASSET = "asset"
START = "inline"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a line is answered with, as it is offered; `meant` are lines that may be meant where it is wrong."""

    article: InlineQueryResultArticle
    is_answer: bool
    meant: tuple[str, ...] = ()


class Inline:
    """Answers the inline queries of one bot; `clock` gives seconds that only go forward."""

    __slots__ = ("_bot", "_clock", "_desk", "_kept")

    def __init__(self, bot: Bot, desk: Desk, clock: Callable[[], float] | None = None) -> None:
        self._bot, self._desk = bot, desk
        self._clock = clock or asyncio.get_running_loop().time
        self._kept: OrderedDict[tuple[str, str], tuple[float, Offer]] = OrderedDict()

    async def answer(self, query: InlineQuery) -> None:
        """Offer what was asked for; a query that came too late is not answered, since its reader has typed on."""
        who = str(query.from_user.id)
        if await self._desk.admit(Asker(NAME, who, who, is_private=False), INLINE, tells=False) is not None:
            return
        language, begin = await self._language(query), _place(query.offset)
        try:
            lines = lines_of(query.query, await self._desk.services.snapshots.watched())
        except StoreUnavailable:
            lines = (f"/{dispatch.usual().name}",)  # the door says so in words
        offers = await self._offers(lines[begin : begin + PAGE], language)
        is_more = len(lines) > begin + PAGE
        await self._put(query, offers, language, more=str(begin + PAGE) if is_more else "")

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

    async def _offers(self, lines: Sequence[str], language: str) -> list[Offer]:
        """The lines answered; a single line that is wrong is followed by what may be meant instead."""
        offers = await self._ask_all(lines, language)
        if len(offers) == 1:
            meant = [line for line in offers[0].meant if line != lines[0]]
            offers += await self._ask_all(meant[:MOST_OFFERED], language)
        return offers

    async def _ask_all(self, lines: Sequence[str], language: str) -> list[Offer]:
        """One after the other, so that others are answered in between."""
        offers = []
        for line in lines:
            offer = await self._ask(line, language)
            if offer is not None:
                offers.append(offer)
            await asyncio.sleep(0)
        return offers

    async def _ask(self, line: str, language: str) -> Offer | None:
        """What a line is answered with, a moment ago or now; None for what is not to be shared. Nobody in particular asks."""
        at_s, kept = self._kept.get((line, language), (-inf, None))
        if kept is not None and self._clock() - at_s <= KEPT_S:
            return kept
        reply = await self._desk.ask(line, Asker(NAME, "", HERE, is_private=False, language=language))
        is_answer = outcome(reply) == "answered"
        if is_answer and reply.private:
            return None
        link = private_link(self._bot.username, line if is_answer else "")
        meant = dict.fromkeys(action.command for action in reply.actions if is_offered(action.command))
        offer = Offer(_article(line, reply, link, language), is_answer, () if is_answer else tuple(meant))
        if is_answer:
            self._keep((line, language), offer)
        return offer

    def _keep(self, asked: tuple[str, str], offer: Offer) -> None:
        self._kept[asked] = (self._clock(), offer)
        self._kept.move_to_end(asked)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    async def _put(self, query: InlineQuery, offers: Sequence[Offer], language: str, *, more: str) -> None:
        is_well = all(offer.is_answer for offer in offers)
        label = Sentence.OPEN_HERE.in_words(language)
        button = None if offers and is_well else InlineQueryResultsButton(label, start_parameter=START)
        try:
            await self._bot.answer_inline_query(
                query.id,
                [offer.article for offer in offers],
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
    command = dispatch.usual() if named is None else command_of(named) or dispatch.usual()
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


def _article(line: str, reply: Reply, link: str, language: str) -> InlineQueryResultArticle:
    """An answer as it is offered: its heading, the line below it, and the whole of it in words once it is sent."""
    told = replace(
        reply, blocks=tuple(block for block in reply.blocks if not isinstance(block, Picture)), actions=()
    )
    text = lay_out(told, TELEGRAM_HTML)[0]
    title, description = _said(told)
    button = InlineKeyboardButton(Sentence.OPEN_HERE.in_words(language), url=link)
    return InlineQueryResultArticle(
        hashlib.blake2b(f"{line}\n{text}".encode(errors="surrogatepass"), digest_size=16).hexdigest(),
        title[:LONGEST_TITLE],
        InputTextMessageContent(
            text, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
        ),
        reply_markup=InlineKeyboardMarkup([[button]]),
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
