"""Marks of who was forgotten, so that an old backup does not bring them back; a mark itself names nobody.

A mark is an HMAC of a name under a secret that each store makes once and that is kept beside the marks: without the store
nobody can say whose mark one is. A restore into another store brings that one's secret along, so there may be several.
A mark holds of all that is older than it: whoever began anew afterwards is no longer forgotten.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from store import keys
from store.connection import Connection
from store.kept import ADDRESS, CHAT, NAME
from store.registry import entry_of

MARK_BYTES = 16
SECRET_BYTES = 32

_MADE_ONCE = """
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('RPUSH', KEYS[1], ARGV[1]) end
return redis.call('LINDEX', KEYS[1], 0)
"""


@dataclass(frozen=True, slots=True, repr=False)
class Graves:
    """The marks of a store at one moment: when whom it forgot last (UTC ms)."""

    secrets: tuple[bytes, ...]
    marks: Mapping[bytes, int]

    def covers(self, name: str, made_ms: int) -> bool:
        """Whether a person or chat (or the chat of a topic) was forgotten at or after `made_ms`."""
        if not self.marks:
            return False
        marks = (mark_of(secret, one) for secret in self.secrets for one in _names_of(name))
        return any(self.marks.get(mark, -1) >= made_ms for mark in marks)

    def covers_key(self, key: str, made_ms: int) -> bool:
        """Whether a key is of somebody who was forgotten at or after `made_ms`; what it holds is another question."""
        entry = entry_of(key) if self.marks else None
        if entry is None:
            return False
        slots = entry.slots(key) or {}
        names = [slots[slot] for slot in (ADDRESS, NAME) if slot in slots]
        names += [f"telegram:{slots[CHAT]}", f"discord:{slots[CHAT]}"] if CHAT in slots else []
        return any(self.covers(name, made_ms) for name in names)


def mark_of(secret: bytes, name: str) -> bytes:
    """The mark of a name under a store's secret."""
    return hmac.digest(secret, name.encode(), "sha256")[:MARK_BYTES]


async def secret_of(connection: Connection) -> bytes:
    """The secret under which this store makes its marks, made where there is none. Raises StoreUnavailable."""
    async with connection.writing() as redis:
        made = redis.register_script(_MADE_ONCE)
        kept: Any = await made([keys.SECRETS], [secrets.token_bytes(SECRET_BYTES)])
    return bytes(kept)


async def read_graves(connection: Connection) -> Graves:
    """The marks as they are now. Raises StoreUnavailable."""
    async with connection.reading() as redis, redis.pipeline(transaction=True) as together:
        together.lrange(keys.SECRETS, 0, -1)
        together.hgetall(keys.TOMBSTONES)
        known, stored = await together.execute()
    return Graves(tuple(map(bytes, known)), {bytes(mark): int(at_ms) for mark, at_ms in stored.items()})


def marks_of(secret: bytes, names: Iterable[str], at_ms: int) -> dict[bytes, int]:
    """What is written into the store for these names."""
    return {mark_of(secret, name): at_ms for name in names}


def _names_of(name: str) -> tuple[str, ...]:
    """A name, and that of the chat a topic is in."""
    platform, _, rest = name.partition(":")
    chat, colon, _ = rest.partition(":")
    return (name, f"{platform}:{chat}") if colon else (name,)
