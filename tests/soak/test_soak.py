"""The soak, short: a few simulated hours with a planted cascade and a dozen faults; and its own parts."""

import pytest

from market.observations import HOUR_MS, MINUTE_MS, Venue
from scheduler.simulator.market import START_MS
from tests.soak.plan import KINDS, MOST_AT_ONCE, WITH_PRICES, plan
from tests.soak.run import BEGIN_MS, Soak, soak

DAY_END_MS = BEGIN_MS + 24 * HOUR_MS
FALLS_MS = (START_MS + 3 * HOUR_MS, START_MS + 14 * HOUR_MS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_has_sixty_faults_and_more_of_nearly_all_kinds_on_all_venues(seed: int) -> None:
    planned = plan(seed, BEGIN_MS, DAY_END_MS, 72, FALLS_MS)
    assert len({(one.from_ms, one.name) for one in planned}) >= 60
    assert len({one.name for one in planned}) >= 0.85 * len(KINDS)
    assert {one.venue for one in planned} == set(Venue) & {one.venue for one in planned}
    assert len({one.venue for one in planned}) == 5
    assert any(a.overlaps(b) for a in planned for b in planned if a is not b)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_but_for_two_blackouts_somebody_with_a_price_is_always_well(seed: int) -> None:
    planned = plan(seed, BEGIN_MS, DAY_END_MS, 72, FALLS_MS)
    dark = {one.from_ms for one in planned if sum(other.from_ms == one.from_ms for other in planned) == 5}
    assert len(dark) == 2
    single = [one for one in planned if one.from_ms not in dark]
    for at_ms in range(BEGIN_MS, DAY_END_MS, MINUTE_MS):
        troubled = {one.venue for one in single if one.from_ms <= at_ms < one.felt_until_ms}
        assert len(troubled) <= MOST_AT_ONCE
        assert not troubled.issuperset(WITH_PRICES)


def test_the_same_seed_plans_the_same() -> None:
    assert plan(4, BEGIN_MS, DAY_END_MS, 72, FALLS_MS) == plan(4, BEGIN_MS, DAY_END_MS, 72, FALLS_MS)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_morning_with_a_dozen_faults_and_a_cascade() -> None:
    verdict = await soak(Soak(seed=2, hours=5.0, speed=200.0, faults=14))
    print(f"\n{verdict.table()}")
    assert verdict.violations == []
