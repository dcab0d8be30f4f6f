"""The live message of each chat: one a wave of selling, edited while nothing escalates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from market.alerts import Alert
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection


@dataclass(frozen=True, slots=True)
class Wave:
    """What a chat was told of the warnings that stand, and where.

    `message` is the platform's reference of the live message, `alerts` the newest of each warning by "kind:asset",
    `loudness` how loud it has been, `sent` its new messages; `opened_ms`, `told_ms` (the last new message) and
    `edited_ms` are UTC milliseconds. `held` are transitions that were not told because the chat was muted or quiet,
    `past` the names of those that were too old when they could be told: they are not said to stand. `sent_today` counts
    new messages on `day`, a local date such as "2026-11-22". `thread` is the address of the thread below the live message,
    None where there is none; `is_pinged`: this wave has mentioned the chat's role.
    """

    address: str
    message: str | None = None
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    loudness: int = 0
    opened_ms: int = 0
    told_ms: int = 0
    edited_ms: int = 0
    held: Mapping[str, Alert] = field(default_factory=dict)
    past: tuple[str, ...] = ()
    day: str = ""
    sent_today: int = 0
    sent: int = 0
    thread: str | None = None
    is_pinged: bool = False


WAVE = Kind("wave", 1, Wave)


def packed_wave(wave: Wave) -> bytes:
    """A wave as `Outbox.commit` keeps it, together with the row that changed it."""
    return encode(WAVE, wave)


class StoredWaves:
    """The waves of all chats; they are written by `Outbox.commit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, address: str) -> Wave:
        """The wave of a chat; an empty one where nothing was told."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.get(keys.wave(address))
        return decode(WAVE, stored) or Wave(address)
