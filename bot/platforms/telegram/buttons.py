"""Buttons: each stands for a command line and carries it, signed, within Telegram's 64 bytes.

A button's data is a signature of eight letters, its marks and its line: "Gh3_x0Qa=/regime BTC". A line too long for that
is kept in the store under a short name (`bot.lines`), so that every button outlives a restart. The signature holds the chat
the button stands in and, behind "@", who alone may press it; so what a client of somebody's own making sends, or takes from
another chat, is no button. Two marks stand for other presses: "?" asks for a field to be typed, "!" shares an answer.
"""

import hmac
import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from pydantic import SecretStr
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat_platform import asks_again
from bot.layout import clean, label_of, units
from bot.lines import Lines
from commands.protocol.reply import Action, Copy

LONGEST_DATA_BYTES = 64
"""Telegram's longest callback_data (Bot API, InlineKeyboardButton)."""
LONGEST_COPY = 256
"""Telegram's longest text to be copied (Bot API, CopyTextButton)."""

ROW_UNITS = 32
"""What fits beside each other on a phone, in UTF-16 units of all labels of a row."""

MOST_IN_A_ROW = 4
MOST_BUTTONS = 24
MOST_COPIES = 6
SIGN_LETTERS = 8
"""48 bits: nobody guesses them at the speed at which Telegram passes presses on."""
OWNED = "@"
IN_PLACE = "="
TYPED = "?"
SHARED = "!"

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_PURPOSE = b"seawall: buttons of Telegram, 1"
_DATA = re.compile(
    rf"(?P<sign>[A-Za-z0-9_-]{{{SIGN_LETTERS}}})(?P<owned>@?)(?P<mark>[=?]?(?=[/#])|!(?=-))(?P<body>.+)",
    re.DOTALL,
)
_UNSIGNED = re.compile(r"=?(?P<line>/[a-z0-9_].*)", re.DOTALL)
"""How buttons were written before they were signed."""


Button = dict[str, Any]
"""A button of ours as the Bot API writes one (InlineKeyboardButton); the library's objects take longer to make than what they say."""
Keyboard = dict[str, Any]
"""Rows of them (InlineKeyboardMarkup)."""


class Refused(StrEnum):
    """Why a press is not taken."""

    FORGOTTEN = "forgotten"
    OLD = "old"
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True)
class Whose:
    """The chat that buttons stand in, and the user who alone may press them; None: whoever reads them may."""

    chat_id: int
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button that is ours stands for: a line, or the chat in which its message is to be shared ("-1001:7").

    `renews`: the answer takes the place of the message; `types`: what the line lacks is to be typed.
    """

    line: str = ""
    renews: bool = False
    types: bool = False
    shares: str | None = None


@dataclass(frozen=True, slots=True)
class Unpressed:
    """A press that is not taken, and the line to send instead where it is known."""

    why: Refused
    line: str = ""


class Buttons:
    """The buttons of one bot; `key` signs them (`signing_key`), `lines` keeps what is too long for one."""

    __slots__ = ("_lines", "_signs")

    def __init__(self, key: bytes, lines: Lines) -> None:
        self._lines = lines
        self._signs = blake2b(digest_size=SIGN_LETTERS * 6 // 8, key=key)

    async def keyboard(
        self, actions: Sequence[Action], line: str, whose: Whose, copies: Sequence[Copy] = ()
    ) -> Keyboard | None:
        """The buttons under an answer to `line`; the one that asks the same again will renew it in place.

        One whose long line cannot be kept is left out. What can be copied stands in rows of its own.
        """
        pressed = []
        for action in actions[:MOST_BUTTONS]:
            mark = IN_PLACE if asks_again(action.command, line) else ""
            data = await self._carrying(mark, action.command, whose)
            if data is not None:
                pressed.append({"text": label_of(action.label), "callback_data": data})
        copied = [copy_button(one) for one in copies if 1 <= len(one.text) <= LONGEST_COPY][:MOST_COPIES]
        rows = [*_rows(pressed), *_rows(copied)]
        return keyboard_of(rows) if rows else None

    async def typing(self, label: str, lacking: str, whose: Whose) -> Button | None:
        """The button that asks for a field to be typed, None where the line that lacks it cannot be kept."""
        data = await self._carrying(TYPED, lacking, whose)
        return None if data is None else {"text": label, "callback_data": data}

    def sharing(self, label: str, place: str, whose: Whose) -> Button:
        """The button that posts the message it stands under in the chat `place` ("-1001", or "-1001:7" with a topic)."""
        return {"text": label, "callback_data": self._signed(_marked(SHARED, whose) + place, whose)}

    async def pressed(self, data: str, chat_id: int, user_id: int) -> Pressed | Unpressed:
        """What somebody's press of a button in a chat means, or why it means nothing."""
        match = _DATA.fullmatch(data)
        if match is None:
            unsigned = _UNSIGNED.fullmatch(data)
            return (
                Unpressed(Refused.FORGOTTEN)
                if unsigned is None
                else Unpressed(Refused.OLD, clean(unsigned["line"][:LONGEST_DATA_BYTES]))
            )
        whose = Whose(chat_id, user_id if match["owned"] else None)
        if not hmac.compare_digest(self._sign(data[SIGN_LETTERS:], whose), match["sign"]):
            return Unpressed(Refused.NOT_YOURS if match["owned"] else Refused.FORGOTTEN)
        if match["mark"] == SHARED:
            return Pressed(shares=match["body"])
        line = await self._lines.whole(match["body"])
        if line is None:
            return Unpressed(Refused.FORGOTTEN)
        return Pressed(line, renews=match["mark"] == IN_PLACE, types=match["mark"] == TYPED)

    async def _carrying(self, mark: str, line: str, whose: Whose) -> str | None:
        marks = _marked(mark, whose)
        body = await self._lines.carried(line, LONGEST_DATA_BYTES - SIGN_LETTERS - len(marks))
        return None if body is None else self._signed(marks + body, whose)

    def _signed(self, told: str, whose: Whose) -> str:
        return self._sign(told, whose) + told

    def _sign(self, told: str, whose: Whose) -> str:
        owner = "" if whose.owner is None else whose.owner
        signs = self._signs.copy()
        signs.update(f"{whose.chat_id} {owner} {told}".encode(errors="surrogatepass"))
        return b2a_base64(signs.digest(), newline=False).translate(_URL_SAFE).decode()


def signing_key(token: SecretStr) -> bytes:
    """The key that signs a bot's buttons: made from its token, which cannot be found out from it."""
    return hmac.digest(token.get_secret_value().encode(), _PURPOSE, "sha256")


def keyboard_of(rows: Sequence[Sequence[Button]]) -> Keyboard:
    """These rows of buttons."""
    return {"inline_keyboard": rows}


def copy_button(copied: Copy) -> Button:
    """The button that puts a number into the reader's clipboard."""
    return {"text": label_of(copied.label), "copy_text": {"text": copied.text}}


def carries(keyboard: InlineKeyboardMarkup | None, data: str) -> bool:
    """Whether one of these buttons carries this data: what a client sends may be made up, what Telegram tells is not."""
    return any(button.callback_data == data for row in _rows_of(keyboard) for button in row)


def share_place(keyboard: InlineKeyboardMarkup | None) -> str | None:
    """Where the message under which these buttons stand may be shared, None where it may not."""
    places = (_shared(button) for row in _rows_of(keyboard) for button in row)
    return next((place for place in places if place is not None), None)


def without_sharing(keyboard: InlineKeyboardMarkup | None) -> Keyboard | None:
    """The buttons without the one that shares; None where no other is left."""
    kept = [[button.to_dict() for button in row if _shared(button) is None] for row in _rows_of(keyboard)]
    return keyboard_of([row for row in kept if row]) if any(kept) else None


def _marked(mark: str, whose: Whose) -> str:
    return mark if whose.owner is None else OWNED + mark


def _shared(button: InlineKeyboardButton) -> str | None:
    match = _DATA.fullmatch(button.callback_data) if isinstance(button.callback_data, str) else None
    return match["body"] if match is not None and match["mark"] == SHARED else None


def _rows_of(keyboard: InlineKeyboardMarkup | None) -> Sequence[Sequence[InlineKeyboardButton]]:
    return () if keyboard is None else keyboard.inline_keyboard


def _rows(buttons: list[Button]) -> list[list[Button]]:
    rows: list[list[Button]] = []
    used = 0
    for button in buttons:
        wide = units(button["text"])
        used += wide
        if not rows or len(rows[-1]) == MOST_IN_A_ROW or used > ROW_UNITS:
            rows.append([])
            used = wide
        rows[-1].append(button)
    return rows
