"""Filling by asking what listening missed: liquidations of a time in which a channel was not heard."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from market.observations import MINUTE_MS, SECOND_MS, Asset, Heartbeat, Venue
from scheduler.clock import Clock
from scheduler.collect.inbox import Inbox
from scheduler.collect.listings import Listings
from scheduler.collect.poller import Poller
from scheduler.exchange import Exchange, Instrument, Kind, Report
from scheduler.streams import Gap

LONGEST_FILL_MS = 15 * MINUTE_MS
"""Condensing takes no minute that ended longer ago."""

FILLS_WITHIN_S, AT_LEAST_S = 10.0, 1.0
"""Meanwhile the stream waits, so that what is proven alive after the gap comes after it."""

PROVES_EVERY_MS = 15 * SECOND_MS

CHANNEL = Kind.LIQUIDATIONS.value


@dataclass(frozen=True, slots=True)
class Filler:
    """Asks the venues that can be asked what was missed; of the others a gap stays one, and its minutes are not whole."""

    exchanges: Mapping[Venue, Exchange]
    listings: Listings
    inbox: Inbox
    poller: Poller
    clock: Clock

    async def fill(self, gap: Gap, assets: Sequence[Asset]) -> None:
        """Ask for all that was missed of these assets and hand it on, with proof that the time is known now.

        Of a channel without a symbol that is all of them. What cannot be had is marked as missed. Raises nothing but
        cancellation.
        """
        if gap.channel.kind is not Kind.LIQUIDATIONS:
            return
        from_ms = max(gap.from_ms, self.clock.now_ms() - LONGEST_FILL_MS)
        symbol = gap.channel.symbol
        missed = [
            one for one in self.listings.watched(gap.venue, assets) if symbol is None or one.symbol == symbol
        ]
        had: set[Asset] = set()
        try:
            async with asyncio.timeout(max(AT_LEAST_S, FILLS_WITHIN_S / self.clock.speed)):
                await asyncio.gather(*(self._fill(one, from_ms, gap.to_ms, had) for one in missed))
        except TimeoutError:
            pass
        finally:
            for asset in {one.asset for one in missed} - had:
                self.inbox.miss(gap.venue, asset, gap.to_ms)

    async def _fill(self, instrument: Instrument, from_ms: int, to_ms: int, had: set[Asset]) -> None:
        answer = _Answer()
        asks = self.exchanges[instrument.venue].history_asks(instrument, from_ms, to_ms)
        asks = tuple(ask for ask in asks if ask.kind is Kind.LIQUIDATIONS)
        for ask in asks:
            if await self.poller.ask(ask, answer.take) is not None:
                return
        if asks:
            now_ms = self.clock.now_ms()
            self.inbox.take(answer.reports, now_ms)
            self.inbox.take(_proofs(instrument, from_ms, to_ms), now_ms)
            had.add(instrument.asset)


@dataclass(slots=True)
class _Answer:
    """All pages of one answer: twins may stand on two of them."""

    reports: list[Report] = field(default_factory=list)

    def take(self, page: tuple[Report, ...]) -> None:
        self.reports += page


def _proofs(instrument: Instrument, from_ms: int, to_ms: int) -> tuple[Heartbeat, ...]:
    """That the channel is known throughout, as often as condensing wants to hear it."""
    times = (*range(from_ms, to_ms, PROVES_EVERY_MS), to_ms)
    return tuple(Heartbeat(instrument.venue, instrument.asset, CHANNEL, at_ms) for at_ms in times)
