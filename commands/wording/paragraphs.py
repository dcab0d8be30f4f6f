"""Sentences as paragraphs: with the moments they name, and folded away where they are what a judgement rests on.

A platform that knows its reader's clock shows moments by it, the others in UTC. A sentence is written with a mark in place
of its moment, by `second`, `date` and their like, and made a paragraph by `paragraph_of`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from commands.protocol.reply import Evidence, Moment, Shown, Text, Told
from commands.wording import numbers

_SHOWN: Mapping[str, tuple[Shown, Callable[[int], str]]] = {
    "minute": (Shown.MINUTE, numbers.hour_and_minute),
    "second": (Shown.SECOND, numbers.clock),
    "date": (Shown.DAY, numbers.date_and_clock),
    "recent": (Shown.DAY, lambda at_ms: f"{numbers.day_and_minute(at_ms)} UTC"),
    "age": (Shown.AGE, numbers.date_and_clock),
}
"""How each mark is shown, and its words."""
_MARK = re.compile(f"\0({'|'.join(_SHOWN)})([0-9]{{1,15}})\0")
"""No sentence of ours holds such a character, and platforms take it out of what others say."""


def minute(at_ms: int) -> str:
    """The mark for a near moment to the minute: "14:00 UTC"."""
    return f"\0minute{at_ms}\0"


def second(at_ms: int) -> str:
    """The mark for a near moment to the second: "12:04:10 UTC"."""
    return f"\0second{at_ms}\0"


def recent(at_ms: int) -> str:
    """The mark for a moment of the last days: "22 Nov 04:10 UTC"."""
    return f"\0recent{at_ms}\0"


def date(at_ms: int) -> str:
    """The mark for any moment: "2024-08-05 12:00 UTC"."""
    return f"\0date{at_ms}\0"


def age(at_ms: int) -> str:
    """The same, of which it matters how long ago it was: platforms that can count on by themselves show that."""
    return f"\0age{at_ms}\0"


def paragraph_of(text: str) -> Text | Told:
    """The sentences as a paragraph, with the moments that are marked in them."""
    if "\0" not in text:
        return Text(text)
    return Told(tuple(_parts(text)))


def evidence_of(lines: Sequence[str]) -> tuple[Evidence, ...]:
    """What a judgement rests on as one block, none where there are no lines."""
    return (Evidence(tuple(lines)),) if lines else ()


def _parts(text: str) -> Iterator[str | Moment]:
    begin = 0
    for mark in _MARK.finditer(text):
        if mark.start() > begin:
            yield text[begin : mark.start()]
        yield _moment(mark[1], int(mark[2]))
        begin = mark.end()
    if begin < len(text):
        yield text[begin:]


def _moment(mark: str, at_ms: int) -> Moment:
    shown, words = _SHOWN[mark]
    return Moment(at_ms, shown, words(at_ms))
