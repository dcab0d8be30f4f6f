"""Replies as text: blocks become pieces, pieces become messages no longer than a platform allows.

A dialect says how a platform writes each kind of piece. Lengths are UTF-16 units, as Telegram counts them (chat.md);
messages are cut between lines, and a piece's tags are closed and opened again around the cut.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

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
    Shown,
    Table,
    Text,
    Told,
    Tone,
)
from market.observations import SECOND_MS

TELEGRAM_UNITS = 4_096
"""Telegram's longest message (Bot API, sendMessage), counted before its entities are parsed to be on the safe side."""

DISCORD_UNITS = 2_000
"""Discord's longest message (developer documentation, Create Message)."""

COLUMN_GAP = " "
LONGEST_NUMBER = 20
LONGEST_MOMENT = 40
TELEGRAM_SHOWN: Mapping[Shown, str] = {Shown.AGE: "Dt", Shown.MINUTE: "t", Shown.SECOND: "T"}
"""The formats of a date-time entity (Bot API): D a long date, t hours and minutes, T seconds as well.

An age (r) would do for a while only: nobody reads from "2 hours ago" what the hour was.
"""
DISCORD_SHOWN: Mapping[Shown, str] = {Shown.AGE: "R", Shown.MINUTE: "t", Shown.SECOND: "T"}
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
    """How a dialect writes a style: what opens it, what closes it, and how a line in it is escaped."""

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
    return tuple(text for text in _pack(pieces(reply), dialect) if _says_something(text, dialect)) or ("-",)


def pieces(reply: Reply) -> tuple[Piece, ...]:
    """The blocks of a reply as pieces, from top to bottom."""
    made = (_piece(block) for block in reply.blocks)
    return tuple(piece for piece in made if any(line.strip() for line in piece.lines))


def beside(reply: Reply, picture: Picture) -> Reply:
    """The reply as it stands beside this picture, which is shown: without the words for what can be seen."""
    return replace(reply, blocks=tuple(block for block in reply.blocks if block is not picture))


def clean(text: str) -> str:
    """The text without control, bidirectional and zero-width characters; newlines stay, tabs become blanks."""
    spaced = text.replace("\r\n", "\n").replace("\t", "    ")
    if spaced.replace("\n", "").isprintable():  # which nothing unseen is, and nearly every text
        return spaced
    return "".join(sign for sign in spaced if sign == "\n" or unicodedata.category(sign) not in _UNSEEN)


def units(text: str) -> int:
    """The length of a text in UTF-16 units: an emoji counts two."""
    return len(text) if text.isascii() else len(text) + sum(1 for sign in text if sign > "\uffff")


def align(table: Table) -> tuple[str, ...]:
    """The rows of a table as lines whose columns stand one below the other, its head first."""
    rows = [tuple(clean(cell).replace("\n", " ") for cell in row) for row in (table.head, *table.rows) if row]
    columns = max(map(len, rows), default=0)
    widths = [max(_width(row[place]) for row in rows if place < len(row)) for place in range(columns)]
    return tuple(_line(row, widths, table.align).rstrip() for row in rows)


def plainly(told: Told) -> str:
    """A paragraph as a platform writes it that has no sign for people and moments."""
    return _SIGN.sub(_plain_sign, _with_signs(told))


_SIGN = re.compile("\ue000([prctu])([0-9a-f]+)\ue001")
"""How a person, a role, a channel, a moment or a link stands in a piece, the last two in hexadecimal, until a dialect writes it: no text can hold one, see `clean`."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MARKS = re.compile(r"[\\*_~|`>#\[\]<]|:(?=//)|@(?=everyone|here)")
_ITEM = re.compile(r"^(\s*(?:[0-9]{1,18}(?=\.\s)|(?=[-+])))([.+-])")
_ATOM = re.compile(
    r"\\.|&[a-z#0-9]{1,8};|<tg-time [^>]{1,40}>[^<]{0,250}</tg-time>|<[@t][^>]{1,24}>|.", re.DOTALL
)
"""What of an escaped line is never cut in two."""


def _escape_markdown(line: str) -> str:
    return _SIGN.sub(_discord_sign, _ITEM.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", line)))


def _neutralise_backticks(line: str) -> str:
    return line.replace("`", "\u02cb")


def _small_markdown(line: str) -> str:
    return f"-# {_escape_markdown(line)}" if line.strip() else line


def _escape_html(line: str) -> str:
    return _SIGN.sub(_telegram_sign, html.escape(line, quote=True))


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
            return Piece(Style.PROSE, (clean(block.alt),))
        case Told():
            return Piece(Style.PROSE, tuple(_with_signs(block).split("\n")))
        case Evidence(lines):
            return Piece(Style.QUOTE, tuple(part for line in lines for part in clean(line).split("\n")))
        case Lines(lines):
            return Piece(Style.FIXED, tuple(clean(line).replace("\n", " ") for line in lines))
        case Table():
            return Piece(Style.FIXED, align(block))


def _with_signs(told: Told) -> str:
    return "".join(clean(part) if isinstance(part, str) else _sign(part) for part in told.parts)


def _sign(part: Mention | Moment | Link) -> str:
    """A person, role, moment or link between the marks of `_SIGN`; a name that is no number stands as it is."""
    if isinstance(part, Moment):
        spoken = f"{part.shown.value} {part.at_ms // SECOND_MS} {_words_of(part)}"
        return f"\ue000t{spoken.encode().hex()}\ue001"
    if isinstance(part, Link):
        return f"\ue000u{part.url.encode().hex()}\ue001"
    number = part.name.rpartition(":")[2]
    is_number = number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER
    return f"\ue000{part.kind[0]}{number}\ue001" if is_number else clean(part.name)


def _words_of(moment: Moment) -> str:
    """How a moment is written where nobody's clock is known."""
    in_utc = datetime.fromtimestamp(moment.at_ms // SECOND_MS, UTC)
    return " ".join(clean(moment.words).split())[:LONGEST_MOMENT] or f"{in_utc:%Y-%m-%d %H:%M} UTC"


def _moment_of(number: str) -> tuple[Shown, str, str]:
    """How a moment is to be shown, its seconds since 1970, and its words."""
    shown, seconds, words = bytes.fromhex(number).decode().split(" ", 2)
    return Shown(shown), seconds, words


def _plain_sign(sign: re.Match[str]) -> str:
    kind, number = sign.groups()
    if kind == "t":
        return _moment_of(number)[2]
    return bytes.fromhex(number).decode() if kind == "u" else number


def _telegram_sign(sign: re.Match[str]) -> str:
    """A moment by its reader's clock, with its words for clients that do not know how (Bot API, date-time entities)."""
    kind, number = sign.groups()
    if kind != "t":
        return html.escape(_plain_sign(sign))
    shown, seconds, words = _moment_of(number)
    return f'<tg-time unix="{seconds}" format="{TELEGRAM_SHOWN[shown]}">{html.escape(words)}</tg-time>'


def _discord_sign(sign: re.Match[str]) -> str:
    kind, number = sign.groups()
    if kind == "u":
        return f"<{bytes.fromhex(number).decode()}>"
    if kind == "t":
        shown, seconds, _ = _moment_of(number)
        return f"<t:{seconds}:{DISCORD_SHOWN[shown]}>"
    return {"p": f"<@{number}>", "r": f"<@&{number}>", "c": f"<#{number}>"}[kind]


def _marked(text: str, tone: Tone) -> str:
    return text if text.startswith("!") else SYMBOL.get(tone, "") + text


def _line(row: tuple[str, ...], widths: list[int], sides: str) -> str:
    cells = []
    for place, cell in enumerate(row):
        blank = " " * (widths[place] - _width(cell))
        cells.append(blank + cell if sides[place : place + 1] == "r" else cell + blank)
    return COLUMN_GAP.join(cells)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in {"W", "F"})
        for sign in text
    )


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
        held = ""
        for sign in _ATOM.findall(escaped):
            if units(held) + units(sign) > limit:
                yield held
                held = ""
            held += sign
        yield held
