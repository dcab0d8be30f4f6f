"""A Discord on loopback, REST and gateway, as small as one bot needs: it logs in, is told of a slash command, answers.

simcord plays Discord inside the process; this one is reached over real HTTP and a real websocket, so that the addresses,
the token, the order of login and the library's own request code are the real ones.
"""

import asyncio
import json
import zlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import yarl
from aiohttp import WSMsgType, web

from tests.doubles.discord_rest import BOT_ID, ME, interaction, shown_message
from tests.doubles.discord_uploads import Uploads, body_of

Json = dict[str, Any]
PATIENCE_S = 60.0
HELLO, IDENTIFY, HEARTBEAT, ACK = 10, 2, 1, 11
COMMAND, PRESS, PAGE = 2, 3, 5
"""Kinds of interactions (developer documentation, Interaction Type)."""
BAD_TOKEN = 4004
STATUS = {50035: 400, 40060: 400, 10062: 404, 10015: 404, 50027: 401}
"""Invalid form body, acknowledged already, unknown interaction, unknown webhook, a webhook's token that is over: the status of each."""


class DiscordServer:
    """The server; use it as `async with DiscordServer(token) as discord` and point the bot at `discord.url`.

    `gateway_token` is the one the gateway takes, the same unless said otherwise. A path in `refused` answers with that code, and
    so does a request for whose path and body `objects` gives one. A request whose path ends with a word of `drops` is heard, and
    the connection closed in place of an answer; the word is then taken out.
    """

    def __init__(self, token: str, gateway_token: str | None = None) -> None:
        self.token = token
        self.gateway_token = gateway_token or token
        self.url = ""
        self.requests: list[tuple[str, str, Any]] = []
        self.uploads: Uploads = []
        self.refused: dict[str, int] = {}
        self.drops: list[str] = []
        self.objects: Callable[[str, Any], int | None] = lambda _path, _body: None
        self.identified: list[Json] = []
        self._socket: web.WebSocketResponse | None = None
        self._deflate = zlib.compressobj()
        self._sequence = 0
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway-socket/", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/v10"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for(self, claim: Callable[[], bool]) -> None:
        """Wait until a claim about this server holds."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(claim)

    def asked(self, method: str, part: str) -> list[Any]:
        """The bodies of the requests of a method whose path holds `part`."""
        return [body for verb, path, body in self.requests if verb == method and part in path]

    async def slash(self, name: str, **options: str | float) -> None:
        """Somebody sends a slash command, alone with the bot."""
        given = [
            {"name": option, "type": 3 if isinstance(value, str) else 10, "value": value}
            for option, value in options.items()
        ]
        await self.interact(COMMAND, {"id": "9", "name": name, "type": 1, "options": given})

    async def hand_in(self, page: Json, values: Mapping[str, str]) -> None:
        """Somebody hands in a page of the bot with these values."""
        fields = [
            {"type": 18, "id": number, "component": {"type": 4, "id": 90 + number, "custom_id": name, "value": value}}
            for number, (name, value) in enumerate(values.items(), 1)
        ]  # fmt: skip
        await self.interact(PAGE, {"custom_id": page["custom_id"], "components": fields})

    async def press(self, message: Json, custom_id: str, **where: Any) -> None:
        """Somebody presses a button under a message of the bot, which only they see where its flags say so."""
        button = {"type": 2, "id": 2, "style": 2, "label": "Share", "custom_id": custom_id}
        rows = [{"type": 1, "id": 1, "components": [button]}]
        shown = {**self._result("", None), "application_id": BOT_ID, "components": rows, **message}
        await self.interact(
            PRESS, {"custom_id": custom_id, "component_type": 2, "id": 2}, message=shown, **where
        )

    async def interact(self, kind: int, data: Json, **more: Any) -> None:
        """Somebody does something with the bot, alone with it unless `more` says where."""
        await self._tell("INTERACTION_CREATE", {**interaction(data, kind), **more})

    async def _rest(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await body_of(request, self.uploads)
        if request.headers.get("Authorization", f"Bot {self.token}") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        self.requests.append((request.method, path, body))
        async with self._changed:
            self._changed.notify_all()
        if path in self.refused:
            return _json({"message": "Cannot send messages to this user", "code": self.refused[path]}, 403)
        for word in [word for word in self.drops if path.endswith(word)][:1]:
            self.drops.remove(word)
            assert request.transport is not None
            request.transport.close()
        code = self.objects(path, body)
        if code is not None:
            return _json({"message": "no", "code": code}, STATUS[code])
        return _json(self._result(path, body))

    def _result(self, path: str, body: Any) -> Any:
        if path == "users/@me":
            return ME
        if path == "oauth2/applications/@me":
            return {"id": BOT_ID, "name": "seawall", "description": "", "icon": None, "flags": 0, "owner": ME, "summary": "",
                    "verify_key": "", "bot_public": True, "bot_require_code_grant": False, "team": None}  # fmt: skip
        if path == "gateway/bot":
            base, starts = (
                yarl.URL(self.url),
                {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1},
            )
            url = f"ws://{base.host}:{base.port}/gateway-socket/"
            return {"url": url, "shards": 1, "session_start_limit": starts}
        if path == "users/@me/channels":
            alice = {
                "id": str(body["recipient_id"]),
                "username": "alice",
                "discriminator": "0",
                "avatar": None,
            }
            return {"id": f"9{body['recipient_id']}", "type": 1, "recipients": [alice]}
        if path.endswith("/callback"):
            return {"interaction": {"id": "77", "type": 2, "response_message_loading": True}}
        if path.endswith("/commands"):
            return [
                {**one, "id": str(number), "application_id": BOT_ID, "version": "1"}
                for number, one in enumerate(body, 1)
            ]
        return shown_message("55", "88", {})

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._deflate = zlib.compressobj()
        await self._send({"op": HELLO, "d": {"heartbeat_interval": 40_000}})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._hear(json.loads(frame.data), socket)
        return socket

    async def _hear(self, said: Json, socket: web.WebSocketResponse) -> None:
        if said["op"] == HEARTBEAT:
            await self._send({"op": ACK, "d": None})
        elif said["op"] == IDENTIFY and said["d"]["token"] != self.gateway_token:
            await socket.close(code=BAD_TOKEN, message=b"Authentication failed.")
        elif said["op"] == IDENTIFY:
            ready = {"v": 10, "user": ME, "guilds": [], "session_id": "s", "resume_gateway_url": "ws://x",
                     "shard": said["d"]["shard"], "application": {"id": BOT_ID, "flags": 0}}  # fmt: skip
            await self._tell("READY", ready)
            self.identified.append(said["d"])
            async with self._changed:
                self._changed.notify_all()

    async def _tell(self, event: str, told: Json) -> None:
        self._sequence += 1
        await self._send({"op": 0, "t": event, "s": self._sequence, "d": told})

    async def _send(self, told: Json) -> None:
        assert self._socket is not None
        packed = self._deflate.compress(json.dumps(told).encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(packed)


def _json(told: Any, status: int = 200) -> web.Response:
    # exactly this content type: with a charset behind it the library takes the body for text
    return web.Response(
        body=json.dumps(told).encode(), status=status, headers={"Content-Type": "application/json"}
    )
