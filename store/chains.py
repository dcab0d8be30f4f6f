"""The newest option chain of each asset, as the live market heard it: written once a changed chain, read when somebody asks."""

import zlib

from market.observations import Asset, OptionQuote, Venue
from market.options import Chain
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection

LASTS_S = 86_400
"""A chain is too old to be used after a quarter of an hour; what is a day old is of use to nobody."""

FASTEST = 1
"""How hard a chain is pressed: a third of its size in a millisecond or two."""

_Known = float | None
_Row = tuple[int, int, float, bool, float, bool, _Known, _Known, _Known, _Known, _Known, _Known]
_Rows = tuple[Asset, Venue, int, tuple[int, ...], tuple[_Row, ...]]

CHAIN: Kind[_Rows] = Kind("option chain", 1, _Rows)  # type: ignore[arg-type]  # a tuple of types is a type to msgspec


class StoredChains:
    """Implements `store.services.Chains`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, asset: Asset) -> Chain | None:
        """The newest chain of `asset`, None where none is kept."""
        async with self._connection.reading() as redis:
            stored = await redis.get(keys.chain(asset))
        return _unpacked(stored) if isinstance(stored, bytes) else None

    async def save(self, chain: Chain) -> None:
        """Keep a chain as the newest of its asset, for a day."""
        packed = zlib.compress(encode(CHAIN, _rows_of(chain)), FASTEST)
        async with self._connection.writing() as redis:
            await redis.set(keys.chain(chain.asset), packed, ex=LASTS_S)


def _rows_of(chain: Chain) -> _Rows:
    """The chain without the names of its fields, and without what all its quotes share."""
    rows = tuple(
        (
            quote.known_at_ms,
            quote.expires_at_ms,
            quote.strike_usd,
            quote.is_call,
            quote.forward_usd,
            quote.is_inverse,
            quote.mark_iv,
            quote.mark_price,
            quote.bid_price,
            quote.ask_price,
            quote.open_interest_coins,
            quote.volume_coins,
        )
        for quote in chain.quotes
    )
    return chain.asset, chain.venue, chain.as_of_ms, chain.stale, rows


def _unpacked(stored: bytes) -> Chain | None:
    try:
        rows = decode(CHAIN, zlib.decompress(stored))
    except zlib.error:
        return None
    if rows is None:
        return None
    asset, venue, as_of_ms, stale, told = rows
    return Chain(asset, venue, as_of_ms, tuple(OptionQuote(venue, asset, *row) for row in told), stale)
