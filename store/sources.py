"""How the venues stand, and how far each asset's past has been read: told by the live market, read by the commands."""

from collections.abc import Iterable

from market.observations import Asset
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection
from store.services import PastReport, SourceReport

REPORTS = Kind("reports of the venues", 1, tuple[SourceReport, ...])
PAST = Kind("report of a past", 1, PastReport)


class StoredSources:
    """Implements `store.services.Sources`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def reports(self) -> tuple[SourceReport, ...]:
        """How each venue stands, as last told; () before the first word of it."""
        async with self._connection.reading() as redis:
            return decode(REPORTS, await redis.get(keys.SOURCES)) or ()

    async def pasts(self) -> tuple[PastReport, ...]:
        """The assets whose past is still being read, or was read with something missing; by name."""
        async with self._connection.reading() as redis:
            stored = await redis.hvals(keys.PASTS)
        found = (decode(PAST, blob) for blob in stored)
        return tuple(sorted((past for past in found if past is not None), key=lambda past: past.asset))

    async def save_reports(self, reports: Iterable[SourceReport]) -> None:
        """Keep how the venues stand."""
        async with self._connection.writing() as redis:
            await redis.set(keys.SOURCES, encode(REPORTS, tuple(reports)))

    async def save_past(self, past: PastReport) -> None:
        """Keep how far a past has been read; one that was read with nothing missing is no news any more."""
        if past.share >= 1.0 and not past.missing:
            await self.forget_past(past.asset)
            return
        async with self._connection.writing() as redis:
            await redis.hset(keys.PASTS, past.asset, encode(PAST, past))

    async def forget_past(self, asset: Asset) -> None:
        """Drop what was told of an asset's past."""
        async with self._connection.writing() as redis:
            await redis.hdel(keys.PASTS, asset)
