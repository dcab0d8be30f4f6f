"""The maintenance brackets of each venue as it last told them; those of a venue that does not are bundled, with their date."""

from collections.abc import Iterable, Mapping
from functools import partial

from market.margin import Tiers, bundled_tiers
from market.observations import Asset, Venue
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection

TIERS = Kind("tiers", 1, Tiers)

IN_TURN = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.HYPERLIQUID)
"""Whose brackets hold where no venue is named: of the first that has any."""


def bundled_at(asset: Asset, venue: Venue) -> Tiers | None:
    """The bundled brackets of an asset at a venue: Binance's, whose own answer needs a key."""
    return bundled_tiers().get(asset) if venue is Venue.BINANCE else None


class StoredTiers:
    """Implements `store.services.MarginTiers`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, asset: Asset, venue: Venue | None = None) -> Tiers | None:
        """The brackets of an asset at a venue, as it last told them, else bundled; None where they are not known.

        Without a venue those of the first that has any, in the order of `IN_TURN`.
        """
        field = f"{asset} {'' if venue is None else venue}"
        return await self._connection.memory.of(keys.TIERS, field, partial(self._of, asset, venue))

    async def _of(self, asset: Asset, venue: Venue | None) -> Tiers | None:
        venues = IN_TURN if venue is None else (venue,)
        async with self._connection.reading() as redis:
            stored = await redis.hmget(keys.TIERS, [_field(asset, one) for one in venues])
        for one, blob in zip(venues, stored, strict=True):
            tiers = decode(TIERS, blob) or bundled_at(asset, one)
            if tiers is not None:
                return tiers
        return None

    async def dates(self, venue: Venue, assets: Iterable[Asset]) -> Mapping[Asset, str]:
        """The day (ISO date) from which the kept brackets of each of these assets at a venue are; none where none are kept."""
        fields = [_field(asset, venue) for asset in assets]
        if not fields:
            return {}
        async with self._connection.reading() as redis:
            stored = await redis.hmget(keys.TIERS, fields)
        kept = (decode(TIERS, blob) for blob in stored)
        return {tiers.asset: tiers.published_on for tiers in kept if tiers is not None}

    async def save(self, told: Iterable[Tiers]) -> None:
        """Keep what venues tell in place of what they told before; what is not among it stays, with its date."""
        fields = [part for one in told for part in (_field(one.asset, one.venue), encode(TIERS, one))]
        if fields:
            async with self._connection.writing((keys.TIERS,)) as redis:
                await redis.hset(keys.TIERS, items=fields)


def _field(asset: Asset, venue: Venue) -> str:
    return f"{venue}:{asset}"
