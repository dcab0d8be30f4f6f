"""The fetcher: one HTTP client of the process, which asks every exchange and gives back answers already read."""

import asyncio
import importlib.util
import random
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Asked, Exchange, Misread
from scheduler.fetch.body import ACCEPTED, BODY_CAP_BYTES, TooLarge, Unpackable, read_body
from scheduler.fetch.failures import Failure, SourceFailed
from scheduler.fetch.gate import Gate
from scheduler.fetch.retry import Deadline, again_in_s
from scheduler.fetch.source import Source, SourceStatus
from scheduler.fetch.verdicts import judge

DEADLINE_S = 10.0
"""For a question with all its tries, from the first connection to the last byte."""

PATIENCE_S = 30.0
"""How long a question waits for its turn in the budget."""

MOST_PAGES = 200
CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=90.0)
"""Of each venue: a pool looks through all its connections with every question, so a common one costs the most."""
HEADERS = {"user-agent": "seawall", "accept": "application/json", "accept-encoding": ACCEPTED}
JSON = {"content-type": "application/json"}

if importlib.util.find_spec("sniffio") is None:
    # httpcore tries to import it with every question; Python remembers what is there, but not what is not
    sys.modules["sniffio"] = None  # type: ignore[assignment]

T = TypeVar("T")
Keep = Callable[[Ask[object], bytes, int], None]
"""Told of every answer that is data: what was asked, the payload, and when it came (UTC ms)."""


@dataclass(frozen=True, slots=True)
class _Page(Generic[T]):
    """An answer read, and what to ask for the one that follows."""

    said: T
    next_params: Mapping[str, str] | None


class Fetcher:
    """Asks exchanges; use it as `async with Fetcher(exchanges) as fetcher`, one per process.

    `urls` sends a venue's questions elsewhere. `keep` is told of every payload (for recording). `clock` and `dice` (a
    number from 0 to 1) are for accelerated markets and tests; `deadline_s` and `body_cap_bytes` bound every question.
    Raises ValueError for an address that is none; its text does not repeat the address.
    """

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        urls: Mapping[Venue, str] | None = None,
        *,
        keep: Keep | None = None,
        clock: Clock | None = None,
        dice: Callable[[], float] = random.random,
        deadline_s: float = DEADLINE_S,
        body_cap_bytes: int = BODY_CAP_BYTES,
    ) -> None:
        self._clock = clock if clock is not None else Clock()
        self._dice, self._keep = dice, keep
        self._deadline_s, self._body_cap_bytes = deadline_s, body_cap_bytes
        elsewhere = urls if urls is not None else {}
        self._sources = {
            exchange.venue: self._source(exchange, elsewhere.get(exchange.venue, exchange.rest_url))
            for exchange in exchanges
        }
        # Addresses and credentials come from our settings alone: no proxy variables, no .netrc, no redirects.
        trusted = httpx.create_ssl_context(trust_env=False)
        self._client = httpx.AsyncClient(
            verify=trusted,
            mounts={_host(source.url): _pool(trusted) for source in self._sources.values()},
            headers=HEADERS,
            timeout=deadline_s,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        """The fetcher itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, ask: Ask[T], asked: Asked, *, patience_s: float = PATIENCE_S) -> T:
        """The answer to a question, read. `asked` is completed with when the answer came and what was asked.

        A venue that is shut is not asked at all. Passing failures are tried again within the deadline. Of paged answers
        it is the first page.
        Raises SourceFailed, and KeyError for a venue that no exchange was given for.
        """
        return (await self._page(ask, asked, patience_s)).said

    async def pages(
        self, ask: Ask[T], asked: Asked, *, patience_s: float = PATIENCE_S, most: int = MOST_PAGES
    ) -> AsyncIterator[T]:
        """The answer to a question page by page, each like one of `get`; never more than `most`, no page twice."""
        seen: list[Mapping[str, str]] = []
        while len(seen) < most:
            seen.append(ask.params)
            page = await self._page(ask, asked, patience_s)
            yield page.said
            if page.next_params is None:
                return
            ask = replace(ask, params={**ask.params, **page.next_params})
            if ask.params in seen:
                return

    def forget(self, venue: Venue, symbol: str) -> None:
        """A contract is not asked about any more: what its questions had no answer to is of no interest."""
        self._sources[venue].forget(symbol)

    def status(self) -> tuple[SourceStatus, ...]:
        """How each venue stands, in the order they were given."""
        return tuple(source.status() for source in self._sources.values())

    def _source(self, exchange: Exchange, url: str) -> Source:
        _check_url(exchange.venue, url)
        return Source(exchange, url, self._clock, Gate(exchange.venue, self._clock.monotonic_s, self._dice))

    async def _page(self, ask: Ask[T], asked: Asked, patience_s: float) -> _Page[T]:
        source = self._sources[ask.venue]
        source.gate.check(ask.kind)
        try:
            await source.turn(ask, patience_s)
        except SourceFailed as failure:
            source.failed(ask, failure)
            raise
        async with source.slots:
            return await self._tries(source, ask, asked)

    async def _tries(self, source: Source, ask: Ask[T], asked: Asked) -> _Page[T]:
        # the network takes this machine's seconds, also where the market's are accelerated
        deadline = Deadline(self._deadline_s, asyncio.get_running_loop().time)
        tries = 1
        while isinstance(outcome := await self._try(source, ask, asked, deadline), SourceFailed):
            if not await self._may_try_again(source, ask, outcome, tries, deadline):
                source.failed(ask, outcome)
                raise outcome
            tries += 1
        source.succeeded(ask)
        return outcome

    async def _try(
        self, source: Source, ask: Ask[T], asked: Asked, deadline: Deadline
    ) -> _Page[T] | SourceFailed:
        """One try and what it says of the venue. Raises SourceFailed (PAUSED) where the venue has been shut meanwhile."""
        async with source.gate.passed(ask.kind):
            try:
                page = await self._ask(source, ask, asked, deadline)
            except SourceFailed as failure:
                source.gate.failed(failure, source.window_s(ask))
                return failure
            source.gate.answered()
            return page

    async def _may_try_again(
        self, source: Source, ask: Ask[T], failure: SourceFailed, tries: int, deadline: Deadline
    ) -> bool:
        """Wait for the next try; False where there shall be none."""
        wait_s = again_in_s(failure, tries, deadline, self._dice)
        if wait_s is None or source.gate.shut_for_s:
            return False
        await self._clock.sleep(wait_s)
        try:
            await source.turn(ask, deadline.left_s())
        except SourceFailed:
            return False
        return not source.gate.shut_for_s

    async def _ask(self, source: Source, ask: Ask[T], asked: Asked, deadline: Deadline) -> _Page[T]:
        status, headers, body = await self._answer(source, ask, deadline)
        source.correct(headers)
        now_ms = self._clock.now_ms()
        failure = judge(source.exchange, ask, status, headers, body, now_ms)
        if failure is not None:
            raise failure
        if self._keep is not None:
            self._keep(ask, body, now_ms)
        try:
            return _read(ask, body, _completed(asked, ask, now_ms))
        except Misread as misread:
            why = f"misread: {misread.field}"
            raise SourceFailed(ask.venue, ask.kind, why, Failure.MISREAD) from misread

    async def _answer(
        self, source: Source, ask: Ask[object], deadline: Deadline
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case and body. Raises SourceFailed, in time."""
        try:
            async with asyncio.timeout(deadline.left_s()):
                return await self._exchange(source.url + ask.path, ask)
        except (TimeoutError, httpx.TimeoutException):
            why, failure = f"no complete answer within {deadline.length_s:.0f} s", Failure.TOO_SLOW
        except TooLarge:
            why, failure = f"the answer is longer than {self._body_cap_bytes} bytes", Failure.TOO_LARGE
        except Unpackable:
            why, failure = "the answer cannot be unpacked", Failure.NOT_DATA
        except httpx.ConnectError:
            why, failure = "no connection", Failure.UNREACHABLE
        except httpx.TransportError as broken:
            why, failure = f"the connection broke ({type(broken).__name__})", Failure.CUT_OFF
        except httpx.InvalidURL:
            why, failure = "not a question that can be asked", Failure.REFUSED
        raise SourceFailed(ask.venue, ask.kind, why, failure)

    async def _exchange(self, url: str, ask: Ask[object]) -> tuple[int, dict[str, str], bytes]:
        asking = self._client.stream(
            "GET" if ask.body is None else "POST",
            url,
            params=dict(ask.params) or None,
            content=ask.body,
            headers=None if ask.body is None else JSON,
        )
        async with asking as response:
            body = await read_body(response, self._body_cap_bytes)
            return response.status_code, dict(response.headers), body


def _read(ask: Ask[T], body: bytes, asked: Asked) -> _Page[T]:
    """The answer read. Raises Misread."""
    said = ask.read(body, asked)
    return _Page(said, ask.next_page(body, asked) if ask.next_page is not None else None)


def _completed(asked: Asked, ask: Ask[object], now_ms: int) -> Asked:
    symbol = ask.symbol if ask.symbol is not None else asked.symbol
    step_ms = ask.step_ms if ask.step_ms is not None else asked.step_ms
    return Asked(now_ms, asked.instruments, symbol, step_ms, asked.price_usd)


def _pool(trusted: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=trusted, limits=CONNECTIONS, trust_env=False)


def _host(url: str) -> str:
    """The address without its path: what the client chooses a pool by."""
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"


def _check_url(venue: Venue, url: str) -> None:
    try:
        parts = httpx.URL(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.host)
    except httpx.InvalidURL:
        valid = False
    if not valid:
        raise ValueError(f"the REST address of {venue} is not http(s)://host")
