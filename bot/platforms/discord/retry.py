"""One request to Discord, again where the library gives up at once: a connection reset, 503, and 429 from what stands before it.

Only what cannot happen twice is repeated after an unknown end: questions, changes, and messages, which keep their nonce
(Create Message: a nonce seen in the past few minutes makes no new message). On Linux the library does not know ECONNRESET
(it looks for the numbers of other systems), leaves 503 out, and takes 429 without Via for a ban.
"""

import json
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import HTTPClient, Route

from bot.platforms.discord.breaker import Breaker, Resting
from scheduler.clock import Clock

TRIES = 4
FIRST_PAUSE_S = 0.5
BAN_PAUSE_S = 5.0
LONGEST_WAIT_S = 10.0
"""A longer wait is told to who asks: a warning has better things to do than to hold a place."""
SAFE_METHODS = frozenset({"GET", "PUT", "PATCH", "DELETE"})
SAFE_POSTS = frozenset({"/users/@me/channels"})

Request = Callable[..., Coroutine[Any, Any, Any]]
log = structlog.stdlib.get_logger(__name__)


class Patience:
    """Stands before the library's `HTTPClient.request`; what the breaker or a ban holds back is not sent at all."""

    def __init__(self, inner: Request, breaker: Breaker, clock: Clock) -> None:
        self._inner, self._breaker, self._clock = inner, breaker, clock
        self._held_until_s = 0.0

    async def request(
        self,
        route: Route,
        *,
        files: Sequence[discord.File] | None = None,
        form: Iterable[dict[str, Any]] | None = None,
        **more: Any,
    ) -> Any:
        """The answer, as the library gives it. Raises what the library raises, and Resting."""
        parts = None if form is None else tuple(form)
        pause_s = FIRST_PAUSE_S
        for _ in range(TRIES - 1):
            await self._turn()
            try:
                return await self._inner(route, files=files, form=parts, **more)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                if not self._is_worth_it(route, error, more, parts):
                    raise
                log.info("a request to Discord is repeated", method=route.method, why=_named(error))
            for file in files or ():
                file.reset(seek=True)
            await self._clock.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s *= 2
        await self._turn()
        return await self._inner(route, files=files, form=parts, **more)

    async def _turn(self) -> None:
        """Wait until requests are sent. Raises Resting where that is long."""
        self._breaker.insist()
        wait_s = self._held_until_s - self._clock.monotonic_s()
        if wait_s > LONGEST_WAIT_S:
            raise Resting(wait_s, "Discord turns this machine away")
        if wait_s > 0.0:
            await self._clock.sleep(wait_s)

    def _is_worth_it(
        self,
        route: Route,
        error: Exception,
        more: Mapping[str, Any],
        form: Iterable[Mapping[str, Any]] | None,
    ) -> bool:
        """Whether the same once more may end better; what turns everybody away holds everybody back."""
        if isinstance(error, discord.HTTPException):
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                return self._was_ban(error)
            return error.status == HTTPStatus.SERVICE_UNAVAILABLE and is_repeatable(route, more, form)
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return True
        return isinstance(error, ConnectionError | aiohttp.ClientError) and is_repeatable(route, more, form)

    def _was_ban(self, banned: discord.HTTPException) -> bool:
        """Whether everybody was turned away, and waits now; a limit of Discord's own is the library's, which has waited for it."""
        if is_of_discord(banned):
            return False
        told = banned.response.headers.get("Retry-After", "")
        wait_s = float(told) if told.isdecimal() and len(told) < 7 else BAN_PAUSE_S
        self._held_until_s = max(self._held_until_s, self._clock.monotonic_s() + wait_s)
        return True


def be_patient(http: HTTPClient, breaker: Breaker, clock: Clock) -> None:
    """Let this client of the library's ask with patience."""
    patience = Patience(http.request, breaker, clock)
    http.request = patience.request  # type: ignore[method-assign]


def is_of_discord(limited: discord.HTTPException) -> bool:
    """Whether Discord itself has limited a request, for its route alone; what stands before it sends no Via."""
    return "Via" in limited.response.headers


def is_repeatable(
    route: Route, more: Mapping[str, Any], form: Iterable[Mapping[str, Any]] | None = None
) -> bool:
    """Whether a request may be carried out twice and be the same as once."""
    if route.method in SAFE_METHODS or route.path in SAFE_POSTS:
        return True
    said = more.get("json")
    if said is None:
        said = next(
            (json.loads(part["value"]) for part in form or () if part["name"] == "payload_json"), None
        )
    return isinstance(said, Mapping) and bool(said.get("nonce")) and bool(said.get("enforce_nonce"))


def _named(error: Exception) -> str:
    return str(error.status) if isinstance(error, discord.HTTPException) else type(error).__name__
