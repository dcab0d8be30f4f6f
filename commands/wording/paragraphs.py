"""Sentences as paragraphs: with the moments they name, and folded away where they are what a judgement rests on.

A platform that knows its reader's clock shows moments by it, the others in UTC. A sentence is written with a mark in place
of its moment, by `minute`, `second` or `day`, and made a paragraph by `paragraph_of`.
"""

import re
from collections.abc import Iterator, Sequence

from commands.protocol.reply import Evidence, Moment, Shown, Text, Told
from commands.wording import numbers

_MARK = re.compile("\0(minute|second|day|age)([0-9]{1,15})\0")
"""No sentence of ours holds such a character, and platforms take it out of what others say."""


def minute(at_ms: int) -> str:
    """The mark for a near moment to the minute: "14:00 UTC"."""
    return _mark(Shown.MINUTE, at_ms)


def second(at_ms: int) -> str:
    """The mark for a near moment to the second: "12:04:10 UTC"."""
    return _mark(Shown.SECOND, at_ms)


def day(at_ms: int) -> str:
    """The mark for any moment, with its date: "2024-08-05 12:00 UTC"."""
    return _mark(Shown.AGE, at_ms)


def recent_day(at_ms: int) -> str:
    """The mark for a moment of the last days: "22 Nov 04:10 UTC"."""
    return _mark(Shown.DAY, at_ms)


def paragraph_of(text: str) -> Text | Told:
    """The sentences as a paragraph, with the moments that are marked in them."""
    if "\0" not in text:
        return Text(text)
    return Told(tuple(_parts(text)))


def evidence_of(lines: Sequence[str]) -> tuple[Evidence, ...]:
    """What a judgement rests on as one block, none where there are no lines."""
    return (Evidence(tuple(lines)),) if lines else ()


def _mark(shown: Shown, at_ms: int) -> str:
    return f"\0{shown.value}{at_ms}\0"


def _parts(text: str) -> Iterator[str | Moment]:
    begin = 0
    for mark in _MARK.finditer(text):
        if mark.start() > begin:
            yield text[begin : mark.start()]
        yield _moment(Shown(mark[1]), int(mark[2]))
        begin = mark.end()
    if begin < len(text):
        yield text[begin:]


def _moment(shown: Shown, at_ms: int) -> Moment:
    write = {
        Shown.MINUTE: numbers.hour_and_minute,
        Shown.SECOND: numbers.clock,
        Shown.DAY: lambda then_ms: f"{numbers.day_and_minute(then_ms)} UTC",
        Shown.AGE: numbers.date_and_clock,
    }
    return Moment(at_ms, shown, write[shown](at_ms))
