"""The REST half of a Discord on loopback: messages, buckets, the global limit, the nonce rule, and what goes wrong there.

The rules are those of the developer documentation (Rate Limits, Create Message). A fault is planned for the next request
whose path holds a part; planned faults are used up in their order.
"""

import asyncio
import json
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.doubles.discord_schemas import is_layout, words_of
from tests.doubles.discord_uploads import Uploads, body_of
from tests.doubles.strict.limits import Window

Json = dict[str, Any]
BOT_ID = "1000000000000000001"
ME: Json = {"id": BOT_ID, "username": "seawall", "discriminator": "0", "avatar": None, "bot": True}
COMMAND = 2
"""The kind of an interaction that is a slash command."""
LONGEST_NONCE = 25
NONCE_KEPT_S = 180.0
"""The documentation says "the past few minutes"."""
VIA = {"Via": "1.1 google"}
ATTACH_FILES = str(1 << 15)
"""The right to attach files (developer documentation, Permissions)."""
JSON = {"Content-Type": "application/json"}
"""Exactly this: with a charset behind it the library takes an answer for text."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request: this answer, or the connection is reset, before or after it was carried out."""

    part: str
    status: int = 0
    body: Json | str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_reset: bool = False
    is_carried_out: bool = False


def global_limit(part: str, retry_after_s: float) -> Fault:
    """429 for the whole bot, from Discord itself."""
    body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": True}
    headers = {**VIA, "X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
    return Fault(part, 429, body, headers)


def ban(part: str, retry_after_s: int | None = None) -> Fault:
    """429 without Via: from what stands in front of Discord, as a page."""
    headers = {"Content-Type": "text/html"} | (
        {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    )
    return Fault(part, 429, "<html>error code: 1015</html>", headers)


def refusal(part: str, status: int, code: int = 0) -> Fault:
    """An answer with one of Discord's own codes."""
    return Fault(part, status, {"message": "refused", "code": code}, VIA)


def unavailable(part: str) -> Fault:
    """503, nothing was done."""
    return refusal(part, 503)


def reset(part: str, *, is_carried_out: bool = False) -> Fault:
    """ECONNRESET, before anything was done or after all was."""
    return Fault(part, is_reset=True, is_carried_out=is_carried_out)


@dataclass(slots=True)
class Asked:
    """One request: when (monotonic seconds), what, and the status it was answered with (0: reset)."""

    at_s: float
    method: str
    path: str
    body: Any
    status: int = 0


@dataclass(slots=True)
class Bucket:
    """So many in a window that begins with the first, as the headers tell it."""

    most: int
    window_s: float
    used: int = 0
    ends_s: float = 0.0

    def take(self) -> float:
        """Seconds to wait, 0 where one was taken."""
        now_s = time.monotonic()
        if now_s >= self.ends_s:
            self.used, self.ends_s = 0, now_s + self.window_s
        if self.used >= self.most:
            return self.ends_s - now_s
        self.used += 1
        return 0.0

    def headers(self, name: str) -> dict[str, str]:
        """What is left."""
        return {
            "X-RateLimit-Bucket": name,
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(self.most - self.used),
            "X-RateLimit-Reset-After": f"{max(0.0, self.ends_s - time.monotonic()):.3f}",
        }


class DiscordRest:
    """Answers as Discord does. `a_channel` is how many messages a channel takes in how many seconds."""

    def __init__(self, token: str, changed: Callable[[], None]) -> None:
        self.token, self._changed = token, changed
        self.gateway_url, self.shards, self.sessions_left, self.at_once = "", 1, 1_000, 1
        self.a_channel: tuple[int, float] = (5, 5.0)
        self.overall = Window(50.0)
        self.faults: deque[Fault] = deque()
        self.lasting: list[Fault] = []
        self.asked: list[Asked] = []
        self.uploads: Uploads = []
        self.messages: dict[str, list[Json]] = {}
        self._standing: dict[str, Json] = {}
        self._acknowledged: set[str] = set()
        self._buckets: dict[str, Bucket] = {}
        self._nonces: dict[tuple[str, str], tuple[float, Json]] = {}

    def bodies(self, method: str, part: str) -> list[Any]:
        """The bodies of the requests of a method whose path holds `part`."""
        return [one.body for one in self.asked if one.method == method and part in one.path]

    def statuses(self, part: str) -> list[int]:
        """What the requests whose path holds `part` were answered with."""
        return [one.status for one in self.asked if part in one.path]

    def shown(self, channel: str) -> list[str]:
        """The texts that stand in a channel, of layouts as well."""
        return [words_of(self._standing[message["id"]]) for message in self.messages.get(channel, [])]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request of the bot."""
        path = request.match_info["path"]
        body = await body_of(request, self.uploads)
        asked = Asked(time.monotonic(), request.method, path, body)
        self.asked.append(asked)
        try:
            answer = await self._answer(asked, request)
            asked.status = answer.status
            return answer
        finally:
            self._changed()

    async def _answer(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization", f"Bot {self.token}") != f"Bot {self.token}":
            return told({"message": "401: Unauthorized", "code": 0}, 401)
        fault = self._fault(asked.path)
        if fault is not None and fault.is_reset:
            if fault.is_carried_out:
                self._carried_out(asked)
            await _hang_up(request)
        elif fault is not None:
            return told(fault.body, fault.status, fault.headers)
        return self._carried_out(asked)

    def _fault(self, path: str) -> Fault | None:
        lasting = next((fault for fault in self.lasting if fault.part in path), None)
        if lasting is not None or not self.faults or self.faults[0].part not in path:
            return lasting
        return self.faults.popleft()

    def _carried_out(self, asked: Asked) -> web.Response:
        wait_s = self.overall.wait_s()
        if wait_s > 0.0 and not asked.path.startswith(("interactions/", "webhooks/")):
            return _too_many(wait_s, "global", {})
        self.overall.take()
        parts = asked.path.split("/")
        if parts[0] == "channels" and parts[2:3] == ["messages"]:
            return self._message(asked, parts)
        if asked.path.endswith("/callback"):
            if parts[1] in self._acknowledged:
                return told({"message": "Interaction has already been acknowledged.", "code": 40060}, 400)
            self._acknowledged.add(parts[1])
        return told(self._result(asked))

    def _message(self, asked: Asked, parts: list[str]) -> web.Response:
        channel = parts[1]
        bucket = self._buckets.setdefault(channel, Bucket(*self.a_channel))
        wait_s = bucket.take()
        if wait_s > 0.0:
            return _too_many(wait_s, "user", bucket.headers("of-messages"))
        headers = bucket.headers("of-messages")
        if asked.method == "PATCH":
            return self._edited(channel, parts[3], asked.body, headers)
        nonce = str(asked.body.get("nonce") or "")
        if len(nonce) > LONGEST_NONCE:
            return told({"message": "Invalid Form Body", "code": 50035}, 400, headers)
        return told(self._posted(channel, nonce, asked.body), headers=headers)

    def _posted(self, channel: str, nonce: str, body: Json) -> Json:
        """The new message, or the one that came under this nonce before: "no new message will be created"."""
        known = self._nonces.get((channel, nonce)) if nonce and body.get("enforce_nonce") else None
        if known is not None and time.monotonic() - known[0] < NONCE_KEPT_S:
            return known[1]
        standing = self.messages.setdefault(channel, [])
        message = shown_message(channel, str(2_000 + sum(map(len, self.messages.values()))), body)
        standing.append(message)
        self._standing[message["id"]] = body
        self._nonces[channel, nonce] = (time.monotonic(), message)
        return message

    def _edited(self, channel: str, name: str, body: Json, headers: dict[str, str]) -> web.Response:
        """What is left out stays; a layout has no words or embeds beside it, and stays one (Edit Message)."""
        before = self._standing.get(name, {})
        after = {**before, **body, "flags": (before.get("flags") or 0) | (body.get("flags") or 0)}
        if is_layout(after) and (after.get("content") or after.get("embeds")):
            return told({"message": "Invalid Form Body", "code": 50035}, 400, headers)
        self._standing[name] = after
        return told(shown_message(channel, name, after), headers=headers)

    def _result(self, asked: Asked) -> Any:
        path, body = asked.path, asked.body
        limit = {
            "total": 1_000,
            "remaining": self.sessions_left,
            "reset_after": 1_000,
            "max_concurrency": self.at_once,
        }
        if path == "users/@me":
            return ME
        if path == "oauth2/applications/@me":
            return {"id": BOT_ID, "name": "seawall", "description": "", "icon": None, "flags": 0, "owner": ME, "summary": "",
                    "verify_key": "", "bot_public": True, "bot_require_code_grant": False, "team": None}  # fmt: skip
        if path == "gateway":
            return {"url": self.gateway_url}
        if path == "gateway/bot":
            return {"url": self.gateway_url, "shards": self.shards, "session_start_limit": limit}
        if path == "users/@me/channels":
            user = {**ME, "id": str(body["recipient_id"]), "username": "somebody", "bot": False}
            return {"id": f"9{body['recipient_id']}", "type": 1, "recipients": [user]}
        if path.endswith("/callback"):
            return {"interaction": {"id": "77", "type": 2, "response_message_loading": True}}
        if path.endswith("/commands"):
            names = enumerate(body, 1)
            return [
                {**one, "id": str(place), "application_id": BOT_ID, "version": "1"} for place, one in names
            ]
        return shown_message("55", "88", {})


def told(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer as Discord writes it, with the headers it stands for."""
    text = body if isinstance(body, str) else json.dumps(body)
    return web.Response(body=text.encode(), status=status, headers={**JSON, **(headers or VIA)})


def shown_message(channel: str, name: str, body: Json) -> Json:
    """A message of the bot as Discord tells it."""
    return {"id": name, "channel_id": channel, "content": body.get("content") or "", "author": ME, "attachments": [],
            "embeds": [], "mentions": [], "mention_roles": [], "pinned": False, "mention_everyone": False, "tts": False,
            "type": 0, "flags": 0, "timestamp": "2026-11-22T12:00:00+00:00", "edited_timestamp": None,
            "components": []}  # fmt: skip


def interaction(data: Json, kind: int = COMMAND, name: str = "77") -> Json:
    """What Discord tells of somebody who does something alone with the bot."""
    user = {"id": "42", "username": "alice", "discriminator": "0", "avatar": None, "global_name": None}
    return {
        "id": name,
        "application_id": BOT_ID,
        "type": kind,
        "token": "an-interaction-token-of-some-length",
        "version": 1,
        "user": user,
        "channel_id": "55",
        "channel": {"id": "55", "type": 1, "last_message_id": None, "flags": 0},
        "context": 1,
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"1": "42"},
        "attachment_size_limit": 1,
        "app_permissions": ATTACH_FILES,
        "data": data,
    }


def _too_many(wait_s: float, scope: str, headers: dict[str, str]) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": wait_s, "global": scope == "global"}
    return told(body, 429, {**VIA, **headers, "X-RateLimit-Scope": scope})


async def _hang_up(request: web.Request) -> None:
    """Reset the connection: the other side reads ECONNRESET."""
    transport = request.transport
    assert transport is not None
    cut(transport)
    await asyncio.Event().wait()


def cut(transport: asyncio.BaseTransport) -> None:
    """End a connection with RST, as a machine does that has crashed; one that has ended stays as it is."""
    if transport.is_closing():
        return
    wire = transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()  # type: ignore[attr-defined]
