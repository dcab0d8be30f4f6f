"""How a language writes numbers and days: its marks, the order of a date, the names of months.

Hundreds of functions write numbers and none of them is told a language: the style holds for whatever is worded inside
`written_in`, as the language of an answer does (docs/decisions/0021). Outside of it everything is written in English.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HELD = "\0"
"""Stands for the one mark while the other is exchanged; no number holds it."""


@dataclass(frozen=True, slots=True)
class Style:
    """The marks of a number, and a date with `{year}`, `{month}`, `{day}` and `{name}` of the month filled in.

    `date` is a day of any year, `day` one of the last days in at most six columns, `tick` one below a picture, `year_month` a
    month there. `daily` says of an age that the value comes once a day. `leading_zero`: a number below one never begins with its mark.
    """

    decimal: str = "."
    thousands: str = ","
    date: str = "{year}-{month}-{day}"
    day: str = "{day} {name}"
    tick: str = "{month}-{day}"
    year_month: str = "{year}-{month}"
    months: tuple[str, ...] = _MONTHS
    daily: str = "daily"
    leading_zero: bool = False

    def number(self, plain: str) -> str:
        """A number, or words with some, written with a point for decimals and commas for thousands, in this style."""
        if self.decimal == "." and self.thousands == ",":
            return plain
        return plain.replace(",", _HELD).replace(".", self.decimal).replace(_HELD, self.thousands)

    def dated(self, pattern: str, at: datetime) -> str:
        """A date by one of the patterns."""
        name = self.months[at.month - 1]
        return pattern.format(year=f"{at:%Y}", month=f"{at:%m}", day=f"{at:%d}", name=name)


ENGLISH = Style()
_style: ContextVar[Style] = ContextVar("style", default=ENGLISH)


style: Callable[[], Style] = _style.get
"""The style that holds here."""


def write_in(chosen: Style) -> None:
    """What is worded from here on is written in this style, to the end of the `written_in` around it."""
    _style.set(chosen)


@contextmanager
def written_in(chosen: Style) -> Iterator[None]:
    """Everything worded inside is written in this style."""
    before = _style.set(chosen)
    try:
        yield
    finally:
        _style.reset(before)
