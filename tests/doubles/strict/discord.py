"""A Discord over REST that lets through what Discord documents: 50 in any second, 5 in 5 seconds a channel, a nonce once."""

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from tests.doubles.discord_schemas import words_of
from tests.doubles.strict.ledger import Ledger
from tests.doubles.strict.limits import Bucket, Window, must_wait_s

OVERALL = 50.0
A_CHANNEL, A_CHANNEL_BURST = 1.0, 5.0
NONCE_KEPT_S = 180.0
"""The documentation says "the past few minutes"."""
ME = {"id": "1000000000000000001", "username": "seawall", "discriminator": "0", "avatar": None, "bot": True}


class StrictDiscord:
    """Every limit is multiplied by `scale`; an answer takes `latency_s`, half of it before the message is there."""

    def __init__(self, ledger: Ledger, scale: float, latency_s: float) -> None:
        self._ledger, self._scale, self._latency_s = ledger, scale, latency_s
        self._overall = Window(OVERALL * scale)
        self._channels: dict[str, Bucket] = {}
        self._nonces: dict[tuple[str, str], tuple[float, str]] = {}
        self._messages = 0
        self.status = 200

    def routes(self, app: web.Application) -> None:
        """Hang the methods a broadcast uses onto an application."""
        app.router.add_post("/api/v10/channels/{channel}/messages", self._new)
        app.router.add_patch("/api/v10/channels/{channel}/messages/{message}", self._change)
        app.router.add_post("/api/v10/users/@me/channels", self._open)
        app.router.add_get("/api/v10/users/@me", self._me)
        app.router.add_get("/api/v10/oauth2/applications/@me", self._application)

    async def _new(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self._latency_s / 2)
        answer = self._failed() or self._put(request.match_info["channel"], None, body)
        await asyncio.sleep(self._latency_s / 2)
        return answer

    async def _change(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self._latency_s / 2)
        answer = self._failed() or self._put(
            request.match_info["channel"], request.match_info["message"], body
        )
        await asyncio.sleep(self._latency_s / 2)
        return answer

    async def _open(self, request: web.Request) -> web.Response:
        """The direct messages of somebody are opened."""
        user = str((await request.json())["recipient_id"])
        await asyncio.sleep(self._latency_s)
        self._ledger.note("asked", f"dm {user}")
        known = {"id": user, "username": "somebody", "discriminator": "0", "avatar": None}
        return self._failed() or _json({"id": f"9{user}", "type": 1, "recipients": [known]})

    async def _me(self, _: web.Request) -> web.Response:
        self._ledger.note("asked", "me")
        return self._failed() or _json(ME)

    async def _application(self, _: web.Request) -> web.Response:
        self._ledger.note("asked", "application")
        return _json({"id": ME["id"], "name": "seawall", "description": "", "icon": None, "flags": 0, "owner": ME,
                      "summary": "", "verify_key": "", "bot_public": True, "bot_require_code_grant": False,
                      "team": None})  # fmt: skip

    def _failed(self) -> web.Response | None:
        return None if self.status == 200 else _json({"message": "unavailable", "code": 0}, self.status)

    def _put(self, channel: str, message: str | None, body: dict[str, Any]) -> web.Response:
        limit = self._channels.setdefault(channel, Bucket(A_CHANNEL * self._scale, A_CHANNEL_BURST))
        text, nonce = words_of(body), str(body.get("nonce") or "")
        wait_s = must_wait_s(self._overall, limit)
        if wait_s > 0.0:
            self._ledger.note("refused", channel, text=text, nonce=nonce)
            is_global = limit.wait_s() == 0.0
            said = {"message": "You are being rate limited.", "retry_after": wait_s, "global": is_global}
            return _json(said, 429, {"X-RateLimit-Scope": "global" if is_global else "user"})
        known = self._nonces.get((channel, nonce)) if nonce and body.get("enforce_nonce") else None
        if known is not None and time.monotonic() - known[0] < NONCE_KEPT_S:
            self._ledger.note("known", channel, known[1], text, nonce)
            return _json(_shown(known[1], channel, text), headers=self._left(limit))
        if message is None:
            self._messages += 1
            message = str(2_000_000_000_000_000_000 + self._messages)
            self._ledger.note("send", channel, message, text, nonce)
            self._nonces[channel, nonce] = (time.monotonic(), message)
        else:
            self._ledger.note("edit", channel, message, text, nonce)
        return _json(_shown(message, channel, text), headers=self._left(limit))

    def _left(self, limit: Bucket) -> dict[str, str]:
        """How much of a channel's limit is left, as the library wants to know."""
        return {
            "X-RateLimit-Bucket": "of-messages",
            "X-RateLimit-Limit": str(int(A_CHANNEL_BURST)),
            "X-RateLimit-Remaining": str(max(0, int(limit.tokens))),
            "X-RateLimit-Reset-After": f"{(limit.most - limit.tokens) / limit.per_s:.3f}",
        }


def _json(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # exactly this content type, and Via: without them the library takes an answer for text, and 429 for a ban
    kept = {"Content-Type": "application/json", "Via": "1.1 google", **(headers or {})}
    return web.Response(body=json.dumps(told).encode(), status=status, headers=kept)


def _shown(message: str, channel: str, text: str) -> dict[str, Any]:
    return {"id": message, "channel_id": channel, "content": text, "author": ME, "attachments": [], "embeds": [], "mentions": [],
            "mention_roles": [], "pinned": False, "mention_everyone": False, "tts": False, "type": 0, "flags": 0,
            "timestamp": "2026-11-22T12:00:00+00:00", "edited_timestamp": None, "components": []}  # fmt: skip
