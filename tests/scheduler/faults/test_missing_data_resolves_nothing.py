"""The promise of all promises: a warning is over when that is seen. Random faults over a market that goes on falling."""

from random import Random

import pytest

from market.alerts import Alert, Edge
from market.table import SEVERITY, State
from tests.scheduler.faults.stage import DEADLINE_S, FALLING_MS, Stage, stage
from tests.scheduler.faults.test_a5_to_a8_values import ALL
from tests.soak.plan import KINDS, SILENT_FORCED, Planned

HOURS = 2
OVER = (Edge.RESOLVED, Edge.FALSE_ALARM)
CHANGES_EVERY_S = 240
USABLE = [kind for kind in KINDS if kind != SILENT_FORCED]

_undisturbed: list[tuple[list[State], list[Alert]]] = []


async def undisturbed() -> tuple[list[State], list[Alert]]:
    """The same two hours without any fault: states and alerts."""
    if not _undisturbed:
        async with stage(FALLING_MS) as at:
            await at.passes(HOURS * 3600, leap_s=5)
            _undisturbed.append(([one.regime.state for one in at.looks["BTC"]], list(at.alerts)))
    return _undisturbed[0]


def schedule(seed: int) -> list[Planned]:
    """Which trouble begins when and ends when, in seconds; some are everybody's at once."""
    dice = Random(f"{seed}:troubles")
    found: list[Planned] = []
    for at_s in range(0, HOURS * 3600, CHANGES_EVERY_S):
        venues = ALL if dice.random() < 0.1 else dice.sample(ALL, dice.choice((1, 1, 2)))
        kind, length_s = dice.choice(USABLE), round(dice.uniform(120, 2400))
        found += [Planned(at_s, at_s + length_s, venue, kind) for venue in venues]
    return found


async def live_through(at: Stage, seed: int) -> None:
    """Begin and end each trouble at its time."""
    planned, under_way = schedule(seed), list[Planned]()
    for at_s in range(0, HOURS * 3600, CHANGES_EVERY_S):
        for one in [one for one in under_way if one.until_ms <= at_s]:
            at.venues.faults.clear(one.venue, one.trouble().fault)
            under_way.remove(one)
        for one in [one for one in planned if one.from_ms == at_s]:
            at.trouble(one.venue, one.trouble())
            under_way.append(one)
        await at.passes(CHANGES_EVERY_S, leap_s=5)


async def holds(seed: int) -> None:
    calm_states, calm_alerts = await undisturbed()
    assert not [one for one in calm_alerts if one.edge in OVER], "the market of this test is to stay alarmed"
    least = min(SEVERITY[state] for state in calm_states)
    assert least >= SEVERITY[State.CROWDING]
    async with stage(FALLING_MS, deadline_s=DEADLINE_S) as at:
        await live_through(at, seed)
    assert not [one for one in at.alerts if one.edge in OVER]
    for look in at.looks["BTC"]:
        state = look.regime.state
        assert state is State.INSUFFICIENT_DATA or SEVERITY[state] >= least


@pytest.mark.slow  # tests/soak/test_soak.py has a short one of it
@pytest.mark.parametrize("seed", range(1, 12))
async def test_whatever_fails_a_market_that_goes_on_falling_is_never_called_over(
    seed: int,
) -> None:
    await holds(seed)
