"""Monospaced lines that fit on a phone: 37 columns, cut or wrapped, never longer."""

import re
import unicodedata
from collections.abc import Iterable
from textwrap import wrap

COLUMNS = 37
_UNEVEN = re.compile("[^\x00-\u02ff\u2000-\u22ff\u2c00-\u2e7f]")
"""Where a sign may take two columns, or none; said by the others, which makes an eleventh of the work to compile."""


def width(text: str) -> int:
    """How many columns a text takes: an emoji two, a mark on a letter none."""
    if text.isascii() or not _UNEVEN.search(text):
        return len(text)
    return sum(map(_wide, text))


def cut(text: str, columns: int) -> str:
    """As much of a text as so many columns hold."""
    if text.isascii() or not _UNEVEN.search(text):
        return text[:columns]
    used = 0
    for place, sign in enumerate(text):
        used += _wide(sign)
        if used > columns:
            return text[:place]
    return text


def fit(line: str) -> str:
    """The line, cut with an ellipsis if it is too long."""
    line = line.rstrip()
    columns = len(line) if line.isascii() else width(line)
    return line if columns <= COLUMNS else cut(line, COLUMNS - 1) + "…"


def sides(left: str, right: str) -> str:
    """`left` at the left edge and `right` at the right one; `left` gives way."""
    room = COLUMNS - len(right) - 1
    kept = left if len(left) <= room else left[: max(0, room - 1)] + "…"
    return fit(f"{kept:<{max(0, room)}} {right}")


def folded(text: str, indent: str = "") -> tuple[str, ...]:
    """A sentence over as many lines as it takes, the second and later ones indented."""
    return tuple(wrap(text, COLUMNS, subsequent_indent=indent)) or ("",)


def first_that_fits(*lines: str) -> str:
    """The first of some wordings, from full to terse, that is short enough; else the last one, cut."""
    return first_of(lines)


def first_of(lines: Iterable[str]) -> str:
    """The same of wordings of which each is made only where none before it fits; there has to be one."""
    line = ""
    for line in lines:
        if len(line) <= COLUMNS:
            return line
    return fit(line)


def _wide(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1
