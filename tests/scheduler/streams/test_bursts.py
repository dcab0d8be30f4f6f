"""Frames that come together: handed on in one call, and nothing else about them is different."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

from market.observations import Liquidation, Mark, Venue
from scheduler.exchange import Stream
from scheduler.streams import Gap, Heard, Listener, open_wires
from scheduler.streams.wires import KeepFrame
from tests.doubles.exchange_streams import Line, StreamServer, stream_server
from tests.doubles.hand_clock import HandClock
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import EXCHANGE, INSTRUMENTS, STREAM, liquidation, mark


@dataclass(slots=True)
class SlowDesk:
    """A listener whose hearer works until it is let go, so that frames lie behind the one it was told of."""

    time: HandClock
    server: StreamServer
    listener: Listener
    calls: list[tuple[Heard, ...]] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def occupied(self) -> Line:
        """The connection, with the hearer at work on its first mark."""
        line = await self.server.line(0)
        await until(lambda: bool(line.texts))
        await line.say(mark(price=0.5))
        await until(lambda: bool(self.calls))
        return line

    async def let_go(self, reports: int) -> list[tuple[Heard, ...]]:
        """Let it work on once all has come; the calls after the first, when so many things were told in them."""
        for _ in range(20):
            await asyncio.sleep(0)  # what was sent is read ahead by then
        self.free.set()
        await until(lambda: sum(map(len, self.calls[1:])) >= reports)
        return self.calls[1:]


@asynccontextmanager
async def slow_desk(stream: Stream = STREAM, keep: KeepFrame | None = None) -> AsyncIterator[SlowDesk]:
    time = HandClock()
    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(
            clock=time.clock, dice=lambda: 0.999, ws_urls={Venue.SIMULATED: server.url}, keep=keep
        ) as wires,
    ):

        async def hear(said: tuple[Heard, ...]) -> None:
            at.calls.append(said)
            await at.free.wait()

        at = SlowDesk(time, server, Listener(stream, EXCHANGE, hear, INSTRUMENTS, wires))
        task = asyncio.create_task(at.listener.run())
        try:
            yield at
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await until(lambda: not server.open_lines)


def prices(*calls: tuple[Heard, ...]) -> list[float]:
    return [one.mark_usd for said in calls for one in said if isinstance(one, Mark)]


async def test_what_came_while_the_hearer_worked_is_told_in_one_call_in_its_order() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for price in range(1, 41):
            await line.say(mark(price=float(price)))
        calls = await at.let_go(40)
        assert prices(*calls) == [float(price) for price in range(1, 41)]
        assert len(calls) == 1, "aiohttp shows no more what it has read: each frame comes alone"


async def test_all_of_one_call_is_of_one_moment_and_no_call_is_earlier_than_the_one_before() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for price in (1.0, 2.0):
            await line.say(mark(price=price))
        at.time.at_s += 0.5
        (said,) = await at.let_go(2)
        moments = [one.known_at_ms for one in (*at.calls[0], *said) if isinstance(one, Mark)]
        assert [later - earlier for earlier, later in pairwise(moments)] == [500, 0]


async def test_a_frame_not_understood_among_others_is_counted_and_they_are_told() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for frame in (mark(price=1.0), "no json", mark(price=2.0), '{"k":"mark"}', mark(price=3.0)):
            await line.say(frame)
        assert prices(*await at.let_go(3)) == [1.0, 2.0, 3.0]
        assert (at.listener.status().misreads, at.listener.status().reconnects) == (2, 0)


async def test_a_quiet_channel_is_missed_from_a_misread_between_two_of_its_frames() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for frame in (
            liquidation(),
            '{"k":"liquidations","s":"BTCUSDT","p":"1"}',
            mark(price=1.0),
            liquidation(),
        ):
            await line.say(frame)
        said = [one for call in await at.let_go(4) for one in call]
        assert [type(one) for one in said] == [Liquidation, Mark, Gap, Liquidation]


async def test_a_demand_among_other_frames_is_answered_after_those_before_it_and_before_those_behind() -> (
    None
):
    told: list[list[float]] = []

    def answer(frame: bytes) -> str | None:
        told.append(prices(*at.calls))
        return "here" if frame == b'{"test":1}' else None

    async with slow_desk(replace(STREAM, answer=answer)) as at:
        line = await at.occupied()
        for frame in (mark(price=1.0), '{"test":1}', mark(price=2.0)):
            await line.say(frame)
        calls = await at.let_go(2)
        await until(lambda: "here" in line.texts)
        assert [prices(said) for said in calls] == [[1.0], [2.0]]
        assert told == [[0.5]]


async def test_a_ping_among_frames_is_answered_and_loses_none() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        await line.say(mark(price=1.0))
        await line.socket.ping(b"there?")
        await line.say(mark(price=2.0))
        assert prices(*await at.let_go(2)) == [1.0, 2.0]
        assert at.listener.status().reconnects == 0


async def test_what_came_before_a_close_is_told() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for price in (1.0, 2.0):
            await line.say(mark(price=price))
        await line.close(1001)
        assert prices(*await at.let_go(2)) == [1.0, 2.0]
        await until(lambda: at.listener.status().reconnects == 1)


async def test_every_frame_of_a_burst_is_kept_also_where_one_is_not_understood() -> None:
    kept: list[bytes] = []
    async with slow_desk(keep=lambda _stream, frame, _at_ms: kept.append(frame)) as at:
        line = await at.occupied()
        frames = [mark(price=1.0), "no json", mark(price=2.0)]
        for frame in frames:
            await line.say(frame)
        await at.let_go(2)
        assert kept[1:] == [frame.encode() for frame in frames]


async def test_a7_a_liquidation_told_again_in_another_frame_of_a_burst_is_handed_on_once() -> None:
    async with slow_desk() as at:
        line = await at.occupied()
        for frame in (liquidation(), liquidation(), mark(price=1.5)):
            await line.say(frame)
        (call,) = await at.let_go(2)
        assert [type(one) for one in call] == [Liquidation, Mark]
