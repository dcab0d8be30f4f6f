"""The words of messages that were given up: which of them, and that they are to be tried once more."""

import re
from enum import StrEnum
from typing import Annotated

from commands.protocol.words import Lexicon, Word

ALL = "all"
"""Stands for every message that was given up."""

_NAME = re.compile(r"#?([0-9a-f]{8})", re.ASCII)


class Trying(StrEnum):
    """What is done with them."""

    REQUEUE = "requeue"


def read_trying(word: str, lexicon: Lexicon) -> Trying | None:
    """Requeue."""
    return Trying.REQUEUE if word.lower() == Trying.REQUEUE else None


def read_message(word: str, lexicon: Lexicon) -> str | None:
    """The short name of a message ("7c1f09ab"), or ALL."""
    lower = word.lower()
    match = _NAME.fullmatch(lower)
    return ALL if lower == ALL else match and match[1]


TRYING = Word(
    "trying", 5, "requeue", read_trying, read_trying, choices=tuple(trying.value for trying in Trying)
)
MESSAGE = Word("message", 20, "7c1f09ab", read_message, read_message, offers=(ALL,))

TryingWord = Annotated[Trying, TRYING]
MessageWord = Annotated[str, MESSAGE]
