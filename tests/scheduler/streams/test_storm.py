"""A15: two hundred streams that drop at once come back one after another."""

import asyncio
from dataclasses import replace

from market.observations import Venue
from scheduler.streams import Heard, Listener, open_wires
from scheduler.streams.backoff import Gate
from tests.doubles.exchange_streams import stream_server
from tests.doubles.hand_clock import HandClock
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import EXCHANGE, INSTRUMENTS, MARKS, STREAM, most_in_a_second

VENUES = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)
STREAMS = 200


async def test_a_15_two_hundred_streams_dropped_at_once_reconnect_at_most_five_a_second_over_twenty_seconds() -> (
    None
):
    time = HandClock()

    async def hear(_words: tuple[Heard, ...]) -> None:
        """Nothing is said in a storm."""

    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(clock=time.clock, ws_urls=dict.fromkeys(VENUES, server.url)) as wires,
        asyncio.TaskGroup() as tasks,
    ):
        slow = replace(STREAM, channels=(replace(MARKS, expected_every_s=600.0),))
        streams = [replace(slow, venue=VENUES[number % 5]) for number in range(STREAMS)]
        listeners = [Listener(stream, EXCHANGE, hear, INSTRUMENTS, wires) for stream in streams]
        running = [tasks.create_task(listener.run()) for listener in listeners]
        while len(server.open_lines) < STREAMS:
            await time.advance(1.0, grain_s=0.1)
        dropped_at_s, known = time.at_s, len(server.knocks)
        for line in server.open_lines:
            line.reset()
        await until(lambda: not server.open_lines)
        while len(server.open_lines) < STREAMS:
            await time.advance(1.0, grain_s=0.1)
        knocks = server.knocks[known:]
        assert len(knocks) == STREAMS, "nobody had to knock twice"
        assert most_in_a_second(knocks) <= 5
        assert max(knocks) - dropped_at_s >= 20.0
        assert min(knocks) - dropped_at_s <= 2.0
        for task in running:
            task.cancel()


async def test_the_gate_lets_five_a_second_through_and_not_three_a_second_to_one_venue() -> None:
    time = HandClock()
    gate = Gate(time.clock)
    passed: dict[Venue, list[float]] = {venue: [] for venue in VENUES}

    async def pass_through(venue: Venue) -> None:
        await gate.turn(venue)
        passed[venue].append(time.at_s)

    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(pass_through(VENUES[number % 5] if number % 2 else Venue.OKX))
        await time.advance(60.0)
    assert most_in_a_second([moment for moments in passed.values() for moment in moments]) <= 5
    assert all(most_in_a_second(moments) <= 3 for moments in passed.values() if moments)
    assert sum(len(moments) for moments in passed.values()) == 50
