"""An operator's own history, or a simulated past, as reports: played before and beside what the exchanges remember."""

from collections.abc import Iterable

from market.observations import Asset, Observation
from scheduler.collect.past import Heard
from scheduler.exchange import Told

Step = tuple[int, Asset, tuple[Observation, ...]]
"""What history files and simulated markets tell: the time it was known, of which asset, and what."""


def own_past(steps: Iterable[Step], asset: Asset) -> tuple[Heard, ...]:
    """The steps of one asset, each heard when its bar had closed; () where there are none of it."""
    return tuple(
        Heard(at_ms, tuple(Told(asset, said) for said in observations))
        for at_ms, of, observations in steps
        if of == asset and observations
    )
