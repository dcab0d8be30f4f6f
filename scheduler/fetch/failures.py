"""Failures of a source: what went wrong, and what kind of wrong it is."""

from enum import StrEnum

from market.observations import Venue
from scheduler.exchange import Kind

LONGEST_WHY = 200


class Failure(StrEnum):
    """What went wrong with one question."""

    PAUSED = "paused"
    NO_TURN = "no turn in its budget"
    UNREACHABLE = "unreachable"
    CUT_OFF = "cut off"
    TOO_SLOW = "too slow"
    TOO_LARGE = "too large"
    TROUBLED = "troubled"
    NOT_DATA = "not data"
    SLOW_DOWN = "slow down"
    BANNED = "banned"
    GEO_BLOCKED = "geo-blocked"
    REFUSED = "refused"
    MISREAD = "misread"


PASSING = frozenset({Failure.UNREACHABLE, Failure.CUT_OFF, Failure.TROUBLED, Failure.NOT_DATA})
"""May be over in a second: worth another try."""

OF_THE_VENUE = PASSING | {Failure.TOO_SLOW, Failure.TOO_LARGE}
"""Say that the venue is in trouble, so they count towards leaving it alone."""

TOLD_TO_WAIT = frozenset({Failure.SLOW_DOWN, Failure.BANNED, Failure.GEO_BLOCKED})
"""The venue does not want to be asked for a while."""

OF_THE_QUESTION = frozenset({Failure.REFUSED, Failure.MISREAD})
"""The venue is well and answers; this one answer cannot be used."""


class SourceFailed(Exception):
    """A question has no usable answer; nothing of it has been taken over.

    `kind` is what was asked for, `why` a sentence without addresses or secrets, `failure` its kind, `wait_s` after how
    many seconds it makes sense to ask again (None: at the next cycle).
    """

    def __init__(
        self, venue: Venue, kind: Kind, why: str, failure: Failure, wait_s: float | None = None
    ) -> None:
        self.venue, self.kind, self.failure, self.wait_s = venue, kind, failure, wait_s
        self.why = plain(why)
        super().__init__(f"{venue} {kind}: {self.why}")


def plain(text: str) -> str:
    """A foreign text as one short line of printable characters, fit for a log and a chat."""
    line = " ".join(text[: 4 * LONGEST_WHY].split())
    return "".join(letter for letter in line if letter.isprintable())[:LONGEST_WHY]
