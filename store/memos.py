"""Short texts kept under a name for a time: what is too long for a button, and where something was posted a moment ago."""

from functools import partial
from typing import Any

from store import keys
from store.connection import Connection

_CLAIM = """
local kept = redis.call('GET', KEYS[1])
if not kept then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
return kept
"""
"""SET with NX and GET at once came with Redis 7; this is of every version."""


class StoredMemos:
    """Implements `store.services.Memos`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, name: str, text: str, lasts_s: int) -> None:
        """Keep a text for so many seconds, in place of what was kept under its name."""
        async with self._connection.writing((keys.memo(name),)) as redis:
            await redis.set(keys.memo(name), text, ex=lasts_s)

    async def claim(self, name: str, text: str, lasts_s: int) -> str | None:
        """Keep a text for so many seconds where none is kept, and give None; else the text that is kept and stays.

        Of several that claim a name at once, exactly one is given None.
        """
        async with self._connection.writing((keys.memo(name),)) as redis:
            kept: Any = await redis.register_script(_CLAIM)([keys.memo(name)], [text, lasts_s])
        return kept.decode() if isinstance(kept, bytes) else kept

    async def read(self, name: str) -> str | None:
        """The text, None where none is kept or its time is over."""
        return await self._connection.memory.of(keys.memo(name), "", partial(self._read, name))

    async def _read(self, name: str) -> str | None:
        async with self._connection.reading() as redis:
            kept = await redis.get(keys.memo(name))
        return kept.decode() if isinstance(kept, bytes) else kept
