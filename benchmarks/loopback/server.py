"""A venue on loopback, in a process of its own: what it lists over HTTP, and its frames over a websocket at full speed.

`python -m benchmarks.loopback.server binance 20000 0` prints its port and serves until its input ends. A connection gets the
frames of what it has subscribed to: the first one alone, so that a reader can begin its clock, and shortly after it all
others as fast as they are taken, or one by one so many seconds apart as the last argument says.
"""

import asyncio
import struct
import sys
from collections.abc import Iterable, Iterator

import msgspec
from aiohttp import WSMsgType, web

from benchmarks.loopback.frames import LISTINGS, Frames, frames_of
from market.observations import Venue

QUIET_S = 0.4
"""So long after the last subscription nobody is expected to send another one."""
PAUSE_S = 0.3
CHUNK_BYTES = 65_536
MOST_UNSENT_BYTES = 1 << 20


class LoopbackVenue:
    """One venue's listing and frames, for any client."""

    def __init__(self, frames: Frames, apart_s: float) -> None:
        self._frames, self._apart_s = frames, apart_s

    def app(self) -> web.Application:
        """The routes: the listing where the venue has it, everything else is a websocket."""
        app = web.Application()
        app.router.add_get(f"/rest{LISTINGS[self._frames.venue]}", self._list)
        app.router.add_get("/ws{path:/.*}", self._listen)
        return app

    async def _list(self, request: web.Request) -> web.Response:
        return web.Response(body=self._frames.listing, content_type="application/json")

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, autoping=True)
        await socket.prepare(request)
        is_combined = request.path.endswith("/stream")
        topics = set(request.query.get("streams", "").split("/")) - {""}
        if not is_combined:
            await self._subscribe(socket, topics)
        wanted = [
            _wrapped(topic, frame) if is_combined else frame
            for topic, frame in self._frames.said
            if _is_wanted(topic, frame, topics)
        ]
        if wanted and request.transport is not None:
            await _send(request.transport, wanted[:1])
            await asyncio.sleep(PAUSE_S)
            if self._apart_s:
                await _say(request.transport, wanted[1:], self._apart_s)
            else:
                await _send(request.transport, wanted[1:])
        async for _ in socket:
            pass
        return socket

    async def _subscribe(self, socket: web.WebSocketResponse, topics: set[str]) -> None:
        """Take subscriptions and acknowledge them until no more come."""
        while True:
            try:
                message = await socket.receive(timeout=QUIET_S if topics else None)
            except TimeoutError:
                return
            if message.type is not WSMsgType.TEXT:
                return
            wish = msgspec.json.decode(message.data)
            topics.update(wish.get("params") or wish.get("args") or ())
            await socket.send_str(msgspec.json.encode(_acknowledged(wish)).decode())


def _acknowledged(wish: dict[str, object]) -> dict[str, object]:
    if "op" in wish:
        return {
            "success": True,
            "ret_msg": "",
            "op": wish["op"],
            "req_id": wish.get("req_id", ""),
            "conn_id": "1",
        }
    return {"result": None, "id": wish["id"]}


def _is_wanted(topic: str, frame: bytes, topics: set[str]) -> bool:
    """A mark price is wanted each second or as often as it comes, forced orders all at once or by symbol."""
    if topic != "!forceOrder@arr":
        return topic in topics or topic.removesuffix("@1s") in topics
    return topic in topics or _forced(frame) in topics


def _forced(frame: bytes) -> str:
    symbol: str = msgspec.json.decode(frame)["o"]["s"]
    return f"{symbol.lower()}@forceOrder"


def _wrapped(topic: str, frame: bytes) -> bytes:
    """As a combined stream says it."""
    if topic == "!forceOrder@arr":
        topic = _forced(frame)
    return b'{"stream":"%s","data":%s}' % (topic.encode(), frame)


async def _send(transport: asyncio.WriteTransport, frames: Iterable[bytes]) -> None:
    """Write frames to the wire as they are there, many at once, never more than is taken."""
    for chunk in _chunks(frames):
        if transport.is_closing():
            return
        transport.write(chunk)
        while transport.get_write_buffer_size() > MOST_UNSENT_BYTES:  # noqa: ASYNC110 (a transport tells nobody)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)


async def _say(transport: asyncio.WriteTransport, frames: Iterable[bytes], apart_s: float) -> None:
    """Write frames one by one."""
    for frame in frames:
        if transport.is_closing():
            return
        transport.write(_on_the_wire(frame))
        await asyncio.sleep(apart_s)


def _chunks(frames: Iterable[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for frame in frames:
        chunk += _on_the_wire(frame)
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _on_the_wire(payload: bytes) -> bytes:
    """A text frame of a server: whole and not masked (RFC 6455, 5.2)."""
    size = len(payload)
    head = struct.pack("!BB", 0x81, size) if size < 126 else struct.pack("!BBH", 0x81, 126, size)
    return head + payload


async def serve(frames: Frames, apart_s: float) -> None:
    """Serve on a free port of loopback, say which, and end when the input does."""
    runner = web.AppRunner(LoopbackVenue(frames, apart_s).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(frames_of(Venue(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3])))
