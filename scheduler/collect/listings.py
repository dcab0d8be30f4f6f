"""Which contracts each venue lists, learned from the venue itself and kept up to date while streams and polls use them."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from market.observations import Asset, Venue
from scheduler.clock import Clock
from scheduler.exchange import Asked, Exchange, Instrument, Instruments, completed
from scheduler.fetch import Fetcher, SourceFailed

LEARNS_AGAIN_AFTER_S = 300.0
"""A venue that has told only a part of its contracts is asked again so soon, one that has told none at each poll."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """What a venue says otherwise of an asset's contract than before: None where it is not listed, then or now.

    `is_news` is False of what it says for the first time.
    """

    venue: Venue
    asset: Asset
    was: Instrument | None
    now: Instrument | None
    is_news: bool


@dataclass(slots=True)
class _Listing:
    """One venue's contracts. `view` is what readers hold: it shows what is learned later, too."""

    exchange: Exchange
    by_symbol: dict[str, Instrument] = field(default_factory=dict)
    by_asset: dict[Asset, Instrument] = field(default_factory=dict)
    view: Instruments = field(default_factory=dict)
    is_whole: bool = False
    tried_at_s: float | None = None

    def __post_init__(self) -> None:
        self.view = MappingProxyType(self.by_symbol)


class Listings:
    """The contracts of all venues as last told. What cannot be learned keeps what was known."""

    def __init__(self, exchanges: Sequence[Exchange], fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._of = {exchange.venue: _Listing(exchange) for exchange in exchanges}

    def instruments(self, venue: Venue) -> Instruments:
        """All contracts of a venue by its own symbols; a view that follows what is learned. KeyError of no such venue."""
        return self._of[venue].view

    def watched(self, venue: Venue, assets: Iterable[Asset]) -> tuple[Instrument, ...]:
        """The venue's contracts on these assets, in their order; none for those it does not list."""
        listed = self._of[venue].by_asset
        return tuple(listed[asset] for asset in assets if asset in listed)

    def venues_of(self, asset: Asset) -> tuple[Venue, ...]:
        """The venues that list an asset, as far as is known."""
        return tuple(venue for venue, listing in self._of.items() if asset in listing.by_asset)

    def assets(self) -> tuple[Asset, ...]:
        """Every asset that a venue lists, sorted; () before anything is known."""
        return tuple(sorted({asset for listing in self._of.values() for asset in listing.by_asset}))

    async def learn(self) -> tuple[Change, ...]:
        """Ask every venue for its contracts, all at once; what has changed. Raises nothing but cancellation."""
        told = await asyncio.gather(*(self._learn(listing) for listing in self._of.values()))
        return tuple(change for changes in told for change in changes)

    async def complete(self, venue: Venue) -> tuple[Change, ...]:
        """Ask a venue whose contracts are not, or not all, known, unless it was just asked; what has changed."""
        listing = self._of[venue]
        is_early = (
            listing.tried_at_s is not None
            and self._clock.monotonic_s() - listing.tried_at_s < LEARNS_AGAIN_AFTER_S
        )
        if listing.is_whole or (listing.by_symbol and is_early):
            return ()
        return await self._learn(listing)

    async def _learn(self, listing: _Listing) -> tuple[Change, ...]:
        listing.tried_at_s = self._clock.monotonic_s()
        told, is_whole = await self._ask(listing.exchange)
        if not is_whole:
            told = _with_what_was_known(told, listing.by_symbol)
        listing.is_whole = is_whole or listing.is_whole
        return _take_over(listing, told)

    async def _ask(self, exchange: Exchange) -> tuple[dict[str, Instrument], bool]:
        """What the venue's questions gave, each told what the ones before gave; and whether all were answered."""
        told: dict[str, Instrument] = {}
        is_whole = True
        for ask in exchange.instruments():
            try:
                async for page in self._fetcher.pages(ask, Asked(self._clock.now_ms(), dict(told))):
                    told |= {one.symbol: one for one in page}
            except SourceFailed:  # the fetcher has told of it, and the venue's status says so
                is_whole = False
            except Exception:  # noqa: BLE001  a slip of ours in one reader must not stop the other venues
                _log.exception("a slip of ours in what %s lists", exchange.venue)
                is_whole = False
        return told, is_whole and bool(told)  # that nothing at all is listed is no answer


def _with_what_was_known(
    told: Mapping[str, Instrument], known: Mapping[str, Instrument]
) -> dict[str, Instrument]:
    """Of an answer in part: contracts, and what of them is asked apart, that were known and are not told now stay as they were."""
    return {**known, **{symbol: completed(one, known.get(symbol)) for symbol, one in told.items()}}


def _take_over(listing: _Listing, told: Mapping[str, Instrument]) -> tuple[Change, ...]:
    was, is_news = dict(listing.by_asset), bool(listing.by_symbol)
    listing.by_symbol.clear()
    listing.by_symbol.update(told)
    listing.by_asset.clear()
    for one in told.values():
        listing.by_asset.setdefault(one.asset, one)
    now = listing.by_asset
    return tuple(
        Change(listing.exchange.venue, asset, was.get(asset), now.get(asset), is_news)
        for asset in sorted(was.keys() | now.keys())
        if was.get(asset) != now.get(asset)
    )
