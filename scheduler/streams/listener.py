"""Staying on one stream: connect, read, notice silence, connect again. Nothing a venue sends ends it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NoReturn

import structlog

from market.observations import Liquidation
from scheduler.exchange import Asked, Exchange, Instruments, Misread, Report, Stream
from scheduler.streams.backoff import Backoff
from scheduler.streams.connection import TICK_S, Connection, Ear, Ended, Send, connect
from scheduler.streams.heard import Hear, Heard, StreamStatus
from scheduler.streams.watchdog import Watchdog
from scheduler.streams.wires import Wires

WELL_AFTER_S = 60.0
"""So much of data, and only that, makes a connection a good one (reliability.md, A12)."""

READS_AGAIN_AFTER_S = 60.0
LATE_S = 1.0

log = structlog.stdlib.get_logger(__name__)


class Listener:
    """One stream listened to for as long as `run` runs. `instruments` are the venue's, for readers and symbols.

    Raises ValueError where no channel of the stream would prove the others alive.
    """

    def __init__(
        self, stream: Stream, exchange: Exchange, hear: Hear, instruments: Instruments, wires: Wires
    ) -> None:
        self._stream, self._exchange, self._hear = stream, exchange, hear
        self._instruments, self._wires = instruments, wires
        self._now_ms, self._monotonic_s = wires.clock.now_ms, wires.clock.monotonic_s
        self._watch = Watchdog(stream, instruments, self._now_ms())
        self._backoff = Backoff(wires.dice)
        self._tick_is_over = asyncio.Event()
        self._is_telling = self._is_handing_on = False
        self._read, self._answer, self._keep = stream.read, stream.answer, wires.keep
        self._log = log.bind(venue=str(stream.venue), path=stream.path)
        self._connected_since_ms: int | None = None
        self._reconnects = self._misreads = 0
        self._trouble: str | None = None
        self._is_lost = False
        self._last_misread: str | None = None
        self._misread_at_s: float | None = None
        self._looked_at_s = 0.0

    async def run(self) -> NoReturn:
        """Listen until cancelled. Raises nothing but what `hear` raises."""
        ear = Ear(self._frames, self._tick, self._subscribed)
        while True:
            ended = await self._connection(ear)
            self._watch.lose()
            self._connected_since_ms = None
            self._reconnects += 1
            if not ended.as_planned:
                self._note_loss(ended)
                await self._wires.clock.sleep(max(self._backoff.next_s(), ended.wait_s))

    def status(self) -> StreamStatus:
        """How it stands now."""
        return StreamStatus(
            self._stream.venue,
            self._stream.path,
            self._connected_since_ms,
            self._reconnects,
            self._misreads,
            self._trouble,
            self._last_misread,
            self._watch.status(),
        )

    async def _connection(self, ear: Ear) -> Ended:
        try:
            socket = await connect(self._stream, self._exchange, self._wires)
        except Ended as ended:
            return ended
        remembering = self._stream.remembering
        self._read = remembering() if remembering else self._stream.read
        self._connected_since_ms = self._now_ms()
        self._watch.begin(self._monotonic_s())
        return await Connection(socket, self._stream, self._wires, ear).last()

    async def _frames(self, frames: Sequence[bytes], send: Send) -> None:
        """Hand on the reports of frames that came at once, in one call up to a frame that is not understood or answered."""
        if self._keep is not None:
            kept_ms = self._now_ms()
            for frame in frames:
                self._keep(self._stream, frame, kept_ms)
        coming = iter(frames)
        while True:
            at_s, at_ms = self._monotonic_s(), self._now_ms()
            reports, otherwise = self._understood(coming, at_ms)
            if reports:
                await self._hand_on(reports, at_s, at_ms)
            if otherwise is None:
                return
            if isinstance(otherwise, str):
                await send(otherwise)
            else:
                self._note_misread(otherwise)

    def _understood(self, frames: Iterator[bytes], at_ms: int) -> tuple[list[Report], str | Exception | None]:
        """The reports up to the end, or to a frame that demands an answer or is not understood; every microsecond is paid a frame."""
        read, answer = self._read, self._answer
        asked, said, events = Asked(at_ms, self._instruments), list[Report](), Counter[Report]()
        try:
            for frame in frames:
                if reports := read(frame, asked):
                    is_of_events = type(reports[0]) is Liquidation
                    said += _new(reports, events) if is_of_events else reports
                elif answer is not None and (text := answer(frame)) is not None:
                    return said, text
        except Exception as slip:  # noqa: BLE001  a slip of ours in one reader must not deafen us to its stream
            return said, slip
        return said, None

    async def _hand_on(self, reports: list[Report], at_s: float, at_ms: int) -> None:
        said = self._watch.hear(reports, at_s, at_ms)
        if self._is_telling:
            await self._tick_is_over.wait()
        self._is_handing_on = True
        try:
            await self._hear(said)
        finally:
            self._is_handing_on = False
        if self._monotonic_s() - at_s >= LATE_S:
            self._excuse_hearing(at_s)

    async def _tick(self) -> str | None:
        at_s = self._monotonic_s()
        self._excuse_lateness(at_s)
        if self._is_handing_on:
            return None  # we are not reading, so silence means nothing
        found = self._watch.look(at_s)
        if found.said:
            await self._tell(found.said)
            self._excuse_hearing(at_s)
        self._note_what_is_well(at_s)
        return found.reconnect_because

    async def _tell(self, said: tuple[Heard, ...]) -> None:
        """Hand on what a look found; a frame that comes meanwhile waits, so that all is told in turn."""
        self._is_telling = True
        self._tick_is_over.clear()
        try:
            await self._hear(said)
        finally:
            self._is_telling = False
            self._tick_is_over.set()

    def _subscribed(self, took_s: float) -> None:
        self._looked_at_s = self._monotonic_s()
        self._watch.excuse(took_s, self._looked_at_s)

    def _excuse_hearing(self, began_s: float) -> None:
        now_s = self._monotonic_s()
        if now_s - began_s >= LATE_S:
            self._watch.excuse(now_s - began_s, now_s)

    def _excuse_lateness(self, at_s: float) -> None:
        """Where this process itself stood still, frames may lie unread: that is no silence."""
        late_s, self._looked_at_s = at_s - self._looked_at_s - TICK_S, at_s
        if late_s >= LATE_S:
            self._watch.excuse(late_s, at_s)

    def _note_misread(self, error: Exception) -> None:
        is_documented = isinstance(error, Misread)
        self._misreads += 1
        self._last_misread = str(error) if is_documented else type(error).__name__
        self._watch.doubt(error.kind if isinstance(error, Misread) else "")
        if self._misread_at_s is None:
            trace = {} if is_documented else {"exc_info": error}
            self._log.warning("stream misread", what=self._last_misread, **trace)
        self._misread_at_s = self._monotonic_s()

    def _note_loss(self, ended: Ended) -> None:
        self._trouble = ended.why
        if not self._is_lost:
            self._is_lost = True
            self._log.warning("stream lost", why=ended.why, wait_s=ended.wait_s)

    def _note_what_is_well(self, at_s: float) -> None:
        if self._watch.data_for_s >= WELL_AFTER_S:
            self._backoff.reset()
            if self._is_lost:
                self._is_lost = False
                self._log.info("stream is back", reconnects=self._reconnects)
        if self._misread_at_s is not None and at_s - self._misread_at_s >= READS_AGAIN_AFTER_S:
            self._misread_at_s = None
            self._log.info("stream reads again", misreads=self._misreads)


def _new(reports: Sequence[Report], events: Counter[Report]) -> list[Report]:
    """The liquidations of a frame that an earlier one of the same burst has not told: equal ones are twins in one frame only."""
    found, mine = list[Report](), Counter[Report]()
    for one in reports:
        mine[one] += 1
        if mine[one] > events[one]:
            found.append(one)
    events |= mine
    return found


async def listen(
    stream: Stream, exchange: Exchange, hear: Hear, instruments: Instruments, wires: Wires
) -> NoReturn:
    """Listen to one stream until cancelled; `Listener` for who wants its status as well."""
    await Listener(stream, exchange, hear, instruments, wires).run()
