"""The collector: asks and listens to all venues for the watched assets, and condenses what they say."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import NoReturn

from market.across import AtVenue
from market.findings import Finding, Found
from market.margin import Tiers
from market.observations import Asset, Mark, Observation, OpenInterest, Venue
from scheduler.clock import Clock
from scheduler.collect.brackets import ask_brackets
from scheduler.collect.due import Reports
from scheduler.collect.ears import Ears
from scheduler.collect.gaps import Filler
from scheduler.collect.inbox import Inbox
from scheduler.collect.listings import Change, Listings
from scheduler.collect.past import Heard, Past, gather_past
from scheduler.collect.poller import Poller
from scheduler.collect.reports import report
from scheduler.condense import Condenser, CondenserState
from scheduler.exchange import Exchange, Instrument, Kind, Report, Told
from scheduler.fetch import Fetcher
from scheduler.streams import Wires
from store.services import SourceReport

NOW = frozenset({Kind.MARK, Kind.OPEN_INTEREST, Kind.FUNDING})
"""Kinds of the questions that a venue answers for all its contracts at once."""

_log = logging.getLogger(__name__)


class Collector:
    """Asks and listens to all venues for the begun assets, and condenses what they say, an asset each by itself.

    `listings` is what the venues list. Nothing here raises for what a venue does: `reports` says how they stand.
    """

    def __init__(self, exchanges: Sequence[Exchange], fetcher: Fetcher, wires: Wires, clock: Clock) -> None:
        self.venues: tuple[Venue, ...] = tuple(exchange.venue for exchange in exchanges)
        self.listings = Listings(exchanges, fetcher, clock)
        self._exchanges = {exchange.venue: exchange for exchange in exchanges}
        self._fetcher, self._clock = fetcher, clock
        self._inbox = Inbox()
        self._poller = Poller(self._exchanges, self.listings, self._inbox, fetcher, clock)
        filler = Filler(self._exchanges, self.listings, self._inbox, self._poller, clock)
        self._ears = Ears(self._exchanges, self.listings, self._inbox, filler, wires, self._watched)

    async def learn(self) -> None:
        """Ask every venue what it lists; streams and polls follow what has changed. What fails keeps what was known."""
        self._follow(await self.listings.learn())

    async def largest(self, count: int) -> tuple[Asset, ...]:
        """The assets with the most open interest in US dollars, summed over the venues that tell it of all at once."""
        told = await asyncio.gather(*(self._everything(venue) for venue in self.venues))
        usd: dict[Asset, float] = {}
        for reports in told:
            for asset, opened_usd in _opened_usd(reports).items():
                usd[asset] = usd.get(asset, 0.0) + opened_usd
        return tuple(sorted(usd, key=lambda asset: (-usd[asset], asset))[:count])

    async def past(
        self,
        asset: Asset,
        since_ms: int,
        own: Iterable[Heard] = (),
        on_progress: Callable[[float], None] | None = None,
    ) -> Past:
        """The asset's past until now, asked of all venues that list it. Raises nothing but cancellation."""
        return await gather_past(
            asset,
            since_ms,
            self._clock.now_ms(),
            exchanges=tuple(self._exchanges.values()),
            listings=self.listings,
            fetcher=self._fetcher,
            own=own,
            on_progress=on_progress,
        )

    def begin(self, asset: Asset, state: CondenserState | None = None) -> Condenser:
        """Watch an asset from now on, going on from `state`: polls ask for it, streams follow within seconds."""
        condenser = Condenser(asset, self.listings.venues_of(asset) or self.venues, state)
        condenser.begin_to_listen()
        self._inbox.condensers[asset] = condenser
        self._poller.forget(asset)
        self._ears.rearrange()
        return condenser

    def drop(self, asset: Asset) -> None:
        """Watch an asset no more; one that is not watched is as good."""
        if self._inbox.condensers.pop(asset, None) is not None:
            for venue in self.venues:
                for instrument in self.listings.watched(venue, (asset,)):
                    self._fetcher.forget(venue, instrument.symbol)
            self._poller.forget(asset)
            self._ears.rearrange()

    def condenser(self, asset: Asset) -> Condenser:
        """The condenser of a watched asset. KeyError of another."""
        return self._inbox.condensers[asset]

    async def poll(self, venue: Venue) -> None:
        """Ask a venue all that is due for the watched assets. Raises nothing but cancellation."""
        self._follow(await self.listings.complete(venue))
        await self._poller.poll(venue, self._watched())

    def tells_brackets_of(self, venue: Venue, assets: Iterable[Asset]) -> tuple[Asset, ...]:
        """Those of these assets whose maintenance brackets the venue can be asked for."""
        if self._exchanges[venue].tiers is None:
            return ()
        return tuple(contract.asset for contract in self.listings.watched(venue, assets))

    async def brackets(self, venue: Venue, asset: Asset, price_usd: float) -> Mapping[Asset, Tiers]:
        """The maintenance brackets that a venue tells when asked for those of an asset, {} where there is no answer.

        Some venues tell those of every asset at once. Raises nothing but cancellation.
        """
        told: dict[Asset, Tiers] = {}
        for contract in self.listings.watched(venue, (asset,)):
            exchange, listed = self._exchanges[venue], self.listings.instruments(venue)
            told |= await ask_brackets(exchange, contract, listed, price_usd, self._fetcher, self._clock)
        return told

    async def listen(self) -> NoReturn:
        """Listen to all venues for the watched assets until cancelled."""
        await self._ears.listen()

    def step(self, asset: Asset, now_ms: int) -> tuple[tuple[Observation, ...], tuple[Finding, ...]]:
        """What became known of an asset since the last step, and what was noticed. KeyError of one not watched."""
        told, found = self.condenser(asset).step(now_ms)
        absent = [venue for venue in self.venues if not self.listings.instruments(venue)]
        return told, (*(Finding(Found.NEVER_HEARD, now_ms, venue) for venue in absent), *found)

    def across(self, asset: Asset, now_ms: int) -> tuple[AtVenue, ...]:
        """What each venue says of an asset by itself, after its last step. KeyError of one not watched."""
        return self.condenser(asset).across(now_ms)

    def reports(self) -> tuple[SourceReport, ...]:
        """How each venue stands now."""
        streams, watched = self._ears.status(), self._watched()
        return tuple(
            report(source, streams, len(self.listings.watched(source.venue, watched)))
            for source in self._fetcher.status()
        )

    def _watched(self) -> tuple[Asset, ...]:
        return tuple(self._inbox.condensers)

    def _follow(self, changes: Iterable[Change]) -> None:
        ours = [change for change in changes if change.asset in self._inbox.condensers]
        for change in ours:
            if change.was is not None and change.was.symbol != (change.now.symbol if change.now else None):
                self._fetcher.forget(change.venue, change.was.symbol)
            if change.is_news:
                _tell(change)
            condenser = self._inbox.condensers[change.asset]
            condenser.venues = self.listings.venues_of(change.asset)
        if ours:
            self._ears.rearrange()

    async def _everything(self, venue: Venue) -> list[Report]:
        """What a venue tells of all its contracts at once."""
        said: list[Report] = []

        def take(reports: Reports) -> None:
            said.extend(reports)

        listed = tuple(self.listings.instruments(venue).values())
        asks = [ask for ask in self._exchanges[venue].asks(listed) if ask.symbol is None and ask.kind in NOW]
        for ask in asks:
            await self._poller.ask(ask, take)
        return said


def _opened_usd(reports: Iterable[Report]) -> dict[Asset, float]:
    """Open interest in US dollars of those assets whose mark the same venue told."""
    coins: dict[Asset, float] = {}
    marks: dict[Asset, float] = {}
    for one in reports:
        if isinstance(one, Mark):
            marks[one.asset] = one.mark_usd
        elif isinstance(one, Told) and isinstance(one.said, OpenInterest):
            coins[one.asset] = one.said.coins
    return {asset: coins[asset] * marks[asset] for asset in coins.keys() & marks.keys()}


def _tell(change: Change) -> None:
    """Say in the log what a venue has changed about a watched asset (A9)."""
    was, now = change.was, change.now
    if now is None:
        _log.warning("%s lists %s no more", change.venue, change.asset)
    elif was is None:
        _log.info("%s lists %s as %s", change.venue, change.asset, now.symbol)
    else:
        _log.warning("%s has changed %s: %s", change.venue, change.asset, ", ".join(_differences(was, now)))


def _differences(was: Instrument, now: Instrument) -> Iterator[str]:
    for field in fields(Instrument):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if before != after:
            yield f"{field.name} {before} -> {after}"
