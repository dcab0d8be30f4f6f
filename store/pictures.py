"""Pictures as they were drawn, kept for as long as their bar lasts: what was drawn for one is there for all who ask."""

from store import keys
from store.connection import Connection

LARGEST_BYTES = 1_000_000
"""Ten times a usual picture; one that is larger is drawn again."""


class StoredPictures:
    """Implements `store.services.Pictures`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, key: str, png: bytes, lasts_s: int) -> None:
        """Keep a picture for so many seconds, in place of what was kept under its key."""
        if len(png) <= LARGEST_BYTES:
            async with self._connection.writing() as redis:
                await redis.set(keys.picture(key), png, ex=lasts_s)

    async def read(self, key: str) -> bytes | None:
        """The picture, None where none is kept or its time is over."""
        async with self._connection.reading() as redis:
            kept = await redis.get(keys.picture(key))
        return kept.encode() if isinstance(kept, str) else kept
