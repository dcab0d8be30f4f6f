"""The way to the server: two clients, because a command whose answer was lost may only be repeated if that is harmless.

redis-py repeats a lost write by itself and writes twice (reliability.md, fact 1); its defaults let a call to a dead
server hang for seconds. Here every wait has an end, and what goes wrong is one error with a sentence.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import DataError, MasterDownError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from store.ending import end_if_told, times_told
from store.fence import FencedRedis, is_refusal
from store.recall import Memory, remembering
from store.traffic import Traffic

CONNECT_WITHIN_S = 0.4
CONNECT_BY_TLS_WITHIN_S = 0.8
CONNECT_TO_WRITE_WITHIN_S = 2.0
"""A name to look up, a handshake and a login take their time with a server that is far away."""
READ_WITHIN_S = 0.9
"""A whole read with its repetition: an answer in a chat degrades within a second."""
READ_TRY_WITHIN_S = 0.4
WRITE_WITHIN_S = 3.0
"""A write waits for the disk (`appendfsync always`), and a slow one may hold it for a while."""
PAUSE_BEFORE_REPEAT_S = 0.02
SIGN_WITHIN_S = 0.1
"""Once a read hung, the next ones wait no longer than this for a sign of life before they give up."""
OPTIONS = ("db", "username", "password", "client_name", "timeout")
OPTIONS_OF_TLS = (
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_check_hostname",
    "ssl_cert_reqs",
)
SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}


class StoreUnavailable(Exception):
    """The store did not answer, or refused; the message is a sentence that holds no password."""


class NotLeader(StoreUnavailable):
    """The server answers, and another process leads by now: what this one was about to write was refused."""

    def __init__(self) -> None:
        super().__init__("This process does not lead any more: what it was about to write was refused.")


class UnsafeStore(StoreUnavailable):
    """The server answers, but would throw away what must be kept."""


@dataclass(slots=True)
class Pulse:
    """Whether the server answers: after one read hung, every further one asks for a sign of life first.

    A chat that asks while the server hangs is then told so at once; the first sign makes everything go on.
    """

    hangs: bool = False
    _sign: asyncio.Task[bool] | None = None
    _asked_s: float = 0.0

    async def feel(self, redis: Redis) -> None:
        """Go on where the server answers, or was never seen to hang. Raises TimeoutError."""
        if not self.hangs:
            return
        now_s = asyncio.get_running_loop().time()
        if self._sign is None or self._sign.done():
            self._sign, self._asked_s = asyncio.create_task(self._ask(redis)), now_s
        left_s = self._asked_s + SIGN_WITHIN_S - now_s
        if left_s > 0.0:
            await asyncio.wait({self._sign}, timeout=left_s)
        if not self._sign.done() or not self._sign.result():
            raise TimeoutError

    async def _ask(self, redis: Redis) -> bool:
        """Whether the server answers in the time a read has: one far away, or a new way to it, takes longer than a waiter waits."""
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                await redis.ping()
        except (TimeoutError, RedisError, OSError):
            return False
        self.hangs = False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """One server, spoken to in two ways: `reading` repeats a lost command once, `writing` never does."""

    place: str
    _repeating: Redis = field(compare=False)
    _once: Redis = field(compare=False)
    _pulse: Pulse = field(default_factory=Pulse, compare=False)
    memory: Memory = field(default_factory=Memory, compare=False)
    """What was read and has not changed since; it keeps nothing but within `remembering`."""
    traffic: Traffic = field(default_factory=Traffic, compare=False)

    @property
    def hangs(self) -> bool:
        """Whether the server said nothing when it was last read from."""
        return self._pulse.hangs

    def __repr__(self) -> str:
        return f"Connection({self.place})"

    @asynccontextmanager
    async def reading(self, within_s: float = READ_WITHIN_S) -> AsyncIterator[Redis]:
        """A client for commands that may be sent twice; StoreUnavailable where the block is not done in time.

        While the server hangs it is raised within SIGN_WITHIN_S.
        """
        async with _in_our_words(within_s, self.traffic, self._pulse), self._on_the_master():
            await self._pulse.feel(self._repeating)
            yield self._repeating

    @asynccontextmanager
    async def writing(
        self, changed: Sequence[str] = (), *, within_s: float = WRITE_WITHIN_S
    ) -> AsyncIterator[Redis]:
        """A client that sends each command at most once; StoreUnavailable means it is not known whether it was done.

        `changed` are the keys it may change: whoever reads them after the block reads what was written.
        """
        try:
            async with _in_our_words(within_s, self.traffic), self._on_the_master():
                yield self._once
        finally:
            for key in changed:
                self.memory.forget(key)

    def fenced(self, key: str, value: str) -> "Connection":
        """The same connection for one who leads: what is written through it lands only while `key` holds `value`.

        Anything else is refused by the server and is NotLeader here. It is closed with this connection, not by itself.
        """
        return replace(self, _once=FencedRedis(self._once.connection_pool, key, value))

    @asynccontextmanager
    async def remembering(self) -> AsyncIterator[None]:
        """Keep what is read in this process for the length of the block, until the server says that it changed."""
        async with remembering(self.memory, self._once):
            yield

    @asynccontextmanager
    async def _on_the_master(self) -> AsyncIterator[None]:
        """Find the server anew next time, where this one has become a replica: its name may be another one's by now."""
        try:
            yield
        except (ReadOnlyError, MasterDownError):
            for client in (self._repeating, self._once):
                await client.connection_pool.disconnect(inuse_connections=False)
            raise

    async def close(self) -> None:
        """Close both clients."""
        await self._repeating.aclose()
        await self._once.aclose()


def open_connection(address: str | Path) -> Connection:
    """A connection to a socket (Path) or URL, not yet used: the server may be down. ValueError for another address."""
    url, place = _read_address(address)
    repeating = Retry(ConstantBackoff(PAUSE_BEFORE_REPEAT_S), 1)
    connects = CONNECT_BY_TLS_WITHIN_S if url.startswith("rediss:") else CONNECT_WITHIN_S
    return Connection(
        place=place,
        _repeating=_client(url, connects, retry=repeating, socket_timeout=READ_TRY_WITHIN_S),
        _once=_client(
            url, CONNECT_TO_WRITE_WITHIN_S, retry=Retry(NoBackoff(), 0), socket_timeout=WRITE_WITHIN_S
        ),
    )


@asynccontextmanager
async def connected(address: str | Path) -> AsyncIterator[Connection]:
    """A connection whose server answers and is safe, closed at the end; StoreUnavailable, UnsafeStore or ValueError."""
    connection = open_connection(address)
    try:
        await check_safe(connection)
        yield connection
    finally:
        await connection.close()


async def check_safe(connection: Connection) -> None:
    """Refuse a server that evicts keys without time to live: under pressure it would drop subscriptions and history.

    Raises UnsafeStore with what to set, StoreUnavailable where the server does not answer.
    """
    async with connection.reading() as redis:
        memory: dict[str, Any] = await redis.info("memory")
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys-"):
        raise UnsafeStore(
            f"The store at {connection.place} has maxmemory-policy {policy} and would throw away subscriptions and "
            "history when memory is short. Set maxmemory-policy to noeviction (or to volatile-lru) and start again."
        )


def _client(url: str, connects_within_s: float, *, retry: Retry, socket_timeout: float) -> Redis:
    """A client of RESP2, which every Redis and Valkey speaks without a handshake of its own."""
    return Redis.from_url(
        url,
        retry=retry,
        socket_timeout=socket_timeout,
        socket_connect_timeout=connects_within_s,
        protocol=2,
    )


def _read_address(address: str | Path) -> tuple[str, str]:
    """The URL for the client, and the same place without user, password or options for messages."""
    if isinstance(address, Path):
        return f"unix://{address}", f"unix:{address}"
    try:
        parts = urlsplit(address)
        scheme = SCHEMES[parts.scheme]
        where = parts.path if scheme == "unix" else f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
    except (KeyError, ValueError):
        # Not chained: the parser's own words may quote a part of the password.
        raise ValueError(
            "The store's address must look like redis://host:6379/0, rediss://..., or unix:///path/to/socket, "
            "with special characters of the password written as %XX."
        ) from None
    _insist_on_options(parts.query, OPTIONS + OPTIONS_OF_TLS if scheme == "rediss" else OPTIONS)
    return parts._replace(scheme=scheme).geturl(), f"{scheme}:{where}"


def _insist_on_options(query: str, known: Sequence[str]) -> None:
    """Refuse an option that is none, or has no meaning at such an address, in words that hold no value."""
    unknown = sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)} - set(known))
    if unknown:
        raise ValueError(
            f"The store's address has an option {unknown[0]}, which such an address does not know; it knows "
            f"{', '.join(known)}. What begins with ssl_ belongs to rediss://."
        )


@asynccontextmanager
async def _in_our_words(within_s: float, traffic: Traffic, pulse: Pulse | None = None) -> AsyncIterator[None]:
    """What goes wrong is one error with a sentence, and all is counted; a read has a pulse, a write has none."""
    before, clock, is_write = times_told(), asyncio.get_running_loop().time, pulse is None
    try:
        async with asyncio.timeout(within_s):
            yield
        end_if_told(before)
        traffic.answered(clock(), is_write=is_write)
    except DataError:
        raise  # a value of ours that no server takes: a mistake here, not there
    except (TimeoutError, NoAnswer) as failure:
        end_if_told(before)
        traffic.failed(clock(), is_write=is_write, is_refusal=False)
        if pulse is not None:
            pulse.hangs = True
        raise StoreUnavailable(f"The store did not answer within {within_s:g} s.") from failure
    except (RedisError, OSError) as failure:
        end_if_told(before)
        traffic.failed(clock(), is_write=is_write, is_refusal=isinstance(failure, ResponseError))
        refused = NotLeader() if is_refusal(failure) else None
        raise refused or StoreUnavailable(f"The store is not available: {failure}") from failure
