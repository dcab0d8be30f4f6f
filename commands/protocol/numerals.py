"""Numbers in a line of command: written so that no reader takes them for another one, and read as the reader's style means.

Behind buttons, in links and in `--json` a number is plain: digits, a point for decimals, no thousands. What is typed is turned
into that at the door, so that every reader of words, every question and every button knows one way of writing only. Where
decimals take a comma, "64.210" and "64,210" could each be either number: those are asked back, with both as buttons.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from commands.protocol.request import Misunderstood, said
from commands.protocol.style import ENGLISH, Style
from market.observations import SECOND_MS

GROUP = 3
"""So many digits behind one mark may be thousands as well as decimals."""
MOST_DECIMALS = 8
_MARKS = ".,"

_WRITTEN = re.compile(
    r"(?P<before>(?:[a-z_]{1,20}=)?[+$x-]{0,4})(?P<number>[0-9]{0,12}(?:[.,][0-9]{1,12})+)(?P<after>[a-z$%]{0,12}(?:/8h)?)",
    re.ASCII | re.IGNORECASE,
)


def typed(value: float) -> str:
    """A number as it stands in a line: at most eight decimals, and never three, which could be thousands.

    64210.5 is "64210.5", 5.824 is "5.8240".
    """
    return unmistakable(f"{value:.{MOST_DECIMALS}f}".rstrip("0").rstrip("."))


def typed_moment(at_ms: int) -> str:
    """A moment (UTC ms) as it stands in a line: "2026-11-25T18:00"."""
    return f"{datetime.fromtimestamp(at_ms / SECOND_MS, UTC):%Y-%m-%dT%H:%M}"


def unmistakable(plain: str) -> str:
    """A plain number that reads the same in every style: three decimals get a fourth where they could be thousands."""
    whole, _, decimals = plain.partition(".")
    digits = whole.lstrip("+-")
    return f"{plain}0" if len(decimals) == GROUP and _may_lead(digits) else plain


def in_plain_words(words: Sequence[str], style: Style, name: str) -> list[str]:
    """The words of the command `name` with their numbers plain, as somebody means them who writes in this style.

    Raises Misunderstood for the first one that could be two numbers, with the line of each.
    """
    if style.decimal == ENGLISH.decimal:
        return list(words)
    plain = list(words)
    for place, word in enumerate(words):
        match = _WRITTEN.fullmatch(word)
        numbers = () if match is None else _numbers(match["number"])
        if match is None or not numbers:
            continue  # no number, or one that is badly written: its reader says so
        readings = [f"{match['before']}{number}{match['after']}" for number in numbers]
        if len(readings) > 1:
            lines = [" ".join((f"/{name}", *plain[:place], one, *words[place + 1 :])) for one in readings]
            raise _either(word, lines, [f"{style.number(_short(one))}{match['after']}" for one in numbers])
        plain[place] = readings[0]
    return plain


def _numbers(written: str) -> tuple[str, ...]:
    """The plain numbers that digits with marks can mean, () where they are no number in any style."""
    marks = [sign for sign in written if sign in _MARKS]
    last = marks[-1]
    whole, _, decimals = written.rpartition(last)
    if len(set(marks)) > 1:
        return (f"{_ungrouped(whole)}.{decimals}",) if last not in whole and _is_grouped(whole) else ()
    if len(marks) > 1:
        return (_ungrouped(written),) if _is_grouped(written) else ()
    fraction = f"{whole or '0'}.{decimals}"
    return (whole + decimals, unmistakable(fraction)) if _is_grouped(written) else (fraction,)


def _is_grouped(written: str) -> bool:
    """Whether these digits may be parted into thousands: one to three that begin with no nought, then groups of three."""
    first, *groups = re.split("[.,]", written)
    return _may_lead(first) and all(len(group) == GROUP for group in groups)


def _may_lead(digits: str) -> bool:
    return 1 <= len(digits) <= GROUP and not digits.startswith("0")


def _ungrouped(written: str) -> str:
    return written.replace(",", "").replace(".", "")


def _short(plain: str) -> str:
    """A plain number without the noughts that end its decimals."""
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _either(word: str, lines: Sequence[str], labels: Sequence[str]) -> Misunderstood:
    """The question which of two numbers a word means."""
    thousands, decimals = labels
    return Misunderstood(
        "words.either",
        said=said(word),
        thousands=thousands,
        decimals=decimals,
        offers=lines,
        labels=labels,
    )
