"""An exchange on loopback: real HTTP, an answer to everything, and faults on order, one per request."""

import asyncio
import gzip
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
GOOD = b'{"price":"64000.5"}'
PIECE = b" " * 65_536


def answer(
    body: bytes = GOOD,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> Reply:
    """A plain answer."""

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers, content_type=kind)

    return reply


@dataclass(slots=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class ExchangeServer:
    """`script` holds the next replies, one per request; when it is empty `otherwise` replies.

    `sent_bytes` counts what replies without an end could put on the wire.
    """

    script: deque[Reply] = field(default_factory=deque)
    otherwise: Reply = field(default_factory=answer)
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    sent_bytes: int = 0

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"http://127.0.0.1:{self.port}"

    def then(self, *replies: Reply) -> None:
        """Reply like this to the next requests."""
        self.script.extend(replies)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        """Note the request and reply as scripted."""
        body = await request.read()
        self.seen.append(Seen(request.method, request.path, dict(request.query), dict(request.headers), body))
        return await (self.script.popleft() if self.script else self.otherwise)(request)


def refusal(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Reply:
    """An answer with an HTTP status that is none of success."""
    return answer(body, status, headers)


def page(status: int = 200, kind: str = "text/html") -> Reply:
    """What a proxy in front of an exchange shows to people."""
    return answer(b"<html><body>Bad gateway</body></html>", status, kind=kind)


def after(first: Callable[[], Awaitable[object]], reply: Reply) -> Reply:
    """The reply, once `first` is done."""

    async def delayed(request: web.Request) -> web.StreamResponse:
        await first()
        return await reply(request)

    return delayed


def reset() -> Reply:
    """The connection is torn down after the request has arrived."""

    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        raw: socket.socket = request.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
        return web.Response()

    return reply


def stall() -> Reply:
    """No answer, ever."""

    async def reply(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    return reply


def trickle(every_s: float, body: bytes = GOOD) -> Reply:
    """The answer, one byte at a time, promised at its full length."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": str(len(body))})
        await response.prepare(request)
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(every_s)
        return response

    return reply


def endless(
    server: ExchangeServer, declared_bytes: int | None = None, packed_first: bytes | None = None
) -> Reply:
    """A body that goes on, with or without a length promised, or behind a packed one that is complete."""

    async def reply(request: web.Request) -> web.StreamResponse:
        headers = {} if declared_bytes is None else {"content-length": str(declared_bytes)}
        headers |= {} if packed_first is None else {"content-encoding": "gzip"}
        response = web.StreamResponse(headers=headers)
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write(b"" if packed_first is None else gzip.compress(packed_first))
            while declared_bytes is None or server.sent_bytes < declared_bytes:
                await response.write(PIECE)
                server.sent_bytes += len(PIECE)
        return response

    return reply


def promise(declared_bytes: int) -> Reply:
    """The announcement of a body of this length, and nothing of it."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": str(declared_bytes)})
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    return reply


def packed(body: bytes, encoding: str = "gzip", cut_bytes: int = 0) -> Reply:
    """The body packed, the last bytes cut off on wish; any other `encoding` is a lie."""
    wire = gzip.compress(body)
    return answer(wire[: len(wire) - cut_bytes], headers={"content-encoding": encoding})


@asynccontextmanager
async def exchange_server() -> AsyncIterator[ExchangeServer]:
    """A server for the length of the block."""
    server = ExchangeServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.reply)
    # a reply nobody waits for any more ends with its connection
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def unused_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
