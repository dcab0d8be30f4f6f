"""Requests to a Bot API server over aiohttp: six times the throughput of the library's own transport (performance.md, 3).

The library is given STAND_IN for a token. The real one is put into the address here, at the last moment, so that nothing
the library prints, raises or represents can hold it.
"""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from pydantic import SecretStr
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.platforms.telegram.soundness import read_update

STAND_IN = "0:token-known-to-the-transport-only"

CONNECT_S = 5.0
POOL_S = 5.0
WRITE_S = 10.0
UPLOAD_S = 30.0
READ_S = 10.0
MOST_CONNECTIONS = 256
LONGEST_BODY_BYTES = 20_000_000
CHUNK_BYTES = 65_536
DEFAULT_WAIT_S = 5.0
"""Where a flood limit does not say how long it lasts."""

WRITING = ("send", "edit")
"""How the methods begin that a chat's own flood limit counts."""
MOST_HELD = 10_000
SOON_S = 0.001
"""A wait that has so little left is over: timers may ring that much early."""

MOVED = b"migrate_to_chat_id"

Seconds = Any
"""A number of seconds, None for "no opinion", or the library's own mark for "the default"."""


log = structlog.stdlib.get_logger(__name__)


class NotSent(NetworkError):
    """The request never reached the server: sending it again cannot do anything twice."""


class Flooded(TelegramError):
    """Telegram asks to wait `wait_s` seconds. The library's own error for this warns of its own deprecation."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Telegram asks to wait {wait_s:g} s")
        self.wait_s = wait_s


class AiohttpRequest(BaseRequest):
    """The library's transport on one aiohttp session. Every call ends within the sum of its time limits.

    Raises NotSent where no connection was made, Flooded where the server says wait, TimedOut and NetworkError where it may
    have acted. `moved` is called where a call is refused because its chat has a new number, with the old one and the new.
    """

    def __init__(self, token: SecretStr, connections: int = MOST_CONNECTIONS) -> None:
        self._token = token
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self.moved: Callable[[int, int], None] | None = None
        self._held_until_s: dict[str, float] = {}

    @property
    def read_timeout(self) -> float:
        """How long an answer may take, seconds; the library adds a long poll's own time to it."""
        return READ_S

    async def initialize(self) -> None:
        """Open the session."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def shutdown(self) -> None:
        """Close the session and its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Seconds = BaseRequest.DEFAULT_NONE,
        write_timeout: Seconds = BaseRequest.DEFAULT_NONE,
        connect_timeout: Seconds = BaseRequest.DEFAULT_NONE,
        pool_timeout: Seconds = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The status and body of one call."""
        has_files = request_data is not None and request_data.contains_files
        read_s = _seconds(read_timeout, READ_S)
        write_s = _seconds(write_timeout, UPLOAD_S if has_files else WRITE_S)
        self._hold_back(url, request_data)
        connect_s, pool_s = _seconds(connect_timeout, CONNECT_S), _seconds(pool_timeout, POOL_S)
        limits = aiohttp.ClientTimeout(
            total=pool_s + connect_s + write_s + read_s,
            connect=pool_s + connect_s,
            sock_connect=connect_s,
            sock_read=read_s,
        )
        outcome = await self._exchange(url, method, _body(request_data), limits)
        # Raised out here, where no except clause hangs aiohttp's error on it: that one knows the address.
        if isinstance(outcome, NetworkError):
            raise outcome
        if outcome[0] == HTTPStatus.TOO_MANY_REQUESTS:
            self._hold(url, request_data, _wait_s(outcome[1]))
            raise Flooded(_wait_s(outcome[1]))
        if outcome[0] == HTTPStatus.BAD_REQUEST and MOVED in outcome[1] and self.moved is not None:
            _tell_moved(self.moved, request_data, outcome[1])
        return outcome

    def _hold_back(self, url: str, asked: RequestData | None) -> None:
        """Raise Flooded where this would be written to a chat that is to be left alone."""
        until_s = self._held_until_s.get(_written_to(url, asked)) if self._held_until_s else None
        left_s = 0.0 if until_s is None else until_s - asyncio.get_running_loop().time()
        if left_s > SOON_S:
            raise Flooded(left_s)

    def _hold(self, url: str, asked: RequestData | None, wait_s: float) -> None:
        now_s, chat = asyncio.get_running_loop().time(), _written_to(url, asked)
        if len(self._held_until_s) >= MOST_HELD:
            self._held_until_s = {
                one: until_s for one, until_s in self._held_until_s.items() if until_s > now_s
            }
        if chat:
            self._held_until_s[chat] = max(now_s + wait_s, self._held_until_s.get(chat, now_s))

    async def _exchange(
        self, url: str, method: str, body: aiohttp.FormData | None, limits: aiohttp.ClientTimeout
    ) -> tuple[int, bytes] | NetworkError:
        if self._session is None:
            return NotSent("the transport is closed")
        address = url.replace(STAND_IN, self._token.get_secret_value(), 1)
        try:
            async with self._session.request(
                method, address, data=body, timeout=limits, allow_redirects=False
            ) as response:
                return response.status, await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return NotSent(f"no connection: {type(error).__name__}")
        except TimeoutError:
            return TimedOut("no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return NetworkError(f"the connection broke: {type(error).__name__}")


class PollingRequest(AiohttpRequest):
    """The transport for getUpdates: an update the library cannot read becomes an empty one, so that it is passed over."""

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        """The status and body of one call, every update in it readable."""
        status, body = await super().do_request(*args, **more)
        return status, _sifted(body) if status == HTTPStatus.OK else body


def _sifted(body: bytes) -> bytes:
    """Raises NetworkError for what is no JSON: the library would write all of it, people's words too, into the log."""
    try:
        updates = json.loads(body)["result"]
    except (TypeError, KeyError):
        return body
    except (ValueError, RecursionError):
        raise NetworkError("the answer is no JSON") from None
    if not isinstance(updates, list) or all(map(_is_readable, updates)):
        return body
    log.warning("an update cannot be read and is passed over")
    numbers = [update.get("update_id") if isinstance(update, dict) else None for update in updates]
    kept = [
        update if _is_readable(update) else {"update_id": number}
        for update, number in zip(updates, numbers, strict=True)
        if type(number) is int
    ]
    return json.dumps({"ok": True, "result": kept}).encode()


def _is_readable(update: Any) -> bool:
    return read_update(update, None) is not None


def _written_to(url: str, asked: RequestData | None) -> str:
    """The chat that a call writes to, "" where it writes to none."""
    if asked is None or not url.rpartition("/")[2].startswith(WRITING):
        return ""
    return str(asked.parameters.get("chat_id", ""))


def _tell_moved(moved: Callable[[int, int], None], asked: RequestData | None, body: bytes) -> None:
    try:
        old = int("" if asked is None else str(asked.parameters["chat_id"]))
        new = int(json.loads(body)["parameters"]["migrate_to_chat_id"])
    except (ValueError, TypeError, KeyError):
        return
    moved(old, new)


def _wait_s(body: bytes) -> float:
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, TypeError, KeyError):
        return DEFAULT_WAIT_S


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        parts += chunk
        if len(parts) > LONGEST_BODY_BYTES:
            raise aiohttp.ClientPayloadError("answer too long")
    return bytes(parts)


def _body(request_data: RequestData | None) -> aiohttp.FormData | None:
    if request_data is None:
        return None
    form = aiohttp.FormData(request_data.json_parameters)
    for part, (name, content, kind) in request_data.multipart_data.items():
        form.add_field(part, content, filename=name, content_type=kind)
    return form


def _seconds(given: Seconds, default: float) -> float:
    return float(given) if isinstance(given, int | float) else default
