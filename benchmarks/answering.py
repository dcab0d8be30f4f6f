"""A stand-in for Telegram's transport, and one who answers on it: what is timed is ours up to where a message is handed over."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, process_time
from typing import Any

from telegram import Bot, Update
from telegram.request import BaseRequest, RequestData

ME = {"id": 7_700_000_001, "is_bot": True, "first_name": "Seawall", "username": "seawall_bot"}
ALICE = {"id": 11, "is_bot": False, "first_name": "Alice", "language_code": "en"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Alice"}
TOLD: dict[str, object] = {
    "getMe": ME,
    "getMyCommands": [],
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
}
"""What the stand-in for Telegram tells; to all else it says that it is done."""


@dataclass(slots=True)
class Wire(BaseRequest):
    """A transport that notes when a message reaches it, and answers at once."""

    at_s: float = 0.0
    cpu_s: float = 0.0
    said: str = ""
    handed: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def read_timeout(self) -> float:
        """How long an answer may take, seconds."""
        return 10.0

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """There is nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Take a request."""
        at_s, cpu_s = perf_counter(), process_time()
        name, told = url.rpartition("/")[2], {} if request_data is None else request_data.json_parameters
        if name in {"sendMessage", "sendPhoto"}:
            self.at_s, self.cpu_s = at_s, cpu_s
            self.said = told.get("text") or told.get("caption") or ""
            self.handed.set()
            return 200, _ok(message(next(self._numbers), "sent", photo=name == "sendPhoto"))
        return 200, _ok(TOLD.get(name, True))


@dataclass(slots=True)
class Side:
    """One who answers, on a stand-in for the network."""

    name: str
    take: Callable[[Update], Awaitable[None]]
    bot: Bot
    wire: Wire
    times_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    async def ask(self, line: str, at_ms: int) -> None:
        """One update, timed from where it is decoded to where its answer is handed over."""
        number = next(self._numbers)
        told = {"update_id": number, "message": message(number, line, at_ms=at_ms, sender=ALICE)}
        update = Update.de_json(told, self.bot)
        self.wire.handed.clear()
        began_s, began_cpu_s = perf_counter(), process_time()
        await self.take(update)
        async with asyncio.timeout(30.0):
            await self.wire.handed.wait()
        self.times_ms.append(1e3 * (self.wire.at_s - began_s))
        self.cpu_ms.append(1e3 * (self.wire.cpu_s - began_cpu_s))
        await asyncio.sleep(0)


def _ok(result: object) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()


def message(
    number: int, text: str, *, at_ms: int = 0, sender: object = None, photo: bool = False
) -> dict[str, Any]:
    """A message of the private chat, of `sender` or of the bot, as Telegram tells it."""
    told = {
        "message_id": number,
        "date": at_ms // 1_000 or 1_700_000_000,
        "chat": PRIVATE,
        "from": sender or ME,
    }
    size = {"file_id": "file-1", "file_unique_id": "u1", "width": 900, "height": 1_200}
    return {**told, **({"photo": [size], "caption": text} if photo else {"text": text})}
