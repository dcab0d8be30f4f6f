"""Bars made by hand: closes, and lows and highs where they matter."""

from array import array
from collections.abc import Mapping, Sequence
from math import nan

from market.evaluation.recorded import Bars
from market.observations import HOUR_MS

FIRST_CLOSE_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def bars_of(
    closes: Sequence[float],
    lows: Mapping[int, float] | None = None,
    highs: Mapping[int, float] | None = None,
    sigma: float | Sequence[float] = 0.02,
) -> Bars:
    """Hours that stood still at their close, but for the lows and highs that are given by row."""
    low, high = array("d", closes), array("d", closes)
    for column, given in ((low, lows or {}), (high, highs or {})):
        for row, price in given.items():
            column[row] = price
    sigmas = [sigma] * len(closes) if isinstance(sigma, float) else sigma
    return Bars("BTC", FIRST_CLOSE_MS, high, low, array("d", closes), array("d", sigmas))


def falling(before: int, fall: Sequence[float], after: int, start: float = 100.0) -> list[float]:
    """Closes that stand at `start`, pass through `fall`, and stay where they end."""
    return [start] * before + list(fall) + [fall[-1]] * after


def without(closes: Sequence[float], rows: Sequence[int]) -> list[float]:
    """The closes with some hours unknown."""
    return [nan if row in rows else close for row, close in enumerate(closes)]
