"""The closed hours of a live market: what a first start learns of the past, and what each hour adds, late minutes too."""

from math import isnan

import pytest

from market.hourly import Hourly, known
from market.observations import HOUR_MS, MINUTE_MS
from market.table import CODED
from scheduler.live.taking_up import JUDGED_MS
from scheduler.simulator.market import START_MS
from store.connection import Connection
from tests.scheduler.live.house import House, town

NOW_MS = START_MS + 30 * HOUR_MS
BEFORE_THE_HOUR_MS = NOW_MS - 5 * MINUTE_MS


async def hours_of(house: House) -> Hourly:
    hours = await house.cycle.hours.of("BTC")
    assert hours is not None
    return hours


def hours_known(column: object) -> int:
    return sum(value is not None for value in known(column))  # type: ignore[arg-type]


async def test_a_first_start_knows_of_each_hour_what_a_past_tells(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        hours = await hours_of(house)
        assert hours.last_close_ms == NOW_MS
        count = len(hours)
        assert hours_known(hours.volume_usd) >= count - 1
        assert hours_known(hours.funding_8h[-24 * 30 :]) == 24 * 30
        assert hours_known(hours.state_code) == JUDGED_MS // HOUR_MS + 1
        snapshot = await house.cycle.snapshots.latest("BTC")
        assert snapshot is not None
        assert CODED[int(hours.state_code[-1])] is snapshot.regime.state
        assert hours.funding_8h[-1] == pytest.approx(snapshot.fact("funding", "f24"), rel=1e-6)
        # of skew no venue tells a past, and of liquidations only some tell a day
        assert hours_known(hours.skew_points) == 0
        assert hours_known(hours.long_liquidated_usd) <= 24 + 1
        # and they are looked back at, once
        assert [await house.market.look_back() for _ in range(2)] == ["BTC", None]
        record = await house.memory.backtests.of("BTC")
        assert record is not None
        assert (record.first_ms, record.until_ms) == (hours.first_close_ms, NOW_MS)


async def test_an_hour_that_passes_is_added_with_its_state_and_its_late_minutes_survive_a_restart(
    valkey: Connection,
) -> None:
    async with town(BEFORE_THE_HOUR_MS) as here:
        async with here.house(valkey, listens=True) as house:
            await house.begin("BTC")
            before = len(await hours_of(house))
            snapshots = await house.minutes(5)
            assert len(await hours_of(house)) == before
            closing = await house.minute()
            hours = await hours_of(house)
            assert (len(hours), hours.last_close_ms) == (before + 1, NOW_MS)
            assert CODED[int(hours.state_code[-1])] is closing.regime.state
            assert hours.skew_points[-1] == pytest.approx(
                snapshots[-1].fact("skew", "skew_30d_points"), abs=0.5
            )
            assert not isnan(hours.funding_8h[-1])
            await house.minutes(3)
            mended = await hours_of(house)
        async with here.house(valkey, listens=True) as house:
            await house.begin("BTC")
            assert await hours_of(house) == mended
            await house.minute()
            assert CODED[int((await hours_of(house)).state_code[-1])] is closing.regime.state
