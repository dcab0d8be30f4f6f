"""Replies as text: blocks become pieces, pieces become messages no longer than a platform allows.

A dialect says how a platform writes each kind of piece. Lengths are UTF-16 units, as Telegram counts them (chat.md);
messages are cut between lines, and a piece's tags are closed and opened again around the cut.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import repeat, zip_longest

from bot.signs import MARK, SIGN, discord_sign, marked_off, plain_sign, telegram_sign
from commands.protocol.picture import Picture
from commands.protocol.reply import (
    Block,
    Evidence,
    Heading,
    Lines,
    Link,
    Mention,
    Moment,
    Note,
    Reply,
    Table,
    Text,
    Told,
    Tone,
)
from commands.wording.columns import width

TELEGRAM_UNITS = 4_096
"""Telegram's longest message (Bot API, sendMessage), counted before its entities are parsed to be on the safe side."""

DISCORD_UNITS = 2_000
"""Discord's longest message (developer documentation, Create Message)."""

COLUMN_GAP = " "
SYMBOL: Mapping[Tone, str] = {Tone.CAUTION: "! ", Tone.STRESS: "!! "}


class Style(StrEnum):
    """How a piece is meant: the line that says it all, prose, columns that must stay aligned, or what may be folded away."""

    HEADING = "heading"
    PROSE = "prose"
    FIXED = "fixed"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one style, clean of control characters and not yet escaped for any platform."""

    style: Style
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How a dialect writes a style: what opens it, what closes it, and how one or more lines in it are escaped."""

    open: str
    close: str
    escape: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a platform writes the styles, and its longest message in UTF-16 units."""

    units: int
    forms: Mapping[Style, Form]


def lay_out(reply: Reply, dialect: Dialect) -> tuple[str, ...]:
    """The reply as messages of a dialect, at least one, each within the platform's limit and complete in itself."""
    parts = pieces(reply)
    whole = "\n".join([_written(piece.lines, dialect.forms[piece.style]) for piece in parts])
    # nearly every reply is one message, and then there is nothing to count
    texts = [whole] if units(whole) < dialect.units else _pack(parts, dialect)
    return tuple([text for text in texts if _says_something(text, dialect)]) or ("-",)


def pieces(reply: Reply) -> tuple[Piece, ...]:
    """The blocks of a reply as pieces, from top to bottom."""
    return tuple([piece for piece in map(_piece, reply.blocks) if any(map(str.strip, piece.lines))])


def beside(reply: Reply, picture: Picture) -> Reply:
    """The reply as it stands beside this picture, which is shown: without the words for what can be seen."""
    return replace(reply, blocks=tuple(block for block in reply.blocks if block is not picture))


def clean(text: str) -> str:
    """The text without control, bidirectional and zero-width characters; newlines stay, tabs become blanks."""
    if text.isprintable():  # nearly every text, and nothing unseen is
        return text
    spaced = text.replace("\r\n", "\n").replace("\t", "    ")
    if spaced.replace("\n", "").isprintable():
        return spaced
    return "".join(sign for sign in spaced if sign == "\n" or unicodedata.category(sign) not in _UNSEEN)


def label_of(text: str) -> str:
    """What a button shows of a text: one line, and never nothing, which platforms refuse with the whole message."""
    shown = " ".join(clean(text).split())
    return shown if shown.strip(_BLANK) else "-"


def units(text: str) -> int:
    """The length of a text in UTF-16 units: an emoji counts two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def align(table: Table) -> tuple[str, ...]:
    """The rows of a table as lines whose columns stand one below the other, its head first."""
    columns = list(zip_longest(*[row for row in (table.head, *table.rows) if row], fillvalue=""))
    filled = map(_filled, columns, table.align.ljust(len(columns)))
    return tuple([COLUMN_GAP.join(row).rstrip() for row in zip(*filled, strict=True)])


def plainly(told: Told) -> str:
    """A paragraph as a platform writes it that has no sign for people and moments."""
    return SIGN.sub(plain_sign, _with_signs(told))


_BLANK = "\u034f\u115f\u1160\u2800\u3164\uffa0 "
"""Letters by their kind that show nothing."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MARKS = re.compile(r"[\\*_~|`>#\[\]<]|:(?=//)|@(?=everyone|here)")
_ITEM = re.compile(r"^(\s*(?:[0-9]{1,18}(?=\.\s)|(?=[-+])))([.+-])")
_ATOM = re.compile(
    r"\\.|&[a-z#0-9]{1,8};|<tg-time [^>]{1,40}>[^<]{0,250}</tg-time>|<[@t][^>]{1,24}>|.", re.DOTALL
)
"""What of an escaped line is never cut in two."""


def _escape_markdown(text: str) -> str:
    return "\n".join([_markdown_line(line) for line in text.split("\n")])


def _small_markdown(text: str) -> str:
    lines = text.split("\n")
    return "\n".join([f"-# {_markdown_line(line)}" if line.strip() else line for line in lines])


def _markdown_line(line: str) -> str:
    return SIGN.sub(discord_sign, _ITEM.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", line)))


def _neutralise_backticks(text: str) -> str:
    return text.replace("`", "\u02cb")


def _escape_html(text: str) -> str:
    escaped = html.escape(text)
    return SIGN.sub(telegram_sign, escaped) if MARK in escaped else escaped


TELEGRAM_HTML = Dialect(
    TELEGRAM_UNITS,
    {
        Style.HEADING: Form("<b>", "</b>", _escape_html),
        Style.PROSE: Form("", "", _escape_html),
        Style.FIXED: Form("<pre>", "</pre>", _escape_html),
        Style.QUOTE: Form("<blockquote expandable>", "</blockquote>", _escape_html),
    },
)
DISCORD_MARKDOWN = Dialect(
    DISCORD_UNITS,
    {
        Style.HEADING: Form("**", "**", _escape_markdown),
        Style.PROSE: Form("", "", _escape_markdown),
        Style.FIXED: Form("```\n", "\n```", _neutralise_backticks),
        Style.QUOTE: Form("", "", _small_markdown),
    },
)


def _piece(block: Block) -> Piece:
    match block:
        case Heading(text):
            return Piece(Style.HEADING, (clean(text).replace("\n", " "),))
        case Note(text, tone):
            return Piece(Style.PROSE, tuple(_marked(clean(text), tone).split("\n")))
        case Text(text):
            return Piece(Style.PROSE, tuple(clean(text).split("\n")))
        case Picture():
            return Piece(Style.PROSE, tuple(clean(block.alt).split("\n")))
        case Told():
            return Piece(Style.PROSE, tuple(_with_signs(block).split("\n")))
        case Evidence(lines):
            return Piece(Style.QUOTE, tuple(part for line in lines for part in clean(line).split("\n")))
        case Lines(lines):
            return Piece(Style.FIXED, tuple(_in_lines(lines)))
        case Table():
            return Piece(Style.FIXED, align(block))


def _with_signs(told: Told) -> str:
    return "".join(clean(part) if isinstance(part, str) else _sign(part) for part in told.parts)


def _sign(part: Mention | Moment | Link) -> str:
    """A name that is no number stands as it is."""
    sign = marked_off(part)
    return clean(part.name) if sign is None and isinstance(part, Mention) else sign or ""


def _in_lines(texts: Sequence[str]) -> Sequence[str]:
    """What stands in columns: one line each, in which a tab is as wide as it was counted."""
    if "".join(texts).isprintable():  # nearly always
        return texts
    return [clean(text.replace("\t", " ")).replace("\n", " ") for text in texts]


def _marked(text: str, tone: Tone) -> str:
    return text if text.startswith("!") else SYMBOL.get(tone, "") + text


def _filled(cells: Sequence[str], side: str) -> Iterator[str]:
    """The cells of a column, filled with blanks until they are equally wide."""
    text, fill = "".join(cells), str.rjust if side == "r" else str.ljust
    if text.isascii() and text.isprintable():
        return map(fill, cells, repeat(max(map(len, cells))))
    cells = _in_lines(cells)
    wide = list(map(width, cells))
    return map(
        fill, cells, [max(wide) - columns + len(cell) for cell, columns in zip(cells, wide, strict=True)]
    )


def _written(lines: Sequence[str], form: Form) -> str:
    return form.open + form.escape("\n".join(lines)) + form.close


def _pack(parts: tuple[Piece, ...], dialect: Dialect) -> Iterator[str]:
    """Fill messages piece by piece; a piece that does not fit goes on in the next message."""
    message = ""
    for piece in parts:
        form = dialect.forms[piece.style]
        for chunk in _chunks(piece, form, dialect.units - units(message) - 1, dialect.units):
            grown = f"{message}\n{chunk}" if message else chunk
            if units(grown) <= dialect.units:
                message = grown
                continue
            yield message
            message = chunk
    if message:
        yield message


def _says_something(text: str, dialect: Dialect) -> bool:
    """Platforms refuse messages of blank lines, and a long blank piece would become one."""
    # no tag goes over a line, and the first line nearly always says something
    first, _, rest = text.partition("\n")
    return _is_more_than_tags(first, dialect) or _is_more_than_tags(rest, dialect)


def _is_more_than_tags(text: str, dialect: Dialect) -> bool:
    for form in dialect.forms.values():
        text = text.replace(form.open.strip(), "").replace(form.close.strip(), "") if form.open else text
    return bool(text.strip())


def _chunks(piece: Piece, form: Form, first: int, limit: int) -> Iterator[str]:
    """The piece between its tags, cut so that the first part has `first` units if a line fits there at all."""
    around = units(form.open) + units(form.close)
    room = (first if first > around else limit) - around
    held: list[str] = []
    used = 0
    for line in _short_lines(piece.lines, form, limit - around):
        cost = units(line) + (1 if held else 0)
        if held and used + cost > room:
            yield form.open + "\n".join(held) + form.close
            held, used, room, cost = [], 0, limit - around, units(line)
        held.append(line)
        used += cost
    if held:
        yield form.open + "\n".join(held) + form.close


def _short_lines(lines: tuple[str, ...], form: Form, limit: int) -> Iterator[str]:
    """The escaped lines, one longer than a whole message cut where its characters allow."""
    for line in lines:
        escaped = form.escape(line)
        if units(escaped) <= limit:
            yield escaped
            continue
        yield from _cut(_ATOM.findall(escaped), limit)


def _cut(signs: list[str], limit: int) -> Iterator[str]:
    """The signs one after the other, as few strings as the limit allows."""
    held: list[str] = []
    used = 0
    for sign in signs:
        cost = units(sign)
        if held and used + cost > limit:
            yield "".join(held)
            held, used = [], 0
        held.append(sign)
        used += cost
    yield "".join(held)
