"""The five simulated exchanges as one server on loopback: HTTP and websockets below a path a venue."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from aiohttp import web

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.simulator.market import SimulatedMarket
from scheduler.simulator.server.binance import Binance
from scheduler.simulator.server.bybit import Bybit
from scheduler.simulator.server.conduct import refused, sent
from scheduler.simulator.server.deribit import Deribit
from scheduler.simulator.server.doors import Door
from scheduler.simulator.server.faults import Fault, Switch, Trouble
from scheduler.simulator.server.hyperliquid import Hyperliquid
from scheduler.simulator.server.line import Line
from scheduler.simulator.server.mangling import written
from scheduler.simulator.server.okx import Okx
from scheduler.simulator.server.speech import Refused, Speech
from scheduler.simulator.server.tape import Tape
from scheduler.simulator.server.venue import HOURS, VenueMarket

SHUTDOWN_S = 1.0
"""How long questions under way may take when the server ends."""
TIMES_KEPT = 10_000
HEARD_S = 10.0
"""How long clients may take to read what they are told, seconds of this machine."""

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
    """Where the venues are found, and what they do wrong.

    `rest_urls` and `ws_urls` are what a Fetcher and open_wires take. `tape` is what is true of the whole market, `markets`
    of each venue, `faults` the switch of their troubles. `asked` and `called` are when (ms) each venue was asked a question
    and was called for a stream.
    """

    def __init__(self, tape: Tape, clock: Clock, latency: float = 0.0) -> None:
        self.tape = tape
        self.markets = {venue: VenueMarket(tape, venue) for venue in SPEECHES}
        self._speeches = {venue: speak(self.markets[venue]) for venue, speak in SPEECHES.items()}
        self.asked = {venue: deque[int](maxlen=TIMES_KEPT) for venue in SPEECHES}
        self.called = {venue: deque[int](maxlen=TIMES_KEPT) for venue in SPEECHES}
        self._clock, self._latency = clock, latency
        self._doors: dict[Venue, Door] = {}
        self._lines: list[Line] = []
        self.faults = Switch(self._change)

    @property
    def rest_urls(self) -> dict[Venue, str]:
        """Where questions are asked, by venue."""
        return {venue: f"http://127.0.0.1:{self._doors[venue].port}/{venue}" for venue in SPEECHES}

    @property
    def ws_urls(self) -> dict[Venue, str]:
        """Where streams are listened to, by venue."""
        return {venue: f"ws://127.0.0.1:{self._doors[venue].port}/{venue}" for venue in SPEECHES}

    @property
    def open_lines(self) -> int:
        """How many websockets are connected."""
        return len(self._lines)

    async def tell(self) -> None:
        """Tell all who listen what happened up to now, and return when they have read it.

        For clocks that leap: the next leap may come then. Raises TimeoutError where somebody does not read.
        """
        lines = tuple(self._lines)
        async with asyncio.timeout(HEARD_S):
            for line in lines:
                await line.tell()
            for line in lines:
                await line.heard()

    async def start(self, port: int = 0) -> web.AppRunner:
        """Serve on loopback until `cleanup` of what comes back: each venue at a port of its own, all of them at `port` too.

        Raises OSError.
        """
        app = web.Application()
        app.router.add_route("*", "/{venue}{path:/.*}", self._serve)
        app.on_shutdown.append(self._hang_up)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self._doors = {venue: Door(runner.server) for venue in SPEECHES}
        for door in self._doors.values():
            await door.open()
        return runner

    async def _hang_up(self, app: web.Application) -> None:
        for venue in SPEECHES:
            self.faults.clear(venue)
        for line in tuple(self._lines):
            await line.hang_up()
        for door in self._doors.values():
            door.shut()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            venue = Venue(request.match_info["venue"])
            speech = self._speeches[venue]
        except (KeyError, ValueError):
            raise web.HTTPNotFound from None
        is_call = "upgrade" in request.headers.get("connection", "").lower()
        (self.called if is_call else self.asked)[venue].append(self._clock.now_ms())
        trouble = await refused(venue, self.faults, request, self._clock)
        if trouble is not None:
            return trouble
        path = request.match_info["path"]
        if path == speech.ws_path and is_call:
            return await self._listen(
                request, Line(venue, lambda: self._speeches[venue], self._clock, self.faults)
            )
        return await self._answer(request, venue, speech, path)

    async def _answer(
        self, request: web.Request, venue: Venue, speech: Speech, path: str
    ) -> web.StreamResponse:
        body = await request.read()
        await self._clock.sleep(self._latency * self.markets[venue].standing.latency_s)
        try:
            said, status = speech.answer(path, request.query, body, self._told_of_ms(venue)), 200
        except Refused as refused:
            said, status = refused.body, refused.status
        payload = written(said, venue, self.faults)
        return await sent(payload, status, venue, self.faults, request, self._clock)

    def _told_of_ms(self, venue: Venue) -> int:
        """Which moment a venue answers of."""
        return self._clock.now_ms() - round(self.faults.seconds(venue, Fault.REPLAY) * 1_000)

    def _change(self, venue: Venue, trouble: Trouble, begins: bool) -> None:
        """Let a trouble come over the venue's market, or its door."""
        market = self.markets[venue]
        match trouble.fault:
            case Fault.FREEZE:
                market.freeze(self._clock.now_ms()) if begins else market.thaw()
            case Fault.INTERVAL:
                market.hours = trouble.hours if begins else HOURS[venue]
            case Fault.DELIST:
                market.gone = {trouble.asset} if begins else set()
                self._speeches[venue] = SPEECHES[venue](market)
            case Fault.REFUSE:
                self._doors[venue].shut() if begins else self._doors[venue].open_again()

    async def _listen(self, request: web.Request, line: Line) -> web.WebSocketResponse:
        self._lines.append(line)
        try:
            return await line.talk(request)
        finally:
            self._lines.remove(line)


@asynccontextmanager
async def serve(
    market: SimulatedMarket, clock: Clock | None = None, port: int = 0, latency: float = 0.0
) -> AsyncIterator[SimulatedExchanges]:
    """The simulated exchanges for the length of the block; `clock` tells which moment of the market it is.

    With a `latency` of 1 every venue takes the time it usually takes, with 0 none. Raises OSError for a port that is taken.
    """
    exchanges = SimulatedExchanges(Tape(market), clock or Clock(), latency)
    runner = await exchanges.start(port)
    try:
        yield exchanges
    finally:
        await runner.cleanup()
