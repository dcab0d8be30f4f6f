"""A clock that leaps, and streams that have been read when it leaps again."""

import asyncio
from collections.abc import Callable

from market.observations import MINUTE_MS, SECOND_MS, Mark, Venue
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher
from scheduler.simulator.leaps import LeapingClock
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import serve
from scheduler.streams import Heard, Listener, open_wires
from tests.doubles.waiting import until
from tests.scheduler.simulator.desk import BY_VENUE, instruments, sell_off


async def test_who_sleeps_is_woken_by_the_leap_that_passes_his_moment_and_in_the_order_of_moments() -> None:
    time, woken = LeapingClock(START_MS), list[tuple[str, int]]()

    async def sleep(name: str, seconds: float) -> None:
        await time.clock.sleep(seconds)
        woken.append((name, time.now_ms() - START_MS))

    tasks = [
        asyncio.create_task(sleep(name, seconds)) for name, seconds in (("b", 20.0), ("c", 31.0), ("a", 1.0))
    ]
    await asyncio.sleep(0)
    time.leap_to(START_MS + 30 * SECOND_MS)
    await asyncio.gather(tasks[0], tasks[2])
    assert woken == [("a", 30_000), ("b", 30_000)]
    time.leap_to(START_MS)
    assert time.now_ms() == START_MS + 30 * SECOND_MS
    time.leap_to(START_MS + 31 * SECOND_MS)
    await tasks[1]
    assert time.clock.monotonic_s() == 31.0


async def test_who_waits_for_others_waits_in_no_time_and_nobody_else_notices() -> None:
    time = LeapingClock(START_MS)
    await time.unhurried.sleep(90.0)
    assert time.unhurried.monotonic_s() == 90.0
    assert (time.clock.monotonic_s(), time.now_ms()) == (0.0, START_MS)


async def test_once_told_everything_has_been_read_at_the_moment_it_was_told() -> None:
    time, heard = LeapingClock(START_MS), list[tuple[Venue, int, int]]()

    async def hear(said: tuple[Heard, ...]) -> None:
        marks = [one for one in said if isinstance(one, Mark)]
        heard.extend((one.venue, one.known_at_ms, time.now_ms()) for one in marks)

    async with (
        serve(sell_off(), time.clock) as venues,
        Fetcher(exchanges(), venues.rest_urls, clock=time.unhurried) as fetcher,
        open_wires(clock=time.clock, ws_urls=venues.ws_urls) as wires,
    ):
        listening = []
        for venue, exchange in BY_VENUE.items():
            btc = (await instruments(fetcher, venue, START_MS))["BTC"]
            stream = exchange.streams([btc])[0]
            listener = Listener(stream, exchange, hear, {btc.symbol: btc}, wires)
            listening.append(asyncio.create_task(listener.run()))
        await _connected(time, lambda: venues.open_lines == len(BY_VENUE))
        for minute in range(1, 4):
            time.leap_to(START_MS + minute * MINUTE_MS)
            await venues.tell()
            now = [(venue, known_ms) for venue, known_ms, at_ms in heard if at_ms == time.now_ms()]
            assert {(venue, time.now_ms()) for venue in BY_VENUE} <= set(now)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    assert all(known_ms == at_ms for _, known_ms, at_ms in heard)


async def _connected(time: LeapingClock, are_all: Callable[[], bool]) -> None:
    """Connects have their turns in market time."""

    def leap() -> bool:
        time.leap_to(time.now_ms() + 250)
        return are_all()

    await until(leap)
