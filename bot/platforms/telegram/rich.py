"""What a Bot API server may know that the library does not: tables as tables, and answers one alone can read in a group.

Each is asked for once at the start, in a way that writes to nobody, and not used again after the first refusal. A server
that does not know a parameter passes it over: so what is for one alone is only sent once a harmless sentence was seen to stay
unseen, and each time it is looked at whether it did.
"""

import html
from collections import OrderedDict
from collections.abc import Iterator

import structlog
from telegram import Bot, Message
from telegram.error import BadRequest, EndPointNotFound, TelegramError

from bot.layout import TELEGRAM_HTML, Form, Piece, Style, clean, pieces
from bot.platforms.telegram.parts import Part, Whisper, deliver, whispered_as
from commands.protocol.reply import Reply, Table

RICH = "rich_message"
"""What a message with tables has (Bot API 10.1, Message)."""
MOST_REFUSED_CHATS = 10_000
MOST_COLUMNS = 20
ALIGNED = {"l": "left", "r": "right"}

log = structlog.stdlib.get_logger(__name__)


class Newer:
    """What the server of one bot is known to do, for as long as this process lives."""

    __slots__ = ("_refused", "has_rich", "has_whispers", "is_proven")

    def __init__(self) -> None:
        self.has_rich = False
        """Whether tables are sent as such (sendRichMessage, Bot API 10.1)."""
        self.has_whispers = False
        """Whether a message in a group can be for one alone (Bot API 10.2)."""
        self.is_proven = False
        """Whether a message for one alone was seen to stay unseen."""
        self._refused: OrderedDict[int, None] = OrderedDict()

    async def probe(self, bot: Bot, *, wants_tables: bool) -> None:
        """Ask what the server knows: with methods that do nothing, as what they are to be done to is not said."""
        self.has_rich = wants_tables and await _knows(bot, "sendRichMessage")
        self.has_whispers = await _knows(bot, "deleteEphemeralMessage")
        log.info("Telegram's server", tables=self.has_rich, answers_for_one_alone=self.has_whispers)

    def may_whisper(self, chat_id: int, whisper: Whisper) -> bool:
        """Whether somebody can be answered alone in this chat, as far as is known.

        Where they pressed a button, or wrote so that nobody else saw it, any bot can; else only an administrator.
        """
        is_invited = whisper.query_id is not None or whisper.answers is not None
        return self.has_whispers and (is_invited or chat_id not in self._refused)

    async def give(self, bot: Bot, part: Part) -> Message | bool:
        """Deliver a message (`parts.deliver`), and learn from what became of it. One for somebody alone is so, or taken back."""
        sent = await deliver(bot, part)
        if part.rich is not None and isinstance(sent, Message) and RICH not in sent.api_kwargs:
            log.info("Telegram's server takes no tables: from now on they are written in columns")
            self.has_rich = False
        if part.whisper is None or sent is True:
            return sent
        if sent is False:
            self._note_refusal(part.chat_id)
        elif whispered_as(sent) is None:
            await self._take_back(bot, sent)
            return False
        return sent

    async def prove(self, bot: Bot, part: Part) -> bool:
        """Whether what is for one alone stays unseen: the first time in this process, by a sentence everybody might read."""
        if not self.is_proven:
            # where its answer was lost nobody knows who reads it
            self.is_proven = isinstance(await self.give(bot, part), Message)
        return self.is_proven

    def _note_refusal(self, chat_id: int) -> None:
        self._refused[chat_id] = None
        while len(self._refused) > MOST_REFUSED_CHATS:
            self._refused.popitem(last=False)

    async def _take_back(self, bot: Bot, sent: Message) -> None:
        """The server does not know messages for one alone after all."""
        log.error("what was for one alone could be read by all: it is taken back, and not tried again")
        self.has_whispers = self.is_proven = False
        try:
            await bot.delete_message(sent.chat_id, sent.message_id)
        except TelegramError as error:
            log.warning("it could not be taken back", error=type(error).__name__)


def rich_of(reply: Reply) -> str | None:
    """The reply as the HTML of a rich message, None where it holds no table that would gain from it."""
    tables = [block for block in reply.blocks if isinstance(block, Table)]
    if not tables or any(_columns(table) > MOST_COLUMNS for table in tables):
        return None
    return "".join(_parts(reply))


async def _knows(bot: Bot, method: str) -> bool:
    """Whether the server has a method: it is called without any of what it needs."""
    try:
        await bot.do_api_request(method)
    except EndPointNotFound:
        return False
    except BadRequest:
        return True
    except TelegramError as error:
        log.info("what Telegram's server knows could not be asked", error=type(error).__name__)
        return False
    return False


def _parts(reply: Reply) -> Iterator[str]:
    for block in reply.blocks:
        if isinstance(block, Table):
            yield _table(block)
        else:
            yield from map(_paragraph, pieces(Reply((block,))))


def _paragraph(piece: Piece) -> str:
    form = _FORMS[piece.style]
    between = "\n" if piece.style is Style.FIXED else "<br>"
    return form.open + between.join(map(form.escape, piece.lines)) + form.close


def _table(table: Table) -> str:
    head = _row(table.head, "th", table.align) if table.head else ""
    return (
        f"<table compact>{head}{''.join(_row(row, 'td', table.align) for row in table.rows if row)}</table>"
    )


def _row(row: tuple[str, ...], tag: str, sides: str) -> str:
    cells = (
        f'<{tag} align="{ALIGNED.get(sides[place : place + 1], "left")}">{_cell(text)}</{tag}>'
        for place, text in enumerate(row)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str) -> str:
    return html.escape(" ".join(clean(text).split()))


def _columns(table: Table) -> int:
    return max(map(len, (table.head, *table.rows)), default=0)


_escape = TELEGRAM_HTML.forms[Style.PROSE].escape
_FORMS: dict[Style, Form] = {
    Style.HEADING: Form("<h4>", "</h4>", _escape),
    Style.PROSE: Form("<p>", "</p>", _escape),
    Style.FIXED: Form("<pre>", "</pre>", _escape),
    Style.QUOTE: Form("<blockquote expandable>", "</blockquote>", _escape),
}
"""The blocks of a rich message (Bot API, rich message formatting options)."""
