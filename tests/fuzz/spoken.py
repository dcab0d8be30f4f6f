"""What exchanges say when nothing is wrong, and who reads it: every question and stream of every venue, as found.

The simulated exchanges speak it (short: a page of rows is cut to a few), our own payloads and, where they are, recorded ones
are added; whole pages stand beside them. Each payload is known with those readers that understand it.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from market.observations import HOUR_MS, MINUTE_MS, Venue
from scheduler.exchange import Ask, Asked, Exchange, Instrument, Misread, Stream
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS, SimulatedMarket
from scheduler.simulator.server import SimulatedExchanges
from scheduler.simulator.server.speech import Refused, Speech
from scheduler.simulator.server.tape import Tape
from tests.scheduler.simulator.desk import Hand

AT_MS = START_MS + 30 * HOUR_MS + 59 * MINUTE_MS
"""In a sell-off, where something is closed by force in every minute."""
ASSETS = ("BTC", "ETH")
MOST_ROWS, MOST_FRAMES, LONGEST_RECORDED = 5, 3, 6_000
PAYLOADS = Path(__file__).parents[1] / "payloads"
RECORDED = Path(os.environ.get("SEAWALL_RECORDINGS", Path(__file__).parents[3] / "shared")) / "payloads"

Read = Callable[[bytes, Asked], Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with what it is told beside the payload; `remembering` makes one with a memory of its own."""

    read: Read
    asked: Asked
    next_page: Callable[[bytes, Asked], Any] | None = None
    remembering: Callable[[], Read] | None = None


@dataclass(slots=True)
class Spoken:
    """One venue: its readers by name, and payloads as JSON holds them, each with the readers that understand it."""

    exchange: Exchange
    readers: dict[str, Reader] = field(default_factory=dict)
    payloads: list[tuple[Any, tuple[str, ...]]] = field(default_factory=list)
    whole: list[tuple[bytes, str]] = field(default_factory=list)

    @property
    def understood(self) -> list[tuple[Any, tuple[str, ...]]]:
        """The payloads that somebody understands."""
        return [one for one in self.payloads if one[1]]

    def add(self, payload: Any, *names: str) -> None:
        """Take a payload with those of the readers (all of them, where none is named) that understand it."""
        raw = json.dumps(payload).encode()
        fits = tuple(name for name in names or self.readers if _is_understood(self.readers[name], raw))
        self.payloads.append((payload, fits))


@cache
def everything() -> Mapping[Venue, Spoken]:
    """All venues."""
    hand = Hand(AT_MS)
    venues = SimulatedExchanges(Tape(SimulatedMarket(7, "sell_off", ASSETS, past_days=3)), hand.clock())
    return {exchange.venue: _spoken(exchange, venues._speeches[exchange.venue]) for exchange in exchanges()}


def _spoken(exchange: Exchange, speech: Speech) -> Spoken:
    found, known = Spoken(exchange), dict[str, Instrument]()
    for ask in exchange.instruments():
        payload = speech.answer(ask.path, ask.params, ask.body or b"", AT_MS)
        said = ask.read(json.dumps(payload).encode(), Asked(AT_MS, dict(known)))
        _add(found, ask, dict(known), payload)
        known |= {one.symbol: one for one in said}
    watched = [one for one in known.values() if one.asset in ASSETS]
    for ask in _questions(exchange, watched):
        try:
            payload = speech.answer(ask.path, ask.params, ask.body or b"", AT_MS)
        except Refused as refused:
            payload = refused.body
        _add(found, ask, known, payload)
    for stream in exchange.streams(watched):
        _listen(found, stream, speech, known)
    for payload in _committed(exchange.name):
        found.add(payload)
    return found


def _questions(exchange: Exchange, watched: Sequence[Instrument]) -> Iterator[Ask[Any]]:
    yield from exchange.asks(watched)
    if exchange.timed_asks is not None:
        yield from exchange.timed_asks(watched, AT_MS)
    if exchange.tiers is not None:
        yield from exchange.tiers(watched)
    yield from exchange.history_asks(watched[0], AT_MS - 50 * HOUR_MS, AT_MS)


def _add(found: Spoken, ask: Ask[Any], known: Mapping[str, Instrument], payload: Any) -> None:
    name = f"{ask.kind} {ask.path} {ask.symbol}"
    if name not in found.readers:
        asked = Asked(AT_MS, known, ask.symbol, ask.step_ms, 60_000.0)
        found.readers[name] = Reader(ask.read, asked, ask.next_page)
        found.add(_shortened(payload), name)
        found.whole.append((json.dumps(payload).encode(), name))


def _listen(found: Spoken, stream: Stream, speech: Speech, known: Mapping[str, Instrument]) -> None:
    name, topics = f"stream {stream.path}", set[str]()
    found.readers[name] = Reader(stream.read, Asked(AT_MS, known), None, stream.remembering)
    said = [reply for text in stream.subscribe for reply in speech.hear(text, topics)]
    said += list(speech.frames(topics, AT_MS, AT_MS)) + list(speech.frames(topics, AT_MS, AT_MS + MINUTE_MS))
    kinds: dict[str, int] = {}
    for one in said:
        frame = json.loads(one) if isinstance(one, str) and one[:1] in "[{" else one
        kind = ",".join(sorted(frame)) + str(_topic(frame)) if isinstance(frame, dict) else "text"
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= MOST_FRAMES:
            found.add(_shortened(frame), name)


def _topic(frame: dict[str, Any]) -> object:
    for key in ("topic", "e", "arg", "params", "channel"):
        if key in frame:
            told = frame[key]
            return told.get("channel") if isinstance(told, dict) else told if isinstance(told, str) else key
    return ""


def _committed(name: str) -> Iterator[Any]:
    """Our own payloads of a venue, and recorded ones where they are."""
    for folder in (PAYLOADS / name, RECORDED / name):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            if not path.name.endswith(".expected.json") and path.stat().st_size < LONGEST_RECORDED:
                yield json.loads(path.read_bytes())


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    return [_shortened(one) for one in value[:MOST_ROWS]] if isinstance(value, list) else value


def _is_understood(reader: Reader, payload: bytes) -> bool:
    try:
        return bool(reader.read(payload, reader.asked))
    except Misread:
        return False
