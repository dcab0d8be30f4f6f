"""Each exchange tried out: asked what it lists and what it says of one asset, and listened to, all within seconds."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from market.observations import Asset, DepthBand, Mark, OpenInterest, Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Asked, Exchange, Instrument, Kind, Report, Told
from scheduler.fetch import Fetcher, SourceFailed
from scheduler.streams import Gap, Heard, Listener, Stall, Wires, open_wires

LEARN_S = 10.0
"""For what a venue lists; Deribit may be asked once a second, and lists in three parts.

Long enough for a small machine far from the venue, which reads five lists of hundreds at once: a venue is never called slow
because we were. Only what does not answer at all takes so long.
"""
QUESTION_S = 8.0
ANSWER_S = 8.0
"""For the questions of one asset."""
STREAM_S = 8.0
"""For a stream to speak, at the same time."""

TRIED_WITH = "BTC"
ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class SourceFound:
    """How an exchange was found. `state` is "answers" or what is wrong, as fetching calls it, such as "geo-blocked".

    `assets` are those with a perpetual there, `unread` questions without a readable answer. `lag_ms` is how far the newest
    stamp lies behind this machine's clock (negative: ahead of it), None where no answer tells the venue's time. `stream` is
    "speaks", "connects" or why it does neither. The addresses are set where the operator sends it elsewhere.
    """

    venue: Venue
    state: str
    why: str | None = None
    instruments: int = 0
    assets: frozenset[Asset] = field(default=frozenset(), repr=False)
    asked: int = 0
    unread: tuple[str, ...] = ()
    lag_ms: int | None = None
    stream: str = "not tried"
    rest_url: str | None = None
    ws_url: str | None = None

    @property
    def is_well(self) -> bool:
        """Every question was answered and its stream connects."""
        return self.state == ANSWERS and not self.unread and self.stream in {"speaks", "connects"}


async def try_sources(
    exchanges: Iterable[Exchange],
    rest_urls: Mapping[Venue, str],
    ws_urls: Mapping[Venue, str],
    clock: Clock | None = None,
) -> tuple[SourceFound, ...]:
    """Every exchange, all at the same time, within LEARN_S + ANSWER_S; what goes wrong is found, never raised."""
    known, clock = tuple(exchanges), clock or Clock()
    async with (
        Fetcher(known, rest_urls, clock=clock, deadline_s=QUESTION_S) as fetcher,
        open_wires(clock=clock, ws_urls=ws_urls, connect_s=STREAM_S) as wires,
    ):
        found = await asyncio.gather(*(_try(exchange, fetcher, wires) for exchange in known))
    return tuple(
        replace(one, rest_url=rest_urls.get(one.venue), ws_url=ws_urls.get(one.venue)) for one in found
    )


async def _try(exchange: Exchange, fetcher: Fetcher, wires: Wires) -> SourceFound:
    known: dict[str, Instrument] = {}
    try:
        async with asyncio.timeout(LEARN_S):
            await _learn(exchange, fetcher, known, wires.clock)
    except TimeoutError:
        return SourceFound(exchange.venue, "too slow", f"its list did not come within {LEARN_S:.0f} s")
    except SourceFailed as failure:
        return SourceFound(exchange.venue, failure.failure.value, failure.why)
    assets = frozenset(one.asset for one in known.values())
    found = SourceFound(exchange.venue, ANSWERS, instruments=len(known), assets=assets)
    tried = [one for one in known.values() if one.asset == TRIED_WITH] or list(known.values())
    if not tried:
        return replace(found, state="misread", why="it lists no perpetual that can be read")
    found, stream = await asyncio.gather(
        _ask(found, exchange, fetcher, tried[0], known, wires.clock),
        _listen(exchange, wires, tried[0], known),
    )
    return replace(found, stream=stream)


async def _learn(exchange: Exchange, fetcher: Fetcher, known: dict[str, Instrument], clock: Clock) -> None:
    for ask in exchange.instruments():
        async for said in fetcher.pages(ask, Asked(clock.now_ms(), known), patience_s=LEARN_S):
            known |= {one.symbol: one for one in said}


async def _ask(
    found: SourceFound,
    exchange: Exchange,
    fetcher: Fetcher,
    instrument: Instrument,
    known: Mapping[str, Instrument],
    clock: Clock,
) -> SourceFound:
    """Everything a poll asks of one instrument, the option chain left out for its size."""
    timed = exchange.timed_asks((instrument,), clock.now_ms()) if exchange.timed_asks else ()
    asks = [ask for ask in (*exchange.asks((instrument,)), *timed) if ask.kind is not Kind.OPTIONS]
    asked = Asked(clock.now_ms(), known)
    told = await asyncio.gather(*(_answer(fetcher, ask, asked) for ask in asks))
    unread = dict.fromkeys(said for said, _ in told if said is not None)
    lags = [lag_ms for _, lag_ms in told if lag_ms is not None]
    return replace(found, asked=len(asks), unread=tuple(unread), lag_ms=min(lags, default=None))


async def _answer(
    fetcher: Fetcher, ask: Ask[tuple[Report, ...]], asked: Asked
) -> tuple[str | None, int | None]:
    """Why a question has no readable answer, and how far the newest stamp of its answer lies behind our clock."""
    try:
        async with asyncio.timeout(ANSWER_S):
            came_at_ms, said = await fetcher.get(_with_time(ask), asked, patience_s=ANSWER_S)
    except TimeoutError:
        return f"{ask.kind}: no answer within {ANSWER_S:g} s", None
    except SourceFailed as failure:
        return f"{ask.kind}: {failure.why}", None
    return None, _lag_ms(said, came_at_ms)


def _with_time(ask: Ask[tuple[Report, ...]]) -> Ask[tuple[int, tuple[Report, ...]]]:
    """The same question, answered together with when the answer came."""

    def read(payload: bytes, asked: Asked) -> tuple[int, tuple[Report, ...]]:
        return asked.received_at_ms, ask.read(payload, asked)

    fields = {
        name: getattr(ask, name) for name in ("params", "body", "weight", "budget", "symbol", "step_ms")
    }
    return Ask(ask.venue, ask.kind, ask.path, read, **fields)


def _lag_ms(reports: Sequence[Report], came_at_ms: int) -> int | None:
    """Of what a venue stamps as it answers; a stamp that is our own moment of reading tells nothing."""
    stamps = {_stamp_ms(report) for report in reports} - {came_at_ms}
    newest_ms = max((stamp for stamp in stamps if stamp is not None), default=None)
    return None if newest_ms is None else came_at_ms - newest_ms


def _stamp_ms(report: Report) -> int | None:
    if isinstance(report, Mark | DepthBand):
        return report.known_at_ms
    if isinstance(report, Told) and isinstance(report.said, OpenInterest):
        return report.said.known_at_ms
    return None


async def _listen(
    exchange: Exchange, wires: Wires, instrument: Instrument, known: Mapping[str, Instrument]
) -> str:
    """Whether a stream of one instrument speaks, or at least connects, or why not."""
    streams = exchange.streams((instrument,))
    if not streams:
        return "connects"  # it has none: nothing to be missed
    heard = asyncio.Event()

    async def hear(said: tuple[Heard, ...]) -> None:
        if any(not isinstance(word, Gap | Stall) for word in said):
            heard.set()

    listener = Listener(streams[0], exchange, hear, known, wires)
    listening = asyncio.ensure_future(listener.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(STREAM_S):
            await heard.wait()
    status = listener.status()
    listening.cancel()
    await asyncio.wait({listening})
    if heard.is_set():
        return "speaks"
    if status.misreads:
        return f"cannot be read: {status.last_misread}"
    if status.connected_since_ms is not None:
        return "connects"
    return status.trouble or f"no connection within {STREAM_S:g} s"
