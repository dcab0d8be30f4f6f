"""How a venue behaves on one connection: well, or as its troubles say."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from email.utils import formatdate

from aiohttp import WSCloseCode, web

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.simulator.server.faults import Fault, Switch
from scheduler.simulator.server.mangling import PAGE, bomb, written
from scheduler.simulator.server.speech import Speech

SILENT = (Fault.STALL, Fault.HALF_OPEN)
TOLD_NOTHING = (*SILENT, Fault.MUTE)
PIECE_BYTES = 65_536


class Conduct:
    """What one websocket is told, and what happens to it."""

    def __init__(self, venue: Venue, switch: Switch) -> None:
        self._venue, self._switch = venue, switch
        self._held: list[bytes] = []
        self._number = 0
        self._is_paused = False

    @property
    def is_deaf(self) -> bool:
        """Nothing the client says is read."""
        return self._is_paused or self._switch.has(self._venue, Fault.HALF_OPEN)

    def replies(self, said: Iterable[object]) -> Iterator[bytes]:
        """What is answered to something the client said."""
        if not self._switch.has(self._venue, *SILENT):
            yield from (written(one, self._venue, self._switch) for one in said)

    def frames(self, speech: Speech, topics: set[str], after_ms: int, now_ms: int) -> list[bytes]:
        """What is pushed for the time (after, now]; what is not told now never is: that is what makes a gap."""
        switch, venue = self._switch, self._venue
        self._number += 1
        is_lost = switch.has(venue, Fault.LOSS) and self._number % 2 == 0
        if is_lost or switch.has(venue, *TOLD_NOTHING):
            return []
        ago_ms = round(switch.seconds(venue, Fault.REPLAY) * 1_000)
        said = speech.frames(topics, after_ms - ago_ms, now_ms - ago_ms)
        payloads = [written(frame, venue, switch) for frame in said]
        silenced = switch.trouble(venue, Fault.SILENCE)
        if silenced is not None:
            payloads = [payload for payload in payloads if silenced.word.encode() not in payload]
        if switch.has(venue, Fault.DOUBLE):
            payloads = [payload for payload in payloads for _ in range(2)]
        return self._in_turn(payloads)

    def _in_turn(self, payloads: list[bytes]) -> list[bytes]:
        """In their order; of a venue that shuffles, every other second's after those of the second that follows."""
        if self._switch.has(self._venue, Fault.SHUFFLE) and not self._held:
            self._held = payloads
            return []
        payloads, self._held = payloads + self._held, []
        return payloads

    async def suffer(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        """Let the venue's troubles come over an open connection."""
        switch, venue, transport = self._switch, self._venue, request.transport
        if transport is None:
            return
        hang_up = switch.trouble(venue, Fault.HANG_UP)
        if self._is_paused and not switch.has(venue, Fault.HALF_OPEN):
            transport.abort()  # who went away without a word does not come back to the same connection
        elif switch.has(venue, Fault.HALF_OPEN) and not self._is_paused:
            self._is_paused = True
            transport.pause_reading()
        elif switch.has(venue, Fault.DROP, Fault.REFUSE):
            transport.abort()
        elif switch.has(venue, Fault.STATUS):
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        elif hang_up is not None:
            await socket.close(code=hang_up.code)


async def refused(venue: Venue, switch: Switch, request: web.Request, clock: Clock) -> web.Response | None:
    """What a venue in trouble answers before it looks at the question, None where it does; it may take as long as it lasts."""
    await switch.unless(venue, *SILENT)
    if switch.has(venue, Fault.DROP, Fault.REFUSE):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    found = switch.trouble(venue, Fault.STATUS)
    if found is None:
        return None
    headers = {"date": http_date(clock.now_ms()), **found.headers}
    return web.Response(status=found.status, headers=headers, body=found.body)


async def sent(
    payload: bytes, status: int, venue: Venue, switch: Switch, request: web.Request, clock: Clock
) -> web.StreamResponse:
    """The answer on its way: at once, as a bomb, byte by byte or without an end."""
    if switch.has(venue, Fault.PAGE):
        return web.Response(body=PAGE, content_type="text/html")
    if switch.has(venue, Fault.BOMB):
        headers = {"content-encoding": "gzip", "content-type": "application/json"}
        return web.Response(body=bomb(), headers=headers)
    if switch.has(venue, Fault.TRICKLE):
        return await _in_pieces(request, (payload[at : at + 1] for at in range(len(payload))), clock.sleep)
    if switch.has(venue, Fault.LONG):
        return await _in_pieces(request, _endless(), lambda _: asyncio.sleep(0))
    return web.Response(body=payload, status=status, content_type="application/json")


def http_date(at_ms: int) -> str:
    """A moment as HTTP writes it."""
    return formatdate(at_ms / 1_000, usegmt=True)


def _endless() -> Iterator[bytes]:
    while True:
        yield b" " * PIECE_BYTES


async def _in_pieces(
    request: web.Request, pieces: Iterable[bytes], pause: Callable[[float], Awaitable[None]]
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    for piece in pieces:
        try:
            await response.write(piece)
        except ConnectionError:
            break
        await pause(1.0)
    return response
