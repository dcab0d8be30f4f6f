"""How far forced or sudden moves reach in time: a five-minute spike is noise, repeated days are a regime (section 1)."""

from enum import IntEnum

from market.formulas.logic import any_of


class Horizon(IntEnum):
    """What the flagged buckets of five minutes, hours and days add up to."""

    QUIET = 0
    NOISE = 1
    EPISODE = 2
    REGIME = 3


def reaches(flagged: int, unknown: int, needed: int) -> bool | None:
    """Whether enough buckets are flagged; None where those nobody saw could still make it."""
    if flagged >= needed:
        return True
    return None if flagged + unknown >= needed else False


def horizon_of(
    fives: int | None, hours: tuple[int, int], days: tuple[int, int], episode_hours: int, regime_days: int
) -> Horizon | None:
    """REGIME with so many flagged days of 7, EPISODE with so many flagged hours of 24, NOISE with anything less.

    `fives` counts flagged five-minute buckets, None where the source has none: it then leaves the OR. `hours` and
    `days` are (flagged, unknown). What is asserted holds; None while what nobody saw could make an episode of it.
    """
    is_regime, is_episode = reaches(*days, regime_days), reaches(*hours, episode_hours)
    if is_regime:
        return Horizon.REGIME
    if is_episode:
        return Horizon.EPISODE
    if any_of(is_regime, is_episode) is None:
        return None
    return Horizon.NOISE if fives or hours[0] or days[0] else Horizon.QUIET
