"""A Discord on loopback whose gateway can do all that a gateway does to a bot: real HTTP, a real websocket, zlib-stream.

HELLO, IDENTIFY, READY, RESUME, RESUMED, heartbeats with or without their ACK, RECONNECT, INVALID_SESSION of both kinds,
close codes, a connection that is cut, and sessions whose RESUME is always cut. `tests/doubles/discord_rest.py` is the rest.
"""

import asyncio
import json
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.doubles.discord_rest import BOT_ID, ME, DiscordRest, cut, interaction

Json = dict[str, Any]
PATIENCE_S = 60.0
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
BAD_TOKEN, TIMED_OUT, INVALID_SHARD, MISSING_SHARDS, BAD_INTENTS, REFUSED_INTENTS = (
    4004,
    4009,
    4010,
    4011,
    4013,
    4014,
)


@dataclass(slots=True)
class Session:
    """What the gateway remembers of a shard: the events it told, for a resume."""

    name: str
    shard: tuple[int, int]
    told: list[Json] = field(default_factory=list)
    is_valid: bool = True
    is_bricked: bool = False


@dataclass(slots=True)
class Line:
    """One websocket of the bot. `at_s` is when it came, `bye` the code the bot closed it with."""

    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport
    at_s: float
    session: Session | None = None
    beats: int = 0
    bye: int | None = None
    _deflate: Any = field(default_factory=zlib.compressobj)

    async def send(self, told: Json) -> None:
        """One payload, in the stream of this connection."""
        packed = self._deflate.compress(json.dumps(told).encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)


class Discord:
    """`async with Discord(token) as discord`; point a bot at `discord.url`. What goes wrong is set on its fields.

    `acks`: heartbeats are answered. `turned_away` holds what the next connections get: a close code, or 0 for being cut.
    """

    def __init__(self, token: str) -> None:
        self.rest = DiscordRest(token, self._changed)
        self.token, self.url, self.heartbeat_ms, self.acks = token, "", 40_000, True
        self.turned_away: deque[int] = deque()
        self.lines: list[Line] = []
        self.sessions: list[Session] = []
        self.identified: list[tuple[float, Json]] = []
        self.resumed: list[tuple[float, Json]] = []
        self._asked = 0
        self._heard = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway-socket/", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self.rest.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        place = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.url, self.rest.gateway_url = f"http://{place}/api/v10", f"ws://{place}/gateway-socket/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self.lines:
            cut(line.transport)
        if self._runner is not None:
            await self._runner.cleanup()

    async def until(self, claim: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait until a claim about this server holds."""
        async with asyncio.timeout(within_s):
            while not claim():
                self._heard.clear()
                await self._heard.wait()

    @property
    def line(self) -> Line:
        """The newest connection."""
        return self.lines[-1]

    async def tell(self, event: str, data: Json, line: Line | None = None) -> None:
        """An event for the bot, remembered by its session."""
        line = line or self.line
        assert line.session is not None
        told = {"op": DISPATCH, "t": event, "s": len(line.session.told) + 1, "d": data}
        line.session.told.append(told)
        await line.send(told)

    async def slash(self, name: str, line: Line | None = None) -> None:
        """Somebody sends a slash command, alone with the bot."""
        self._asked += 1
        said = interaction({"id": "9", "name": name, "type": 1}, name=str(700 + self._asked))
        await self.tell("INTERACTION_CREATE", said, line)

    def miss(self, name: str) -> None:
        """Somebody sends a slash command of which the newest connection hears nothing; a resume tells it."""
        session = self.line.session
        assert session is not None
        said = interaction({"id": "9", "name": name, "type": 1})
        session.told.append(
            {"op": DISPATCH, "t": "INTERACTION_CREATE", "s": len(session.told) + 1, "d": said}
        )

    async def reconnect(self) -> None:
        """RECONNECT: the bot is to come back and resume."""
        await self.line.send({"op": RECONNECT, "d": None})

    async def invalidate(self, *, may_resume: bool) -> None:
        """INVALID_SESSION; the session is kept only where it may be resumed."""
        session = self.line.session
        assert session is not None
        session.is_valid = may_resume
        await self.line.send({"op": INVALID, "d": may_resume})

    async def close(self, code: int) -> None:
        """Close the newest connection with a code."""
        await self.line.socket.close(code=code)

    def cut(self) -> None:
        """Cut the newest connection: no close frame, which reads as 1006."""
        cut(self.line.transport)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        line = Line(socket, request.transport, time.monotonic())
        self.lines.append(line)
        self._changed()
        if self.turned_away:
            code = self.turned_away.popleft()
            await socket.close(code=code) if code else cut(line.transport)
            return socket
        await line.send({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._hear(json.loads(frame.data), line)
                self._changed()
        line.bye = socket.close_code
        self._changed()
        return socket

    async def _hear(self, said: Json, line: Line) -> None:
        match said["op"]:
            case 1:
                line.beats += 1
                if self.acks:
                    await line.send({"op": ACK, "d": None})
            case 2:
                await self._identify(said["d"], line)
            case 6:
                await self._resume(said["d"], line)

    async def _identify(self, said: Json, line: Line) -> None:
        if said["token"] != self.token:
            await line.socket.close(code=BAD_TOKEN, message=b"Authentication failed.")
            return
        self.identified.append((time.monotonic(), said))
        shard = tuple(said.get("shard") or (0, 1))
        line.session = Session(f"session-{len(self.sessions)}", shard)
        self.sessions.append(line.session)
        ready = {"v": 10, "user": ME, "guilds": [], "session_id": line.session.name, "shard": list(shard),
                 "resume_gateway_url": self.rest.gateway_url, "application": {"id": BOT_ID, "flags": 0}}  # fmt: skip
        await self.tell("READY", ready, line)

    async def _resume(self, said: Json, line: Line) -> None:
        self.resumed.append((time.monotonic(), said))
        session = next((one for one in self.sessions if one.name == said["session_id"]), None)
        if session is not None and session.is_bricked:
            cut(line.transport)
        elif session is None or not session.is_valid or said["token"] != self.token:
            await line.send({"op": INVALID, "d": False})
        else:
            line.session = session
            for told in session.told[said["seq"] or 0 :]:
                await line.send(told)
            await self.tell("RESUMED", {}, line)

    def _changed(self) -> None:
        self._heard.set()
