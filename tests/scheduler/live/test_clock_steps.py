"""This machine's clock is set by hours while the market runs: nothing old is fresh, nothing resolves, and it finds its way back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from market.alerts import Edge
from market.observations import HOUR_MS, MINUTE_MS
from market.snapshot import Snapshot
from market.table import State
from scheduler.clock import Clock
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import serve
from store.connection import Connection
from tests.doubles.hand_clock import HandClock
from tests.scheduler.live.house import Town, one_coin, states

NOW_MS = START_MS + 30 * HOUR_MS


class SetClock(HandClock):
    """The machine's clock beside that of the venues: the same seconds pass, and somebody sets it."""

    def __init__(self, theirs: HandClock) -> None:
        super().__init__(theirs.began_ms)
        self._theirs = theirs
        self.set_by_ms = 0

    @property
    def clock(self) -> Clock:
        return Clock(self.now_ms, lambda: self._theirs.at_s, self._theirs.sleep)

    def now_ms(self) -> int:
        return self._theirs.now_ms() + self.set_by_ms

    async def advance(self, seconds: float, grain_s: float = 0.0) -> None:
        await self._theirs.advance(seconds, grain_s)
        self.at_s = self._theirs.at_s


@asynccontextmanager
async def town_with_a_clock() -> AsyncIterator[tuple[Town, SetClock]]:
    theirs = HandClock(NOW_MS)
    async with serve(one_coin(), theirs.clock) as venues:
        ours = SetClock(theirs)
        yield Town(ours, venues), ours


def is_blind(snapshots: list[Snapshot]) -> bool:
    """Whether all of them say that nothing is known."""
    return states(snapshots) == [State.INSUFFICIENT_DATA]


async def test_a_clock_that_is_set_back_makes_it_blind_until_it_is_later_and_nothing_is_forgotten(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with town_with_a_clock() as (here, clock):
        async with here.house(valkey) as house:
            await house.begin("BTC")
            before = (await house.minutes(2))[-1]
            clock.set_by_ms = -HOUR_MS
            assert is_blind(await house.minutes(2))
            await house.market.mind_watchlist()
            assert not house.market.is_live("BTC")
        async with here.house(valkey) as house:  # a start with such a clock is as blind
            await house.begin("BTC")
            assert is_blind(await house.minutes(1))
            assert caplog.text.count("min behind what was seen last") == 2
            clock.set_by_ms = 0
            assert is_blind([await house.look()])  # to be taken up first
            await house.market.mind_watchlist()
            after = (await house.minutes(1))[-1]
            assert after.regime.state is before.regime.state
            assert after.at_ms > before.at_ms + 3 * MINUTE_MS


async def test_a_clock_that_is_set_a_day_ahead_makes_nothing_old_fresh_and_resolves_nothing(
    valkey: Connection,
) -> None:
    async with town_with_a_clock() as (here, clock), here.house(valkey) as house:
        await house.begin("BTC")
        await house.minutes(2)
        clock.set_by_ms = 25 * HOUR_MS
        assert is_blind(await house.minutes(2))
        assert all(alert.edge is not Edge.RESOLVED for alert in house.alerts)
