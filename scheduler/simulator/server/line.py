"""One websocket connection to a simulated venue: what the client says is answered at once, what happens is told each tick."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.simulator.server.conduct import Conduct
from scheduler.simulator.server.faults import Switch
from scheduler.simulator.server.speech import Speech

TICK_S = 1.0
"""How often streams speak, in seconds of the clock."""
LONGEST_MESSAGE_BYTES = 65_536


class Line:
    """A connection that has been accepted; `talk` keeps it until either side ends it."""

    def __init__(self, venue: Venue, speech: Callable[[], Speech], clock: Clock, switch: Switch) -> None:
        self._speech, self._clock, self._conduct = speech, clock, Conduct(venue, switch)
        self._socket = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE_BYTES, autoping=False)
        self._topics: set[str] = set()
        self._told_ms = clock.now_ms()
        self._telling = asyncio.Lock()
        self._heard = asyncio.Event()

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """Listen and tell until the connection ends."""
        try:
            await self._socket.prepare(request)
        except ConnectionError:  # the client went away while it was being accepted
            return self._socket
        telling = asyncio.create_task(self._tell_each_tick(request))
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._reply(message.data)
                elif message.type is WSMsgType.PONG:
                    self._heard.set()
                elif message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
        finally:
            self._heard.set()
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        return self._socket

    async def hang_up(self) -> None:
        """End the connection as a venue does that goes away."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def tell(self) -> None:
        """Tell what happened since the last time, up to now, and ask whether all that was told has been read."""
        await self._tell()
        if self._conduct.is_deaf:
            self._heard.set()
        elif not self._socket.closed:
            self._heard.clear()
            with suppress(ConnectionError):
                await self._socket.ping()

    async def heard(self) -> None:
        """Return when the client has read all that `tell` told: it answers only then. A connection that ends is over."""
        await self._heard.wait()

    async def _reply(self, said: str) -> None:
        """Acknowledge, then tell how things stand in what has just been subscribed to."""
        before = set(self._topics)
        now_ms = self._clock.now_ms()
        await self._say(self._conduct.replies(self._speech().hear(said, self._topics)))
        await self._say(self._conduct.frames(self._speech(), self._topics - before, now_ms, now_ms))

    async def _tell_each_tick(self, request: web.Request) -> None:
        while not self._socket.closed:
            await self._clock.sleep(TICK_S)
            await self._conduct.suffer(self._socket, request)
            await self._tell()

    async def _tell(self) -> None:
        """What happens while the venue is stalled is never told: that is what makes a gap."""
        async with self._telling:
            after_ms, now_ms = self._told_ms, self._clock.now_ms()
            if now_ms > after_ms:
                self._told_ms = now_ms
                await self._say(self._conduct.frames(self._speech(), self._topics, after_ms, now_ms))

    async def _say(self, payloads: Iterable[bytes]) -> None:
        """A client that has gone is noticed by who listens to it."""
        with suppress(ConnectionError):
            for payload in payloads:
                if self._socket.closed:
                    return
                await self._socket.send_str(payload.decode())
