"""People, roles, channels, moments and links in a text: between two marks no text can hold, until a platform writes them.

A moment stands by the clock of whoever reads it where the platform knows that clock, and in its words elsewhere.
"""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from commands.protocol.reply import Link, Mention, Moment, Shown
from market.observations import SECOND_MS

LONGEST_NUMBER = 20
LONGEST_MOMENT = 40
TELEGRAM_SHOWN: Mapping[Shown, str] = {
    Shown.AGE: "Dt",
    Shown.DAY: "dt",
    Shown.MINUTE: "t",
    Shown.SECOND: "T",
}
"""The formats of a date-time entity (Bot API): D a long date and d a short one, t hours and minutes, T seconds as well.

An age (r) would do for a while only: nobody reads from "2 hours ago" what the hour was.
"""
DISCORD_SHOWN: Mapping[Shown, str] = {Shown.AGE: "R", Shown.DAY: "f", Shown.MINUTE: "t", Shown.SECOND: "T"}
MARK = "\ue000"
"""What each begins with."""
SIGN = re.compile(f"{MARK}([prctu])([0-9a-f]+)\ue001")
"""How one stands in a text, moments and links in hexadecimal; `bot.layout.clean` leaves no such mark in what anybody says."""


def marked_off(part: Mention | Moment | Link) -> str | None:
    """A person, role, channel, moment or link between the marks of SIGN; None for a name that is no number."""
    if isinstance(part, Moment):
        spoken = f"{part.shown.value} {part.at_ms // SECOND_MS} {_words(part)}"
        return f"\ue000t{spoken.encode().hex()}\ue001"
    if isinstance(part, Link):
        return f"\ue000u{part.url.encode().hex()}\ue001"
    number = part.name.rpartition(":")[2]
    is_number = number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER
    return f"\ue000{part.kind[0]}{number}\ue001" if is_number else None


def plain_sign(sign: re.Match[str]) -> str:
    """One in words, where there is no sign for it."""
    kind, number = sign.groups()
    if kind == "t":
        return _moment(number)[2]
    return bytes.fromhex(number).decode() if kind == "u" else number


def telegram_sign(sign: re.Match[str]) -> str:
    """One as Telegram's HTML: a moment with its words inside, for clients that know no such thing."""
    kind, number = sign.groups()
    if kind != "t":
        return html.escape(plain_sign(sign))
    shown, seconds, words = _moment(number)
    return f'<tg-time unix="{seconds}" format="{TELEGRAM_SHOWN[shown]}">{html.escape(words)}</tg-time>'


def discord_sign(sign: re.Match[str]) -> str:
    """One as Discord's markdown."""
    kind, number = sign.groups()
    if kind == "u":
        return f"<{bytes.fromhex(number).decode()}>"
    if kind == "t":
        shown, seconds, _ = _moment(number)
        return f"<t:{seconds}:{DISCORD_SHOWN[shown]}>"
    return {"p": f"<@{number}>", "r": f"<@&{number}>", "c": f"<#{number}>"}[kind]


def _words(moment: Moment) -> str:
    words = " ".join(moment.words.split())[:LONGEST_MOMENT]
    return words or f"{datetime.fromtimestamp(moment.at_ms // SECOND_MS, UTC):%Y-%m-%d %H:%M} UTC"


def _moment(number: str) -> tuple[Shown, str, str]:
    """How a moment is to be shown, its seconds since 1970, and its words."""
    shown, seconds, words = bytes.fromhex(number).decode().split(" ", 2)
    return Shown(shown), seconds, words
