"""The words of plans: what is done with one, its short name, the line and the time at which its thesis is over.

As with all words, a reader gives None for a word that is not its kind and raises Misunderstood for one that is but cannot
be. A line and a time are read only behind their names: "line=60000 until=3d".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from commands.protocol.position_words import never
from commands.protocol.request import Misunderstood, said
from commands.protocol.words import Lexicon, Word, read_asset, read_hold, read_price_named
from market.observations import DAY_MS, HOUR_MS

LONGEST_UNTIL_MS = 366 * DAY_MS

_PLAN_ID = re.compile(r"#?(p[0-9a-f]{3,8})", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}Z?)?", re.ASCII)


class Doing(StrEnum):
    """What is done with plans that are there."""

    LIST = "list"
    SHOW = "show"
    ADD = "add"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Until:
    """A moment as it was said: a day and time (UTC ms), or so long from now (ms)."""

    at_ms: int | None = None
    in_ms: int | None = None

    def moment_ms(self, now_ms: int) -> int:
        """The moment, UTC ms. Raises Misunderstood where it is over, or more than a year away."""
        moment_ms = now_ms + (self.in_ms or 0) if self.at_ms is None else self.at_ms
        if not now_ms < moment_ms <= now_ms + LONGEST_UNTIL_MS:
            raise Misunderstood("plan.until_range", field="until")
        return moment_ms


def read_doing(word: str, lexicon: Lexicon) -> Doing | None:
    """List, show, add or close."""
    lower = word.lower()
    return Doing(lower) if lower in set(Doing) else None


def read_plan_id(word: str, lexicon: Lexicon) -> str | None:
    """The short name of a plan ("p7f2", "#p7f2"); a watched asset of that name is meant instead."""
    match = _PLAN_ID.fullmatch(word.lower())
    is_asset = bool(lexicon.assets) and read_asset(word, lexicon) is not None
    return None if match is None or is_asset else match[1]


def read_plan_id_named(word: str, lexicon: Lexicon) -> str | None:
    """The same, whatever assets are called."""
    match = _PLAN_ID.fullmatch(word.lower())
    return None if match is None else match[1]


def read_line(word: str, lexicon: Lexicon) -> float | None:
    """A price in dollars whose meaning has been said."""
    return read_price_named(word, lexicon)


def read_until(word: str, lexicon: Lexicon) -> Until | None:
    """A day ("2026-11-25", "2026-11-25T18:00", UTC), or a time from now ("3d", "12h", at most 30 days)."""
    upper = word.upper()
    if not _DAY.fullmatch(upper):
        hours = read_hold(word, lexicon)
        return None if hours is None else Until(in_ms=round(hours * HOUR_MS))
    try:
        day = datetime.fromisoformat(upper.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise Misunderstood("words.no_day", said=said(word)) from None
    return Until(at_ms=round(day.timestamp() * 1_000))


DOING = Word("plan_doing", 5, "list", read_doing, read_doing, choices=tuple(doing.value for doing in Doing))
PLAN_ID = Word("plan_id", 20, "p7f2", read_plan_id, read_plan_id_named)
LINE = Word("line", 92, "line=60000", never, read_line)
UNTIL = Word("until", 93, "until=3d", never, read_until)

DoingWord = Annotated[Doing, DOING]
PlanIdWord = Annotated[str, PLAN_ID]
LineWord = Annotated[float, LINE]
UntilWord = Annotated[Until, UNTIL]
