"""Until when the market was last seen, and the times at which it was not: kept for whoever has to be told."""

from typing import Any

from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection
from store.services import Blinded, Spell

__all__ = ["SPELL", "Blinded", "Sight", "Spell"]

SPELLS_KEPT = 20


SPELL = Kind("time of blindness", 1, Spell)


class Sight:
    """What is kept of seeing and not seeing. Every method raises StoreUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def seen_ms(self) -> int:
        """Until when the market was last seen (UTC ms), 0 for never."""
        async with self._connection.reading() as redis:
            return int(await redis.get(keys.SIGHT) or 0)

    async def keep_seen(self, seen_ms: int, spell: Spell | None = None) -> None:
        """The market is seen; `spell` is how long it was not, until now. Repeating it may keep a spell twice."""
        async with self._connection.writing() as redis, redis.pipeline(transaction=True) as together:
            together.set(keys.SIGHT, seen_ms)
            if spell is not None:
                together.lpush(keys.SPELLS, encode(SPELL, spell))
                together.ltrim(keys.SPELLS, 0, SPELLS_KEPT - 1)
            await together.execute()

    async def spells(self) -> tuple[Spell, ...]:
        """The times of blindness, the newest first; one that was kept twice is given once."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.lrange(keys.SPELLS, 0, -1)
        found = (decode(SPELL, blob) for blob in stored)
        return tuple(dict.fromkeys(spell for spell in found if spell is not None))
