"""Buttons: each stands for a command line and carries it, within Telegram's 64 bytes.

A line too long for a button is kept here under the short name made from it, so that the same line always has the same
name. The oldest are forgotten; a button whose line was forgotten says so when it is pressed. Two more kinds carry all they
need: one asks for a field to be typed, one shares the answer it stands under in the group it was asked from.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat_platform import asks_again
from bot.layout import clean, units
from commands.protocol.reply import Action

LONGEST_DATA_BYTES = 64
"""Telegram's longest callback_data (Bot API, InlineKeyboardButton)."""

ROW_UNITS = 32
"""What fits beside each other on a phone, in UTF-16 units of all labels of a row."""

MOST_IN_A_ROW = 4
MOST_BUTTONS = 24
MOST_KEPT_LINES = 10_000
IN_PLACE = "="
NAMED = "#"
TYPED = "?"
SHARED = "!"


class Buttons:
    """The buttons this process has shown, and what they stand for."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def keyboard(self, actions: Sequence[Action], line: str) -> InlineKeyboardMarkup | None:
        """The buttons under an answer to `line`; the one that asks the same again will renew it in place."""
        buttons = [
            InlineKeyboardButton(clean(action.label), callback_data=self._data(action, line))
            for action in actions[:MOST_BUTTONS]
        ]
        return InlineKeyboardMarkup(_rows(buttons)) if buttons else None

    def line(self, data: str) -> str | None:
        """The command line of a pressed button, None where it was forgotten or never ours."""
        bare = data.removeprefix(TYPED).removeprefix(IN_PLACE)
        return self._kept.get(bare) if bare.startswith(NAMED) else bare if bare.startswith("/") else None

    def _data(self, action: Action, line: str) -> str:
        mark = IN_PLACE if asks_again(action.command, line) else ""
        data = mark + action.command
        return data if len(data.encode()) <= LONGEST_DATA_BYTES else mark + self._keep(action.command)

    def _keep(self, line: str) -> str:
        name = NAMED + hashlib.blake2b(line.encode(), digest_size=12).hexdigest()
        self._kept[name] = line
        self._kept.move_to_end(name)
        while len(self._kept) > MOST_KEPT_LINES:
            self._kept.popitem(last=False)
        return name


def is_renewal(data: str) -> bool:
    """Whether the answer to this button takes the place of the message it stands under."""
    return data.startswith(IN_PLACE)


def typing_button(label: str, lacking: str) -> InlineKeyboardButton | None:
    """The button that asks for a field to be typed, None where the line that lacks it is too long for one."""
    data = TYPED + lacking
    return (
        InlineKeyboardButton(label, callback_data=data) if len(data.encode()) <= LONGEST_DATA_BYTES else None
    )


def is_typing(data: str) -> bool:
    """Whether this button asks for a field to be typed."""
    return data.startswith(TYPED)


def share_button(label: str, place: str) -> InlineKeyboardButton:
    """The button that posts the message it stands under in the chat `place` ("-1001", or "-1001:7" with a topic)."""
    return InlineKeyboardButton(label, callback_data=SHARED + place)


def place_shared(data: object) -> str | None:
    """Where a button shares its message, None for another button."""
    return data.removeprefix(SHARED) if isinstance(data, str) and data.startswith(SHARED) else None


def share_place(keyboard: InlineKeyboardMarkup | None) -> str | None:
    """Where the message under which these buttons stand may be shared, None where it may not."""
    rows = () if keyboard is None else keyboard.inline_keyboard
    places = (place_shared(button.callback_data) for row in rows for button in row)
    return next((place for place in places if place is not None), None)


def without_sharing(keyboard: InlineKeyboardMarkup | None) -> InlineKeyboardMarkup | None:
    """The buttons without the one that shares; None where no other is left."""
    rows = () if keyboard is None else keyboard.inline_keyboard
    kept = [[button for button in row if place_shared(button.callback_data) is None] for row in rows]
    return InlineKeyboardMarkup([row for row in kept if row]) if any(kept) else None


def _rows(buttons: list[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    rows: list[list[InlineKeyboardButton]] = []
    used = 0
    for button in buttons:
        used += units(button.text)
        if not rows or len(rows[-1]) == MOST_IN_A_ROW or used > ROW_UNITS:
            rows.append([])
            used = units(button.text)
        rows[-1].append(button)
    return rows
