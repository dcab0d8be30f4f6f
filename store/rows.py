"""What is to be delivered, as it is kept: a row, in whose hands it is, and what became of it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from store import keys
from store.chats import Chat, platform_of
from store.codec import Kind, Unreadable, decode, encode
from store.waves import Wave

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One chat to be told of some alerts of a batch (`facts` are their numbers).

    `priority` 0 is critical, 1 warning, 2 the rest. `not_after_ms` is when the news is none any more (UTC ms). `copies` is
    how often its sending began before without a known end, for the first time at `begun_ms` (0: never); from 1 on it is
    marked as a repeat. `language` is the one to tell it in where its chat has none.
    """

    key: str
    address: str
    batch: str
    facts: tuple[int, ...]
    priority: int
    at_ms: int
    not_after_ms: int
    copies: int = 0
    begun_ms: int = 0
    language: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in the hands of a worker, and where it lies."""

    row: Row
    stream: str
    entry: str

    def at(self, address: str) -> "Claimed":
        """The same row, for where its chat is by now."""
        return self if address == self.row.address else replace(self, row=replace(self.row, address=address))


@dataclass(frozen=True, slots=True)
class Begun:
    """How often the sending of a row began before without a known end, and how long ago first (ms)."""

    times: int
    ago_ms: int


@dataclass(frozen=True, slots=True)
class Wait:
    """How long until it may be a row's turn (s), and how much of that is its chat's own: others may go first."""

    wait_s: float
    own_s: float


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that was given up, when (UTC ms), and why."""

    row: Row
    at_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A chat at a moment: where it is, what it wants (None: it is not known), what it was told, and a mark of the latter."""

    address: str
    chat: Chat | None
    wave: Wave
    mark: str


class Overtaken(Exception):
    """Another worker has written to the chat since it was looked at, or is about to: look again."""


ROW = Kind("outbox row", 1, Row, rebuildable=False)
DEAD = Kind("dead row", 1, Dead, rebuildable=False)


def stream_of(row: Row) -> str:
    """Where a row waits."""
    return keys.outbox(platform_of(row.address), row.priority)


def packed(row: Row) -> tuple[str, bytes]:
    """A row as `Bulletins.fan_out` takes it: its stream and its bytes."""
    return stream_of(row), encode(ROW, row)


def readable_dead(blobs: Iterable[bytes]) -> list[Dead]:
    """The dead rows in these bytes; one that a newer version wrote is left to it."""
    found = []
    for blob in blobs:
        try:
            dead = decode(DEAD, blob)
        except Unreadable as failure:
            _log.error("%s It is left among the dead.", failure)
            continue
        if dead is not None:
            found.append(dead)
    return found


def claimed_in(found: Sequence[tuple[bytes, bytes, bytes]]) -> tuple[Claimed, ...]:
    """The rows of a script's answer; one that a newer version wrote stays where it is, for that version."""
    claimed = []
    for stream, entry, blob in found:
        try:
            row = decode(ROW, blob)
        except Unreadable as failure:
            _log.error("%s It is left in the outbox.", failure)
            continue
        if row is not None:
            claimed.append(Claimed(row, stream.decode(), entry.decode()))
    return tuple(claimed)
