"""One websocket from its handshake to its end: subscribe, keep it alive, hand on every frame."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import aiohttp

from scheduler.exchange import Exchange, Stream, Trouble, Verdict
from scheduler.streams.inlet import BINARY, TEXT, Inlet
from scheduler.streams.wires import CLOSE_S, Wires

TICK_S = 1.0
"""How often a connection is looked after."""

SEND_S = 5.0
BETWEEN_MESSAGES_S = 0.125
"""Binance reads ten messages a second (exchanges.md, 1)."""

WAIT_S = {Verdict.GEO_BLOCKED: 4 * 3_600.0, Verdict.BANNED: 600.0, Verdict.SLOW_DOWN: 60.0}
"""How long to stay away where a refused handshake does not say it."""

Send = Callable[[str], Awaitable[None]]
"""Says a text to the venue. Raises Ended."""


class Ended(Exception):
    """A connection is over, or was never made. `wait_s` is what the venue asks for; `as_planned`: it had lived its time."""

    def __init__(self, why: str, *, wait_s: float = 0.0, as_planned: bool = False) -> None:
        super().__init__(why)
        self.why, self.wait_s, self.as_planned = why, wait_s, as_planned


@dataclass(frozen=True, slots=True)
class Ear:
    """What a connection tells: frames that came at once with what to answer by, and each second the passing of time.

    `tick` gives why to end the connection, None to go on; `subscribed` comes once all is asked for, in seconds it took.
    """

    frames: Callable[[Sequence[bytes], Send], Awaitable[None]]
    tick: Callable[[], Awaitable[str | None]]
    subscribed: Callable[[float], None]


async def connect(stream: Stream, exchange: Exchange, wires: Wires) -> Inlet:
    """An open socket within the deadline, when its turn has come. Raises Ended."""
    await wires.gate.turn(stream.venue)
    try:
        async with asyncio.timeout(wires.connect_s):
            socket = await wires.session.ws_connect(
                wires.address(stream, exchange),
                timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=CLOSE_S),
                max_msg_size=wires.longest_frame_bytes,
                decode_text=False,
            )
            return cast("Inlet", socket)
    except aiohttp.WSServerHandshakeError as refused:
        raise _refusal(refused, exchange, wires.clock.now_ms()) from None
    except TimeoutError:
        raise Ended("no connection in time") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Ended(type(error).__name__) from None  # its text may hold an address with a password


def _refusal(refused: aiohttp.WSServerHandshakeError, exchange: Exchange, now_ms: int) -> Ended:
    headers = {name.lower(): value for name, value in (refused.headers or {}).items()}
    why = f"handshake answered {refused.status}"
    trouble = exchange.trouble(refused.status, headers, b"")
    if trouble is None or trouble.verdict not in WAIT_S:
        return Ended(why)
    return Ended(f"{trouble.verdict}: {why}", wait_s=_asked_wait_s(trouble, headers, now_ms))


def _asked_wait_s(trouble: Trouble, headers: Mapping[str, str], now_ms: int) -> float:
    """For how long the venue wants us away: its header, else what its file reads, else what is usual."""
    if (after := headers.get("retry-after", "")[:6]).isdecimal():
        return float(after)
    if trouble.wait_s is not None:
        return trouble.wait_s
    if trouble.until_ms is not None:
        return max(0.0, (trouble.until_ms - now_ms) / 1_000)
    return WAIT_S[trouble.verdict]


class Connection:
    """One open socket of a stream. Whatever ends it, nothing of it is left when `last` is over."""

    def __init__(self, socket: Inlet, stream: Stream, wires: Wires, ear: Ear) -> None:
        self._socket, self._stream, self._wires, self._ear = socket, stream, wires, ear
        self._ended: Ended | None = None
        self._ticking = asyncio.Lock()

    async def last(self) -> Ended:
        """Stay until the connection is over; why it is. What the ear raises is passed on."""
        tending = asyncio.create_task(self._tend())
        try:
            ended = await self._receive()
            async with self._ticking:
                tending.cancel()  # not while it tells somebody something
        finally:
            tending.cancel()
            # Not awaited itself: a cancellation that meets this moment is to get through.
            await asyncio.wait({tending})
            await self._socket.close()
        if not tending.cancelled() and (error := tending.exception()):
            raise error
        return self._ended or ended

    async def _receive(self) -> Ended:
        receive, behind = self._socket.receive, self._socket.behind
        hear, send = self._ear.frames, self._send
        while True:
            try:
                message = await receive()
            except (aiohttp.ClientError, OSError) as error:  # a ping that could not be answered any more
                return Ended(f"not answered: {type(error).__name__}")
            if message.type is not TEXT and message.type is not BINARY:
                return self._how(message.data)
            try:
                await hear((message.data, *await behind()), send)
            except Ended as ended:
                return ended

    def _how(self, told: object) -> Ended:
        if isinstance(told, aiohttp.WebSocketError):
            return Ended(f"unreadable frame: {told.code}")
        return Ended(f"closed {self._socket.close_code or aiohttp.WSCloseCode.ABNORMAL_CLOSURE}")

    async def _tend(self) -> None:
        try:
            await self._subscribe()
            await self._look_after()
        except Ended as ended:
            self._ended = ended
        finally:
            await self._socket.close()

    async def _subscribe(self) -> None:
        clock = self._wires.clock
        began_s = clock.monotonic_s()
        for number, text in enumerate(self._stream.subscribe):
            if number:
                await clock.sleep(BETWEEN_MESSAGES_S)
            await self._send(text)
        self._ear.subscribed(clock.monotonic_s() - began_s)

    async def _look_after(self) -> None:
        clock, stream = self._wires.clock, self._stream
        began_s = pinged_s = clock.monotonic_s()
        lives_s = None if stream.lives_s is None else stream.lives_s * (0.9 + 0.05 * self._wires.dice())
        while True:
            await clock.sleep(TICK_S)
            now_s = clock.monotonic_s()
            if stream.ping is not None and now_s - pinged_s >= (stream.ping_every_s or TICK_S):
                pinged_s = now_s
                await self._send(stream.ping)
            async with self._ticking:
                why = await self._ear.tick()
            if why:
                raise Ended(why)
            if lives_s is not None and now_s - began_s >= lives_s:
                raise Ended("renewed", as_planned=True)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Ended(f"not sent: {type(error).__name__}") from None
