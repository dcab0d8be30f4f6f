"""Asking venues each cycle: what is due, in an order that condensing can use, and after an absence what was missed."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from market.observations import MINUTE_MS, Asset, Venue
from scheduler.clock import Clock
from scheduler.collect.due import Due, Name, Question, Reports, named, timed, within_means
from scheduler.collect.inbox import Inbox
from scheduler.collect.listings import Listings
from scheduler.exchange import Asked, Exchange, Instrument, Kind
from scheduler.fetch import Failure, Fetcher, SourceFailed
from scheduler.fetch.failures import OF_THE_QUESTION

REACH_MS = 25 * MINUTE_MS
"""How far back the candles of a normal poll reach at every venue, with a bar or two to spare."""

OF_THE_PAST = frozenset({Kind.CANDLES, Kind.FUNDING_HISTORY, Kind.OPEN_INTEREST_HISTORY})
"""What is asked after an absence; missed liquidations are filled in by who listens to them."""

_log = logging.getLogger(__name__)


MOST_TRIES = 5
"""So often a missed time is asked for at most, once a poll."""


@dataclass(slots=True)
class _Reach:
    """Until when a contract's past is known, and how often in vain it was asked for what came after."""

    at_ms: int
    tries: int = 0


class Poller:
    """Asks venues for the watched assets and hands what they answer to the inbox."""

    def __init__(
        self,
        exchanges: Mapping[Venue, Exchange],
        listings: Listings,
        inbox: Inbox,
        fetcher: Fetcher,
        clock: Clock,
    ) -> None:
        self._exchanges, self._listings, self._inbox = exchanges, listings, inbox
        self._fetcher, self._clock = fetcher, clock
        self._asked_in: dict[Name, int] = {}
        self._reached: dict[tuple[Venue, str], _Reach] = {}

    def forget(self, asset: Asset) -> None:
        """An asset is watched anew or no more: everything of it is due, and no absence is made up for."""
        symbols = {one.symbol for venue in self._exchanges for one in self._listings.watched(venue, (asset,))}
        for contract in [contract for contract in self._reached if contract[1] in symbols]:
            del self._reached[contract]
        for name in [name for name in self._asked_in if symbols.intersection(name)]:
            del self._asked_in[name]

    async def poll(self, venue: Venue, assets: Sequence[Asset]) -> None:
        """Ask what is due of these assets, all at once but in order; hand on each answer as it comes.

        What was missed comes first, then what was settled, then the rest: a prediction is read with what had been paid.
        A question that fails is due again at the next poll. Raises nothing but cancellation.
        """
        watched = self._listings.watched(venue, assets)
        if not watched:
            return
        await asyncio.gather(*(self._make_up(venue, instrument) for instrument in watched))
        due = self._due(venue, watched)
        paid = [one for one in due if one.ask.kind is Kind.FUNDING_HISTORY]
        rest = [one for one in due if one.ask.kind is not Kind.FUNDING_HISTORY]
        for wave in (paid, rest):
            await asyncio.gather(*(self._settle(one) for one in wave))

    async def ask(self, ask: Question, take: Callable[[Reports], None] | None = None) -> Failure | None:
        """Hand the answer, page by page, to the inbox (or to `take`); None, or why it failed. Raises only cancellation."""
        known, began_ms = self._listings.instruments(ask.venue), self._clock.now_ms()
        try:
            async for said in self._fetcher.pages(ask, Asked(began_ms, known)):
                if take is not None:
                    take(said)
                    continue
                now_ms = self._clock.now_ms()
                self._inbox.take(said, now_ms, now_ms - began_ms)
        except SourceFailed as failed:  # the fetcher has told of it, and the venue's status says so
            return failed.failure
        except Exception:  # noqa: BLE001  a slip of ours in one reader must not stop the polls of its venue
            _log.exception("a slip of ours in reading %s of %s", ask.kind, ask.venue)
            return Failure.MISREAD
        return None

    def _due(self, venue: Venue, watched: Sequence[Instrument]) -> list[Due]:
        exchange = self._exchanges[venue]
        each = [named(ask) for ask in exchange.asks(watched)]
        if exchange.timed_asks is not None:
            each += [timed(ask) for ask in exchange.timed_asks(watched, self._clock.now_ms())]
        due = [one for one in each if self._is_due(one)]
        return within_means(due, exchange.budgets, self._asked_in)

    def _is_due(self, one: Due) -> bool:
        return one.ask.every_s is None or self._asked_in.get(one.name) != self._period_ms(one.ask.every_s)

    def _period_ms(self, every_s: float) -> int:
        """When the present one of UTC began: once in each is asked, so bars of five minutes are once they have closed."""
        now_ms = self._clock.now_ms()
        return now_ms - now_ms % round(every_s * 1_000)

    async def _settle(self, one: Due) -> None:
        """Ask one question; once it is answered it is not due again in this period."""
        ask, now_ms = one.ask, self._clock.now_ms()
        period = None if ask.every_s is None else self._period_ms(ask.every_s)
        if await self.ask(ask) is not None:
            return
        if period is not None:
            self._asked_in[one.name] = period
        if ask.kind is Kind.CANDLES and ask.symbol is not None:
            reach = self._reached.setdefault((ask.venue, ask.symbol), _Reach(now_ms))
            if now_ms - reach.at_ms <= REACH_MS:  # else what was missed is still to be had
                reach.at_ms = now_ms

    def _reach(self, venue: Venue, instrument: Instrument) -> _Reach | None:
        """Until when a contract's past is known: of one that was not asked for yet, as far as its asset's price is."""
        contract, condenser = (venue, instrument.symbol), self._inbox.condensers.get(instrument.asset)
        if contract not in self._reached and condenser is not None and condenser.state.price_at_ms:
            self._reached[contract] = _Reach(condenser.state.price_at_ms)
        return self._reached.get(contract)

    async def _make_up(self, venue: Venue, instrument: Instrument) -> None:
        """After an absence that the bars of a poll do not reach over: what happened meanwhile, one question after another."""
        now_ms, reach = self._clock.now_ms(), self._reach(venue, instrument)
        if reach is None or now_ms - reach.at_ms <= REACH_MS:
            return
        since_ms, minutes = reach.at_ms, (now_ms - reach.at_ms) // MINUTE_MS
        for ask in self._exchanges[venue].history_asks(instrument, since_ms, now_ms):
            failure = await self.ask(ask) if ask.kind in OF_THE_PAST else None
            if failure is not None:
                reach.tries += failure in OF_THE_QUESTION  # a venue that is away is waited for
                if reach.tries < MOST_TRIES:
                    return
                _log.warning("%s %s: %d minutes cannot be had", venue, instrument.symbol, minutes)
                break
        else:
            _log.info("%s %s: %d minutes made up for", venue, instrument.symbol, minutes)
        reach.at_ms, reach.tries = now_ms, 0
