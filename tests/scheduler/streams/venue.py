"""A venue of the tests' own: plain frames, every kind of channel, and what listens to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from market.observations import Heartbeat, Liquidation, Mark, Side, Venue
from scheduler.exchange import (
    Asked,
    Channel,
    Exchange,
    Instrument,
    Instruments,
    Kind,
    Misread,
    Report,
    Stream,
)
from scheduler.streams import Gap, Heard, Listener, Stall, Wires, open_wires
from tests.doubles.exchange_streams import Line, StreamServer, stream_server
from tests.doubles.hand_clock import HandClock
from tests.doubles.waiting import until

INSTRUMENTS = {
    f"{coin}USDT": Instrument(Venue.SIMULATED, f"{coin}USDT", coin, 1.0) for coin in ("BTC", "ETH", "SOL")
}
MARKS = Channel(Kind.MARK, "BTCUSDT", 1.0)
ETH_MARKS = Channel(Kind.MARK, "ETHUSDT", 3.0)
QUIET = Channel(Kind.LIQUIDATIONS, "BTCUSDT", None)


def mark(symbol: str = "BTCUSDT", price: float = 60_000.0) -> str:
    return json.dumps({"k": "mark", "s": symbol, "p": price})


def liquidation(symbol: str = "BTCUSDT") -> str:
    return json.dumps({"k": "liquidations", "s": symbol, "p": 59_000.0})


def read(frame: bytes, asked: Asked) -> tuple[Report, ...]:
    """Marks and liquidations, nothing for acknowledgements and pongs."""
    if frame in (b"pong", b'{"ok":true}', b'{"test":1}'):
        return ()
    try:
        said = json.loads(frame)
        kind, price, asset = said["k"], said["p"], asked.instruments[said["s"]].asset
    except (ValueError, KeyError, TypeError):
        raise Misread(Venue.SIMULATED, "frame", "shape") from None
    at_ms = asked.received_at_ms
    if not isinstance(price, float):
        raise Misread(Venue.SIMULATED, kind, "p")
    if kind == "mark":
        return (Mark(Venue.SIMULATED, asset, at_ms, price),)
    return (Liquidation(Venue.SIMULATED, asset, at_ms, Side.LONG, 0.5, price, is_sample=False),)


STREAM = Stream(
    Venue.SIMULATED, "/ws", (MARKS, QUIET), ("subscribe marks",), read, ping="ping", ping_every_s=20.0
)


def _nothing(*_: object) -> tuple[()]:
    return ()


EXCHANGE = Exchange(
    "Test",
    Venue.SIMULATED,
    "http://127.0.0.1:1",
    "ws://127.0.0.1:1",
    {},
    lambda: (),
    _nothing,
    _nothing,
    lambda _instruments: (STREAM,),
    lambda _status, _headers, _body: None,
)


@dataclass(slots=True)
class Desk:
    """A server, a listener to it, a clock moved by hand, and all that was heard."""

    time: HandClock
    server: StreamServer
    wires: Wires
    listener: Listener
    heard: list[Heard] = field(default_factory=list)

    @property
    def marks(self) -> list[Mark]:
        return [word for word in self.heard if isinstance(word, Mark)]

    @property
    def liquidations(self) -> list[Liquidation]:
        return [word for word in self.heard if isinstance(word, Liquidation)]

    @property
    def heartbeats(self) -> list[Heartbeat]:
        return [word for word in self.heard if isinstance(word, Heartbeat)]

    @property
    def gaps(self) -> list[Gap]:
        return [word for word in self.heard if isinstance(word, Gap)]

    @property
    def stalls(self) -> list[Stall]:
        return [word for word in self.heard if isinstance(word, Stall)]

    async def line(self, number: int = 0) -> Line:
        """The connection of that number, once it has subscribed to all."""
        line = await self.server.line(number)
        await until(lambda: bool(line.texts))
        await self.time.settle()
        return line

    async def tell(self, line: Line, *frames: str | bytes) -> None:
        """Say frames that carry data, and see them arrive."""
        for frame in frames:
            before = len(self.heard)
            await line.say(frame)
            await self.time.settle()
            await until(lambda so_far=before: len(self.heard) > so_far)

    async def live(self, line: Line, seconds: int, *frames: str) -> None:
        """So many seconds of a healthy stream: each second the frames, or a mark."""
        for _ in range(seconds):
            await self.tell(line, *(frames or (mark(),)))
            await self.time.advance(1.0)


@asynccontextmanager
async def desk(
    stream: Stream = STREAM,
    exchange: Exchange = EXCHANGE,
    dice: float = 0.999,
    instruments: Instruments = INSTRUMENTS,
) -> AsyncIterator[Desk]:
    """A desk at work; at its end nothing of it may be left."""
    time = HandClock()
    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(clock=time.clock, dice=lambda: dice, ws_urls={exchange.venue: server.url}) as wires,
    ):
        heard: list[Heard] = []

        async def hear(words: tuple[Heard, ...]) -> None:
            heard.extend(words)

        listener = Listener(stream, exchange, hear, instruments, wires)
        task = asyncio.create_task(listener.run())
        try:
            yield Desk(time, server, wires, listener, heard)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await until(lambda: not server.open_lines)


def with_channels(*channels: Channel) -> Stream:
    """The stream with other channels."""
    return replace(STREAM, channels=tuple(channels))


def most_in_a_second(moments: Sequence[float]) -> int:
    """The largest number of moments within any one second."""
    ordered = sorted(moments)
    return max(sum(1 for other in ordered if start <= other < start + 1.0) for start in ordered)
