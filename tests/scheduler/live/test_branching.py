"""Estimates beside the looks: one a quarter of an hour, handed in once, and never in the way of the loop."""

import asyncio
from math import log
from random import Random
from threading import enumerate as enumerate_threads
from time import perf_counter

from market.formulas.hawkes import drawn_events
from market.observations import HOUR_MS, MINUTE_MS, Branching, Venue
from market.rules import LiquidationRules
from scheduler.condense import CondenserState
from scheduler.condense.memory import VenueMemory
from scheduler.live.branching import CADENCE_MS, BranchingWatch, estimated
from tests.doubles.waiting import PATIENCE_S

BEGIN_MS = 1_700_000_000_000
UNTIL_MS = BEGIN_MS + 6 * HOUR_MS
SIX_HOURS_S = 21_600.0
MOST_LAG_S = 0.06
"""Three times the twenty milliseconds that nothing may hold the loop up for."""


def remembering(count: int = 0, ratio: float = 0.5) -> CondenserState:
    """A condenser that has heard six hours of Bybit, or as many events as said."""
    drawn = drawn_events([0.03], SIX_HOURS_S, ratio, log(2.0) / 20.0, SIX_HOURS_S, Random(3))
    memory = VenueMemory()
    memory.forced.events_ms.extend(BEGIN_MS + round(at_s * 1_000) for at_s in drawn[-count:])
    return CondenserState("BTC", venues={Venue.BYBIT: memory})


async def ready(watch: BranchingWatch, state: CondenserState, now_ms: int) -> tuple[Branching, ...]:
    """The next estimate, looked for again and again at one moment of the market."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := watch.take(state, now_ms)):
            await asyncio.sleep(0.005)
    return found


async def test_an_estimate_is_handed_in_once_and_the_next_one_begun_a_quarter_of_an_hour_later() -> None:
    watch, state = BranchingWatch("BTC", LiquidationRules()), remembering()

    assert watch.take(state, UNTIL_MS) == ()
    (found,) = await ready(watch, state, UNTIL_MS + MINUTE_MS)
    assert (found.venue, found.known_at_ms) == (Venue.BYBIT, UNTIL_MS)
    assert found.events == len(state.venues[Venue.BYBIT].forced.events_ms)
    assert 0.3 < found.ratio < 0.7

    assert watch.take(state, UNTIL_MS + 2 * MINUTE_MS) == ()
    (later,) = await ready(watch, state, UNTIL_MS + CADENCE_MS)
    assert later.known_at_ms == UNTIL_MS + CADENCE_MS
    watch.end()


async def test_estimates_of_many_assets_leave_the_threads_of_others_free() -> None:
    """Names of hosts are looked up in the same threads as everything else that is handed to one."""
    watches = [BranchingWatch(f"A{number}", LiquidationRules()) for number in range(40)]
    state = remembering()
    for watch in watches:
        assert watch.take(state, UNTIL_MS) == ()
    await asyncio.sleep(0.0)
    await asyncio.wait_for(asyncio.to_thread(int), PATIENCE_S)
    made = sum(watch.take(state, UNTIL_MS) != () for watch in watches)
    assert made < 20, "it did not wait for its turn behind them"
    assert sum(one.name.startswith("branching") for one in enumerate_threads()) == 1
    for watch in watches:
        watch.end()


async def test_fewer_than_a_hundred_events_are_not_estimated() -> None:
    watch = BranchingWatch("BTC", LiquidationRules())
    few = remembering(99)

    assert watch.take(few, UNTIL_MS) == ()
    await asyncio.sleep(0)
    assert watch.take(few, UNTIL_MS + CADENCE_MS) == ()


async def test_the_loop_goes_on_while_an_estimate_is_made() -> None:
    watch, state = BranchingWatch("BTC", LiquidationRules()), remembering(ratio=0.8)
    watch.take(state, UNTIL_MS)
    lags: list[float] = []
    async with asyncio.timeout(PATIENCE_S):
        while not watch.take(state, UNTIL_MS + MINUTE_MS):
            began = perf_counter()
            await asyncio.sleep(0.001)
            lags.append(perf_counter() - began - 0.001)

    assert sorted(lags)[len(lags) // 2] < MOST_LAG_S


def test_equal_events_are_estimated_alike() -> None:
    events = tuple(remembering().venues[Venue.BYBIT].forced.events_ms)

    assert estimated(Venue.BYBIT, events, UNTIL_MS) == estimated(Venue.BYBIT, events, UNTIL_MS)


def test_an_end_of_the_program_does_not_wait_for_estimates_that_have_not_begun() -> None:
    async def begin_many() -> None:
        state = remembering()
        for number in range(60):
            assert BranchingWatch(f"A{number}", LiquidationRules()).take(state, UNTIL_MS) == ()
        await asyncio.sleep(0.0)

    began = perf_counter()
    assert estimated(Venue.BYBIT, tuple(remembering().venues[Venue.BYBIT].forced.events_ms), UNTIL_MS)
    one_s = perf_counter() - began
    asyncio.run(begin_many())
    began = perf_counter()
    asyncio.run(_a_small_one())
    assert perf_counter() - began < 20 * one_s, "sixty of them would take three times as long"


async def _a_small_one() -> None:
    await ready(BranchingWatch("BTC", LiquidationRules()), remembering(100), UNTIL_MS)
