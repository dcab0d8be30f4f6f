"""The simulated exchanges recorded through the production code, and understood again: the same bytes, the same reports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from market.observations import HOUR_MS, MINUTE_MS, Heartbeat, Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Asked, Exchange, Instrument, Report, Stream
from scheduler.fetch import Fetcher
from scheduler.recording import Answer, Frame, Opening, Recording, read_recording, understand
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import SimulatedExchanges, serve
from scheduler.streams import Gap, Heard, Stall, Wires, listen, open_wires
from tests.scheduler.simulator.desk import BY_VENUE, Hand, Patience, sell_off

AT_MS = START_MS + 30 * HOUR_MS + 59 * MINUTE_MS
"""In the sell-off, a minute before an hour begins and with it another file."""


@dataclass(slots=True)
class Room:
    """Exchanges that are asked and listened to, and everything that came: recorded, and by hand."""

    hand: Hand
    venues: SimulatedExchanges
    recording: Recording
    fetcher: Fetcher
    wires: Wires
    payloads: list[bytes] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    async def learn(self, exchange: Exchange) -> dict[str, Instrument]:
        known: dict[str, Instrument] = {}
        for ask in exchange.instruments():
            said = await self.fetcher.get(ask, Asked(self.hand.at_ms, known))
            known |= {one.symbol: one for one in said}
        return known

    async def ask(self, exchange: Exchange, known: dict[str, Instrument]) -> None:
        """Everything of a poll and of a cold start of BTC."""
        now_ms = self.hand.at_ms
        watched = [one for one in known.values() if one.asset == "BTC"]
        timed = exchange.timed_asks(watched, now_ms) if exchange.timed_asks else ()
        past = exchange.history_asks(watched[0], now_ms - 50 * HOUR_MS, now_ms)
        for question in (*exchange.asks(watched), *timed, *past):
            async for page in self.fetcher.pages(question, Asked(now_ms, known)):
                self.reports += page

    async def listen(self, exchange: Exchange, known: dict[str, Instrument], minutes: int) -> None:
        watched = [one for one in known.values() if one.asset in {"BTC", "ETH"}]
        listening = [
            asyncio.ensure_future(listen(stream, exchange, self._hear, known, self.wires))
            for stream in exchange.streams(watched)
        ]
        for _ in range(60 * minutes):
            before = self.recording.tally.frames
            self.hand.put(self.hand.at_ms + 1_000)
            for _ in range(20):
                await asyncio.sleep(0.002 if self.recording.tally.frames == before else 0)
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)

    async def _hear(self, said: tuple[Heard, ...]) -> None:
        self.reports += [word for word in said if not isinstance(word, Gap | Stall | Heartbeat)]


@asynccontextmanager
async def room(directory: Path, at_ms: int) -> AsyncIterator[Room]:
    hand, patience, payloads = Hand(at_ms), Patience(), list[bytes]()
    recording = Recording(directory)

    def keep_answer(ask: Ask[object], payload: bytes, at_ms: int) -> None:
        payloads.append(payload)
        recording.answer(ask, payload, at_ms)

    def keep_frame(stream: Stream, payload: bytes, at_ms: int) -> None:
        payloads.append(payload)
        recording.frame(stream, payload, at_ms)

    patient = Clock(lambda: hand.at_ms, lambda: patience.at_s, patience.sleep)
    async with (
        serve(sell_off(), hand.clock()) as venues,
        Fetcher(BY_VENUE.values(), venues.rest_urls, keep=keep_answer, clock=patient) as fetcher,
        open_wires(clock=hand.clock(), ws_urls=venues.ws_urls, keep=keep_frame) as wires,
    ):
        yield Room(hand, venues, recording, fetcher, wires, payloads)
    await recording.close()


@pytest.mark.parametrize("venue", list(BY_VENUE))
async def test_a_recorded_venue_is_understood_as_it_was_live(venue: Venue, tmp_path: Path) -> None:
    exchange = BY_VENUE[venue]
    async with room(tmp_path, AT_MS) as here:
        known = await here.learn(exchange)
        await here.ask(exchange, known)
        await here.listen(exchange, known, minutes=2)
    lines = [line for _, line in read_recording(tmp_path)]
    assert [line.payload for line in lines if not isinstance(line, Opening)] == here.payloads
    assert sum(isinstance(line, Answer) for line in lines) == here.recording.tally.answers > 5
    assert sum(isinstance(line, Frame) for line in lines) == here.recording.tally.frames > 20
    understood = list(understand(tmp_path, [exchange]))
    assert not [one.misread for one in understood if one.misread]
    said = [report for one in understood for report in one.reports if not isinstance(report, Heartbeat)]
    assert said == here.reports
    assert len(said) > 100


@pytest.mark.parametrize("venue", [Venue.BYBIT, Venue.OKX])
async def test_spot_bars_are_understood_though_contracts_were_told_again_before_them(
    venue: Venue, tmp_path: Path
) -> None:
    exchange = BY_VENUE[venue]
    async with room(tmp_path, AT_MS) as here:
        known = await here.learn(exchange)
        await here.fetcher.get(exchange.instruments()[0], Asked(here.hand.at_ms, {}))
        await here.ask(exchange, known)
    understood = list(understand(tmp_path, [exchange]))
    assert not [one.misread for one in understood if one.misread]
    assert [report for one in understood for report in one.reports] == here.reports
