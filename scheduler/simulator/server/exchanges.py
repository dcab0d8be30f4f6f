"""The five simulated exchanges as one server on loopback: HTTP and websockets below a path a venue."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType

import msgspec
from aiohttp import WSMsgType, web

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server.binance import Binance
from scheduler.simulator.server.bybit import Bybit
from scheduler.simulator.server.deribit import Deribit
from scheduler.simulator.server.hyperliquid import Hyperliquid
from scheduler.simulator.server.okx import Okx
from scheduler.simulator.server.speech import Refused, Speech
from scheduler.simulator.server.tape import Tape
from scheduler.simulator.server.venue import VenueMarket

TICK_S = 1.0
"""How often streams speak, in seconds of the clock."""
LONGEST_MESSAGE_BYTES = 65_536

SPEECHES: Mapping[Venue, Callable[[VenueMarket], Speech]] = MappingProxyType(
    {
        Venue.BINANCE: Binance,
        Venue.BYBIT: Bybit,
        Venue.OKX: Okx,
        Venue.DERIBIT: Deribit,
        Venue.HYPERLIQUID: Hyperliquid,
    }
)


class SimulatedExchanges:
    """Where the venues are found: `rest_urls` and `ws_urls` are what a Fetcher and open_wires take."""

    def __init__(self, tape: Tape, clock: Clock) -> None:
        self.tape = tape
        self.markets = {venue: VenueMarket(tape, venue) for venue in SPEECHES}
        self._speeches = {venue: speak(self.markets[venue]) for venue, speak in SPEECHES.items()}
        self._clock = clock
        self._port = 0
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def rest_urls(self) -> dict[Venue, str]:
        """Where questions are asked, by venue."""
        return {venue: f"http://127.0.0.1:{self._port}/{venue}" for venue in SPEECHES}

    @property
    def ws_urls(self) -> dict[Venue, str]:
        """Where streams are listened to, by venue."""
        return {venue: f"ws://127.0.0.1:{self._port}/{venue}" for venue in SPEECHES}

    async def start(self, port: int = 0) -> web.AppRunner:
        """Serve on loopback, on a free port unless one is named; `cleanup` of what comes back ends it. Raises OSError."""
        app = web.Application()
        app.router.add_route("*", "/{venue}{path:/.*}", self._serve)
        app.on_shutdown.append(self._hang_up)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self._port = runner.addresses[0][1]
        return runner

    async def _hang_up(self, app: web.Application) -> None:
        for talk in self._talks:
            talk.cancel()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            speech = self._speeches[Venue(request.match_info["venue"])]
        except (KeyError, ValueError):
            raise web.HTTPNotFound from None
        path = request.match_info["path"]
        if path == speech.ws_path and "upgrade" in request.headers.get("connection", "").lower():
            return await self._listen(request, speech)
        body = await request.read()
        try:
            said, status = speech.answer(path, request.query, body, self._clock.now_ms()), 200
        except Refused as refused:
            said, status = refused.body, refused.status
        return web.Response(body=_written(said), status=status, content_type="application/json")

    async def _listen(self, request: web.Request, speech: Speech) -> web.WebSocketResponse:
        """One connection: what the client says is answered at once, what happens is told each tick."""
        socket = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE_BYTES)
        await socket.prepare(request)
        topics: set[str] = set()
        talk = asyncio.create_task(self._talk(socket, speech, topics))
        self._talks.add(talk)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._reply(socket, speech, message.data, topics)
        finally:
            talk.cancel()
            with suppress(asyncio.CancelledError):
                await talk
            self._talks.discard(talk)
        return socket

    async def _reply(
        self, socket: web.WebSocketResponse, speech: Speech, said: str, topics: set[str]
    ) -> None:
        """Acknowledge, then tell how things stand in what has just been subscribed to."""
        before = set(topics)
        with suppress(ConnectionError):
            for reply in speech.hear(said, topics):
                await socket.send_str(_written(reply).decode())
            now_ms = self._clock.now_ms()
            for frame in speech.frames(topics - before, now_ms, now_ms):
                await socket.send_str(_written(frame).decode())

    async def _talk(self, socket: web.WebSocketResponse, speech: Speech, topics: set[str]) -> None:
        told_ms = self._clock.now_ms()
        with suppress(ConnectionError):
            while not socket.closed:
                await self._clock.sleep(TICK_S)
                now_ms = self._clock.now_ms()
                for frame in speech.frames(topics, told_ms, now_ms) if now_ms > told_ms else ():
                    await socket.send_str(_written(frame).decode())
                told_ms = max(told_ms, now_ms)


@asynccontextmanager
async def serve(
    market: SimulatedMarket, clock: Clock | None = None, port: int = 0
) -> AsyncIterator[SimulatedExchanges]:
    """The simulated exchanges for the length of the block; `clock` tells which moment of the market it is.

    Raises OSError for a port that is taken.
    """
    exchanges = SimulatedExchanges(Tape(market), clock or Clock())
    runner = await exchanges.start(port)
    try:
        yield exchanges
    finally:
        await runner.cleanup()


def _written(said: object) -> bytes:
    return said.encode() if isinstance(said, str) else msgspec.json.encode(said)
