"""A Bot API that lets through what Telegram documents: 30 a second in all, one a second a chat, twenty a minute a group."""

import asyncio
import math
import time
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.doubles.strict.ledger import Ledger
from tests.doubles.strict.limits import Bucket, must_wait_s

OVERALL, BURST = 30.0, 30.0
A_CHAT, A_CHAT_BURST = 1.0, 3.0
A_GROUP, A_GROUP_BURST = 20.0 / 60.0, 20.0
LEAST_RETRY_S = 2
"""What the server tells to wait is never less (performance.md, section 4: two to five seconds)."""
BOT = {"id": 7_700_000_001, "is_bot": True, "first_name": "Seawall", "username": "seawall_bot"}


class StrictTelegram:
    """Every limit is multiplied by `scale`; an answer takes `latency_s`, half of it before the message is there."""

    def __init__(self, ledger: Ledger, scale: float, latency_s: float) -> None:
        self._ledger, self._scale, self._latency_s = ledger, scale, latency_s
        self._overall = Bucket(OVERALL * scale, BURST * scale)
        self._chats: dict[int, tuple[Bucket, ...]] = {}
        self._messages = 0
        self.status: int = 200

    def routes(self, app: web.Application) -> None:
        """Hang the methods a broadcast uses onto an application."""
        app.router.add_route("*", "/bot{token}/{method}", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = {name: values[0] for name, values in parse_qs((await request.read()).decode()).items()}
        await asyncio.sleep(self._latency_s / 2)
        if self.status != 200:
            self._ledger.note("failed", given.get("chat_id", ""))
            return web.json_response(
                {"ok": False, "error_code": self.status, "description": "Bad"}, status=self.status
            )
        match method:
            case "sendMessage" | "editMessageText":
                answer = self._message(method == "sendMessage", given)
            case "getMe":
                self._ledger.note("asked", method)
                answer = web.json_response({"ok": True, "result": BOT})
            case _:
                self._ledger.note("asked", method)
                answer = web.json_response({"ok": True, "result": True})
        await asyncio.sleep(self._latency_s / 2)
        return answer

    def _message(self, is_new: bool, given: dict[str, str]) -> web.Response:
        chat_id, text = int(given["chat_id"]), given["text"]
        wait_s = must_wait_s(self._overall, *self._limits(chat_id))
        if wait_s > 0.0:
            self._ledger.note("refused", str(chat_id), text=text)
            retry_s = max(LEAST_RETRY_S, math.ceil(wait_s))
            said = f"Too Many Requests: retry after {retry_s}"
            body = {
                "ok": False,
                "error_code": 429,
                "description": said,
                "parameters": {"retry_after": retry_s},
            }
            return web.json_response(body, status=429)
        if is_new:
            self._messages += 1
            message = self._messages
        else:
            message = int(given["message_id"])
        self._ledger.note("send" if is_new else "edit", str(chat_id), str(message), text)
        return web.json_response({"ok": True, "result": _shown(message, chat_id, text)})

    def _limits(self, chat_id: int) -> tuple[Bucket, ...]:
        if chat_id not in self._chats:
            chat = Bucket(A_CHAT * self._scale, A_CHAT_BURST)
            group = Bucket(A_GROUP * self._scale, A_GROUP_BURST)
            self._chats[chat_id] = (chat, group) if chat_id < 0 else (chat,)
        return self._chats[chat_id]


def _shown(message: int, chat_id: int, text: str) -> dict[str, Any]:
    kind = "supergroup" if chat_id < 0 else "private"
    return {
        "message_id": message,
        "date": int(time.time()),
        "chat": {"id": chat_id, "type": kind},
        "text": text,
    }
