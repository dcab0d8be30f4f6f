"""Does leverage leave on down moves and stay away on up moves, hour by hour (market/state/digest.py)."""

from math import nan

import numpy as np

from market.observations import HOUR_MS
from market.rules import OpenInterestRules
from scheduler.batch.told import Bools, Floats, Ints


def digested(
    grid_ms: Ints, usd: Floats, coins: Floats, variance: Floats, rules: OpenInterestRules
) -> dict[str, Floats]:
    """By full hour, of the pairs of the last hours: mean log changes in coins of those that fell and that rose.

    `variance` is that of an hour as known then; what is within its band is neither.
    """
    follows = np.flatnonzero(np.diff(grid_ms, prepend=0) == HOUR_MS)
    moves, changes = (np.log(one[follows] / one[follows - 1]) for one in (usd, coins))
    band = (rules.digest_move_sigmas * np.sqrt(np.maximum(0.0, variance)))[:, None]
    place, within = _recent(grid_ms, grid_ms[follows], rules.digest_hours)
    move, change = (np.append(one, nan)[place] for one in (moves, changes))
    fell, rose = within & (move < -band), within & (move > band)
    falls, rises = fell.sum(axis=1), rose.sum(axis=1)
    enough = (np.minimum(falls, rises) >= rules.digest_least_hours) & (falls > 0) & (rises > 0)
    falling, rising = (
        np.where(enough, np.where(hours, change, 0.0).sum(axis=1) / count, nan)
        for hours, count in ((fell, falls), (rose, rises))
    )
    digests = (falling < rules.digest_decline) & (rising >= -rules.digest_hold_share * np.abs(falling))
    return {
        "digest_falling": falling,
        "digest_rising": rising,
        "digest_falling_hours": falls.astype(float),
        "digest_rising_hours": rises.astype(float),
        "digesting": np.where(enough, digests.astype(float), nan),
    }


def _recent(grid_ms: Ints, pair_ms: Ints, hours: int) -> tuple[Ints, Bools]:
    """By full hour the places of the last so many pairs (-1: none), and which of them are of the last so many hours."""
    so_far = np.searchsorted(pair_ms, grid_ms, "right")
    place = np.maximum(so_far[:, None] - 1 - np.arange(hours), -1)
    told_ms = np.append(pair_ms, 0)[place]
    return place, np.asarray((place >= 0) & (told_ms > grid_ms[:, None] - hours * HOUR_MS))
