"""The simulated past as a Seawall would have recorded it that had listened to the simulated exchanges all along."""

from collections.abc import Iterator

from msgspec.structs import replace

from market.observations import Book, Candle, Depth, Liquidations, Observation, Venue
from scheduler.simulator.market import SimulatedMarket, Step
from scheduler.simulator.server.venue import STANDINGS

PRICED = Venue.BINANCE
"""Whose bars condensing takes first: price and volume are one venue's, not the market's."""
SILENT = Venue.HYPERLIQUID
"""Tells of no liquidations."""


def recorded(market: SimulatedMarket) -> Iterator[Step]:
    """What was known before day one, hour by hour: bars of one venue, books of each, liquidations of those that tell."""
    for at_ms, asset, said in market.past():
        yield at_ms, asset, tuple(_as_told(one) for one in said)


def _as_told(said: Observation) -> Observation:
    if isinstance(said, Candle):
        return _of_one_venue(said)
    if isinstance(said, Liquidations):
        share = 1.0 - STANDINGS[SILENT].share
        return replace(said, long_coins=said.long_coins * share, short_coins=said.short_coins * share)
    if isinstance(said, Depth):
        shares = {venue: standing.share for venue, standing in STANDINGS.items()}
        books = [Book(venue, said.bid_usd * share, said.ask_usd * share) for venue, share in shares.items()]
        return replace(said, books=tuple(books))
    return said


def _of_one_venue(bar: Candle) -> Candle:
    share, volumes = STANDINGS[PRICED].share, (bar.volume_coins, bar.volume_usd)
    coins, usd = (None if volume is None else volume * share for volume in volumes)
    return replace(bar, volume_coins=coins, volume_usd=usd)
