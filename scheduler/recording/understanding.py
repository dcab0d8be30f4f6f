"""A recording understood: every payload goes through the reader that the production code would give it to.

A question is found again among those its exchange asks; where its window of time has passed, by what and of whom it asked.
Instruments are learned from the recorded answers themselves, as they were learned then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from market.observations import DAY_MS, HOUR_MS, Venue
from scheduler.exchange import Ask, Asked, Exchange, Instrument, Kind, Misread, Report, Stream, completed
from scheduler.recording.lines import Answer, Frame, Kept, Opening
from scheduler.recording.reading import read_recording

Read = Callable[[bytes, Asked], Any]

OF_INSTRUMENTS = frozenset({Kind.INSTRUMENTS.value, Kind.FUNDING_INTERVALS.value})


@dataclass(frozen=True, slots=True)
class Understood:
    """What a payload says: reports, or why it could not be read. `at_ms` is when it came (UTC, ours)."""

    venue: Venue
    at_ms: int
    reports: tuple[Report, ...]
    misread: str | None = None


def understand(directory: Path, exchanges: Iterable[Exchange]) -> Iterator[Understood]:
    """What the recorded payloads say, in the order they came; those without a report or trouble say nothing.

    Raises NotARecording.
    """
    readers = {exchange.venue: _Reader(exchange) for exchange in exchanges}
    for path, kept in read_recording(directory):
        reader = readers.get(kept.venue)
        understood = None if reader is None else reader.read(path, kept)
        if understood is not None and (understood.reports or understood.misread):
            yield understood


@dataclass(slots=True)
class _Reader:
    """One venue's readers: of questions by what they ask, of streams by the file and number of their opening."""

    exchange: Exchange
    instruments: dict[str, Instrument] = field(default_factory=dict)
    _streams: dict[tuple[Path, int], Read] = field(default_factory=dict)
    _readers: dict[tuple[str, tuple[str, ...]], Read] = field(default_factory=dict)
    _asks: dict[str | None, tuple[Ask[Any], ...]] = field(default_factory=dict)

    def read(self, path: Path, kept: Kept) -> Understood | None:
        """What a line says; None for one that names a stream."""
        match kept:
            case Opening():
                self._open(path, kept)
                return None
            case Frame():
                read = self._streams.get((path, kept.stream))
                asked = Asked(kept.at_ms, self.instruments)
                return self._understood(kept, read, asked, "a stream of this venue")
            case Answer():
                return self._answer(kept)

    def _answer(self, kept: Answer) -> Understood:
        asked = Asked(kept.at_ms, self.instruments, kept.symbol, kept.step_ms)
        if kept.kind in OF_INSTRUMENTS:
            return self._learn(kept, asked)
        if kept.kind == Kind.TIERS.value:
            return Understood(kept.venue, kept.at_ms, ())
        return self._understood(kept, self._reader_of(kept), asked, "a question of this venue")

    def _learn(self, kept: Answer, asked: Asked) -> Understood:
        try:
            told = _found(kept, self.exchange.instruments())
            said: Sequence[Instrument] = told.read(kept.payload, asked) if told is not None else ()
        except Misread as misread:
            return Understood(kept.venue, kept.at_ms, (), str(misread))
        # a new mapping: what was read before holds the old one
        known = self.instruments
        self.instruments = {**known, **{one.symbol: completed(one, known.get(one.symbol)) for one in said}}
        self._asks.clear()
        return Understood(kept.venue, kept.at_ms, ())

    def _reader_of(self, kept: Answer) -> Read | None:
        if kept.symbol not in self._asks:
            self._asks[kept.symbol] = tuple(self._questions(kept))
        found = _found(kept, self._asks[kept.symbol])
        return None if found is None else found.read

    def _questions(self, kept: Answer) -> Iterator[Ask[Any]]:
        """Everything the venue may be asked of that symbol; of all its symbols where it names none."""
        if kept.symbol is None:
            watched = tuple(self.instruments.values())
        else:
            watched = tuple(
                self.instruments[symbol] for symbol in (kept.symbol,) if symbol in self.instruments
            )
        yield from self.exchange.asks(watched)
        if self.exchange.timed_asks is not None:
            yield from self.exchange.timed_asks(watched, kept.at_ms)
        for instrument in watched[:1]:
            for since_ms in (kept.at_ms - 2 * DAY_MS, kept.at_ms - HOUR_MS):
                yield from self.exchange.history_asks(instrument, since_ms, kept.at_ms)

    def _open(self, path: Path, opening: Opening) -> None:
        """What a reader remembers goes on into the next hour's file: frames may only say what changed."""
        same = (opening.path, opening.subscribe)
        if same not in self._readers and (found := self._stream(opening)) is not None:
            self._readers[same] = found.remembering() if found.remembering else found.read
        if same in self._readers:
            self._streams[path, opening.number] = self._readers[same]

    def _stream(self, opening: Opening) -> Stream | None:
        symbols = [symbol for symbol in opening.symbols if symbol in self.instruments]
        streams = self.exchange.streams([self.instruments[symbol] for symbol in symbols])
        there = [stream for stream in streams if stream.path == opening.path]
        return next(iter([*(one for one in there if one.subscribe == opening.subscribe), *there]), None)

    def _understood(
        self, kept: Answer | Frame, read: Read | None, asked: Asked, otherwise: str
    ) -> Understood:
        if read is None:
            return Understood(kept.venue, kept.at_ms, (), f"not {otherwise} any more")
        try:
            return Understood(kept.venue, kept.at_ms, tuple(read(kept.payload, asked)))
        except Misread as misread:
            return Understood(kept.venue, kept.at_ms, (), str(misread))


def _found(kept: Answer, asks: Iterable[Ask[Any]]) -> Ask[Any] | None:
    """The question that was asked word for word, else one that asks the same of the same symbol."""
    alike = [ask for ask in asks if (ask.kind, ask.path, ask.symbol) == (kept.kind, kept.path, kept.symbol)]
    body = None if kept.body is None else kept.body.encode()
    exact = [ask for ask in alike if ask.body == body and _same(ask.params, kept.params)]
    return next(iter(exact or alike), None)


def _same(asked: Mapping[str, str], kept: Mapping[str, str]) -> bool:
    return dict(asked) == dict(kept)
