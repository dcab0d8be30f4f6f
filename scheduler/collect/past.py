"""The past of an asset: asked of every venue that lists it, and played through condensing as if it had been watched.

Nothing of it is known before its time: a candle at its close, a sample at its stamp, a settlement when it was paid.
Hourly steps give way to the live step some hours before the present, so that the first hour of watching finds the
prices of an hour and of four hours ago.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from market.findings import Finding
from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Asset,
    Funding,
    ImpliedVolatility,
    Liquidation,
    Observation,
    OpenInterest,
)
from scheduler.collect.listings import Listings
from scheduler.condense import Condenser
from scheduler.exchange import LIVE_STEP_MS, Ask, Asked, Exchange, Instrument, Kind, Report, Told
from scheduler.fetch import Fetcher, SourceFailed

COLD_DAYS = 30
"""How much of open interest a cold start reads: Binance keeps no more of it."""
FUNDING_DAYS = 90
PRICE_DAYS = 180
"""How much of candles: the worst moves of half a year stand beside a position's odds (quant.md 8.10)."""
FINE_HOURS = 24
"""How many hours before the open one are read in live steps: so far the changes of a day look back."""
PATIENCE_S = 120.0
"""How long a question about the past waits for its turn: it is in less of a hurry than those about the present."""
AT_ONCE = 3
"""Questions about the past under way per venue; the other places are for the present."""

OF_LEVELS = frozenset({Kind.CANDLES, Kind.OPEN_INTEREST_HISTORY})
OF_SELDOM = frozenset({Kind.FUNDING_HISTORY, Kind.VOLATILITY_INDEX})
OF_NOW = frozenset({Kind.MARK, Kind.OPEN_INTEREST, Kind.FUNDING})

Reports = tuple[Report, ...]
Step = tuple[int, tuple[Observation, ...], tuple[Finding, ...]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What became known at one instant (UTC ms)."""

    at_ms: int
    reports: Reports


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of an asset's past, in time order; `missing` says in words what could not be had."""

    asset: Asset
    since_ms: int
    until_ms: int
    heard: tuple[Heard, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """One question about the past. Of hourly rows those after `until_ms` are told by finer ones."""

    ask: Ask[Reports]
    until_ms: int | None = None


async def gather_past(
    asset: Asset,
    since_ms: int,
    now_ms: int,
    *,
    exchanges: Sequence[Exchange],
    listings: Listings,
    fetcher: Fetcher,
    own: Iterable[Heard] = (),
    on_progress: Callable[[float], None] | None = None,
) -> Past:
    """Ask all venues that list the asset for its past, at the same time; each at most three questions at once.

    From `COLD_DAYS` on it is a cold start: candles are then asked for `PRICE_DAYS`, funding for `FUNDING_DAYS`, and venues
    without a past of open interest for what it is now. `own` is what is known from elsewhere. `on_progress` is told a share of 0..1. A venue that
    fails is named in `missing`. Raises nothing but cancellation.
    """
    since_ms = max(since_ms, 0)
    readers = [
        _Reader(exchange, instrument, listings, fetcher, since_ms, now_ms)
        for exchange in exchanges
        for instrument in listings.watched(exchange.venue, (asset,))
    ]
    count = _Count(sum(len(reader.questions) for reader in readers), on_progress)
    await asyncio.gather(*(reader.read(count) for reader in readers))
    missing = tuple(word for reader in readers for word in reader.missing)
    heard = _in_order(asset, readers, [one for one in own if one.at_ms <= now_ms])
    first_ms = min((since_ms, *(one.at_ms for one in heard if _is_played(one))))
    return Past(asset, first_ms, now_ms, heard, missing or _nobody(asset, readers, listings, exchanges))


def play_past(past: Past, condenser: Condenser) -> Iterator[Step]:
    """The past step by step as the engine takes it: each hour, at the end (and in a gap shorter than a day) each 5 min.

    A condenser that remembers goes on where it was. What was heard after the last full minute waits for the next step.
    """
    condenser.presume(_samples(past.heard))
    known_ms = condenser.state.stepped_ms
    heard = iter([one for one in past.heard if one.at_ms >= known_ms - DAY_MS])
    following = next(heard, None)
    for now_ms in _moments(max(past.since_ms, known_ms), past.until_ms):
        while following is not None and following.at_ms <= now_ms:
            condenser.take(following.reports, following.at_ms)
            following = next(heard, None)
        yield now_ms, *condenser.step(now_ms)
    while following is not None:
        condenser.take(following.reports, following.at_ms)
        following = next(heard, None)


def fine_from_ms(since_ms: int, now_ms: int) -> int:
    """From when on a past is read and played in live steps instead of hours."""
    if now_ms - since_ms < DAY_MS:
        return since_ms
    return now_ms - now_ms % HOUR_MS - FINE_HOURS * HOUR_MS


class _Count:
    """How many questions are answered, told as a share."""

    def __init__(self, questions: int, tell: Callable[[float], None] | None) -> None:
        self._left, self._questions, self._tell = questions, questions, tell
        if tell is not None and not questions:
            tell(1.0)

    def one(self) -> None:
        """One more is answered, or has failed."""
        self._left -= 1
        if self._tell is not None:
            self._tell(1.0 - self._left / self._questions)


class _Reader:
    """Asks one venue for the past of one instrument."""

    def __init__(
        self,
        exchange: Exchange,
        instrument: Instrument,
        listings: Listings,
        fetcher: Fetcher,
        since_ms: int,
        now_ms: int,
    ) -> None:
        self.exchange, self.instrument = exchange, instrument
        self._fetcher = fetcher
        self._asked = Asked(now_ms, listings.instruments(exchange.venue))
        self.is_cold = now_ms - since_ms >= COLD_DAYS * DAY_MS
        self.questions = _questions(exchange, instrument, since_ms, now_ms, is_cold=self.is_cold)
        self.answers: list[Reports] = []
        self._failed: dict[Kind, str] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, count: _Count) -> None:
        """All answers, and where there is no past of open interest, the present."""
        await asyncio.gather(*(self._answer(question, count) for question in self.questions))
        if self.is_cold and self.answers and not any(_samples_of(said) for said in self.answers):
            for ask in self.exchange.asks((self.instrument,)):
                if ask.kind in OF_NOW:
                    await self._answer(_Question(ask), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be had, in words: the venue where it gave nothing, else each kind."""
        venue = str(self.exchange.venue)
        if self._failed and not self.answers:
            return (f"{venue}: {next(iter(self._failed.values()))}",)
        return tuple(f"{venue} {kind.replace('_', ' ')}: {why}" for kind, why in self._failed.items())

    async def _answer(self, question: _Question, count: _Count | None) -> None:
        async with self._turns:
            try:
                async for said in self._fetcher.pages(question.ask, self._asked, patience_s=PATIENCE_S):
                    self.answers.append(_until(said, question.until_ms))
            except SourceFailed as failure:
                self._failed.setdefault(failure.kind, failure.why)
            except Exception:  # noqa: BLE001  a slip of ours in one reader must not end the past of the others
                _log.exception("a slip of ours in the past of %s", self.exchange.venue)
                self._failed.setdefault(question.ask.kind, "a slip of ours, see the log")
        if count is not None:
            count.one()


def _questions(
    exchange: Exchange, instrument: Instrument, since_ms: int, now_ms: int, *, is_cold: bool
) -> list[_Question]:
    """What to ask of one venue: hours, then live steps, then what is rare; a short gap is what the venue says it is."""
    everything = exchange.history_asks(instrument, since_ms, now_ms)
    fine_ms = fine_from_ms(since_ms, now_ms)
    if fine_ms == since_ms:
        return [_Question(ask) for ask in everything]
    # less than a day at a time is told in live steps
    half_ms = fine_ms + FINE_HOURS // 2 * HOUR_MS
    fine = (
        *exchange.history_asks(instrument, fine_ms, half_ms),
        *exchange.history_asks(instrument, half_ms, now_ms),
    )
    funding_ms = min(since_ms, now_ms - FUNDING_DAYS * DAY_MS) if is_cold else since_ms
    seldom = exchange.history_asks(instrument, funding_ms, now_ms)
    levels = [ask for ask in everything if ask.kind in OF_LEVELS and ask.step_ms == HOUR_MS]
    if is_cold:
        far = exchange.history_asks(instrument, min(since_ms, now_ms - PRICE_DAYS * DAY_MS), now_ms)
        levels = [ask for ask in levels if ask.kind is not Kind.CANDLES]
        levels += [ask for ask in far if ask.kind is Kind.CANDLES and ask.step_ms == HOUR_MS]
    hour_ms = -(-since_ms // HOUR_MS) * HOUR_MS
    opened = (
        exchange.history_asks(instrument, since_ms, hour_ms) if hour_ms > since_ms and not is_cold else ()
    )
    spot = [ask for ask in everything if ask.kind is Kind.SPOT]
    return [
        *(_Question(ask, fine_ms) for ask in levels),
        *(_Question(ask) for ask in spot),
        *(_Question(ask) for ask in (*opened, *fine) if ask.kind in OF_LEVELS),
        *(_Question(ask) for ask in seldom if ask.kind in OF_SELDOM),
    ]


def _until(said: Reports, until_ms: int | None) -> Reports:
    return said if until_ms is None else tuple(one for one in said if known_at_ms(one) <= until_ms)


def known_at_ms(report: Report) -> int:
    """When a report became known; settlements are stamped some milliseconds after the full minute."""
    if not isinstance(report, Told):
        return report.known_at_ms
    said = report.said
    if isinstance(said, Funding) and said.settled:
        return round(said.known_at_ms / MINUTE_MS) * MINUTE_MS
    return said.known_at_ms


def _in_order(asset: Asset, readers: Iterable[_Reader], own: Iterable[Heard]) -> tuple[Heard, ...]:
    """Everything by time, the exchanges' before one's own of the same instant; forced orders by answer (of twins)."""
    heard: list[Heard] = []
    instants: dict[int, list[Report]] = {}
    for answer in (answer for reader in readers for answer in reader.answers):
        forced: dict[int, list[Report]] = {}
        for report in answer:
            if report.asset == asset:
                found = forced if isinstance(report, Liquidation) else instants
                found.setdefault(known_at_ms(report), []).append(report)
        heard += [Heard(at_ms, tuple(reports)) for at_ms, reports in forced.items()]
    heard += [Heard(at_ms, tuple(reports)) for at_ms, reports in instants.items()]
    return tuple(sorted([*heard, *own], key=lambda one: one.at_ms))


def _is_played(heard: Heard) -> bool:
    """Whether the past begins with this: an index of a year ago alone is no beginning."""
    return not all(isinstance(one, Told) and isinstance(one.said, ImpliedVolatility) for one in heard.reports)


def _samples(heard: Iterable[Heard]) -> Iterator[OpenInterest]:
    return (sample for one in heard for sample in _samples_of(one.reports))


def _samples_of(reports: Reports) -> tuple[OpenInterest, ...]:
    return tuple(one.said for one in reports if isinstance(one, Told) and isinstance(one.said, OpenInterest))


def _moments(since_ms: int, until_ms: int) -> Iterator[int]:
    """Full hours, then steps of five minutes, then the last full minute; all after `since_ms`."""
    fine_ms = fine_from_ms(since_ms, until_ms)
    yield from range((since_ms // HOUR_MS + 1) * HOUR_MS, fine_ms, HOUR_MS)
    first_ms = max(fine_ms - fine_ms % LIVE_STEP_MS, since_ms // LIVE_STEP_MS * LIVE_STEP_MS + LIVE_STEP_MS)
    yield from range(first_ms, until_ms + 1, LIVE_STEP_MS)
    last_ms = until_ms - until_ms % MINUTE_MS
    if last_ms % LIVE_STEP_MS and last_ms > since_ms:
        yield last_ms


def _nobody(
    asset: Asset, readers: Sequence[_Reader], listings: Listings, exchanges: Iterable[Exchange]
) -> tuple[str, ...]:
    """Why nobody was asked: a venue that has not told what it lists may well list the asset."""
    if readers:
        return ()
    venues = [exchange.venue for exchange in exchanges]
    mute = [venue for venue in venues if not listings.instruments(venue)]
    if not mute:
        return (f"no venue lists {asset}",)
    if len(mute) == len(venues):
        return ("no venue answers",)
    return (f"no venue that answers lists {asset}; no answer of {', '.join(mute)}",)
