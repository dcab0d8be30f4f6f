"""An exchange's websocket on loopback, with every way of failing on order: real sockets, real frames, real resets."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import WSMsgType, web

from tests.doubles.waiting import until


class Manner(Enum):
    """How the server treats who connects."""

    WELL = "well"
    CLOSES_AT_ONCE = "closes at once"
    CLOSES_WHEN_SUBSCRIBED = "closes when subscribed"
    REFUSES = "refuses"
    MUTE = "never answers the handshake"


@dataclass(slots=True, eq=False)
class Line:
    """One client: what it said, when it came, and the ways to speak to it or to be rid of it."""

    socket: web.WebSocketResponse
    request: web.Request
    at_s: float
    texts: list[str] = field(default_factory=list)
    is_over: bool = False

    async def say(self, frame: str | bytes) -> None:
        """Send a text, or a binary frame."""
        if isinstance(frame, bytes):
            await self.socket.send_bytes(frame)
        else:
            await self.socket.send_str(frame)

    async def close(self, code: int) -> None:
        """A close frame with this code, then the end; 1006 is no code but a reset without a word."""
        if code == 1006:
            self.reset()
            return
        # Written by hand: aiohttp's own close would wait for the client.
        self._transport.write(bytes((0x88, 2)) + struct.pack("!H", code))
        self._transport.close()

    def reset(self) -> None:
        """The line is cut: the client's system is told, the client is not."""
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def break_off(self, text: str, at: int) -> None:
        """Cut the line in the middle of a frame: its header promises more than comes."""
        body = text.encode()
        self._transport.write(bytes((0x81, len(body))) + body[:at])
        await asyncio.sleep(0)
        self._transport.close()

    async def break_message(self, text: str) -> None:
        """Cut the line between two frames of one message: the first says that more will follow."""
        body = text.encode()
        self._transport.write(bytes((0x01, len(body))) + body)
        await asyncio.sleep(0)
        self._transport.close()

    async def say_too_much(self, size_bytes: int) -> None:
        """A frame so long that the client hangs up in the middle of it."""
        with suppress(ConnectionError):
            await self.say("x" * size_bytes)

    @property
    def _transport(self) -> asyncio.Transport:
        transport = self.request.transport
        assert isinstance(transport, asyncio.Transport)
        return transport


@dataclass(slots=True, eq=False)
class StreamServer:
    """`answers` gives what to reply to a text. `lines` are all clients that ever came, `knocks` all who tried."""

    now_s: Callable[[], float]
    manner: Manner = Manner.WELL
    close_code: int = 1011
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    answers: Callable[[str], str | None] = lambda text: "pong" if text == "ping" else None
    lines: list[Line] = field(default_factory=list)
    knocks: list[float] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One client, from its handshake to its end."""
        self.knocks.append(self.now_s())
        if self.manner is Manner.REFUSES:
            return web.Response(status=self.status, headers=self.headers)
        if self.manner is Manner.MUTE:
            await asyncio.Event().wait()
        ws = web.WebSocketResponse(timeout=0.1)
        await ws.prepare(request)
        line = Line(ws, request, self.now_s())
        self.lines.append(line)
        if self.manner is Manner.CLOSES_AT_ONCE:
            await line.close(self.close_code)
        try:
            await self._talk(line)
        finally:
            line.is_over = True
        return ws

    async def line(self, number: int) -> Line:
        """The client of that number, from 0, as soon as it has come."""
        await until(lambda: len(self.lines) > number)
        return self.lines[number]

    @property
    def open_lines(self) -> list[Line]:
        """Who is connected now."""
        return [line for line in self.lines if not line.is_over]

    async def _talk(self, line: Line) -> None:
        async for message in line.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            line.texts.append(message.data)
            if self.manner is Manner.CLOSES_WHEN_SUBSCRIBED:
                await line.close(self.close_code)
            elif (answer := self.answers(message.data)) is not None:
                await line.say(answer)


@asynccontextmanager
async def stream_server(now_s: Callable[[], float]) -> AsyncIterator[StreamServer]:
    """A server on a free port for the length of the block; `now_s` is the clock its notes are taken by."""
    server = StreamServer(now_s)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
