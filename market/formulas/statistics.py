"""Ranks, robust scores and freshness: how a value is put against its own past (quant.md section 0)."""

from collections.abc import Sequence
from functools import cache
from statistics import median

MAD_TO_SIGMA = 1.4826
"""A Gaussian's standard deviation over its median absolute deviation."""


def mid_rank(value: float, values: Sequence[float]) -> float | None:
    """The share of `values` below `value`, equals counted half (0..1); None of an empty window.

    `values` is the trailing window without the value itself. The half matters: funding sits on one number for days.
    """
    if not values:
        return None
    below = len([other for other in values if other < value])
    return (below + 0.5 * values.count(value)) / len(values)


def median_absolute_deviation(values: Sequence[float]) -> float | None:
    """The median distance to the median, in the unit of the values; None of an empty window."""
    if not values:
        return None
    middle = median(values)
    return median([abs(value - middle) for value in values])


def robust_z(value: float, values: Sequence[float]) -> float | None:
    """(value - median) / (1.4826 MAD); None where the window is empty or does not vary (never 0, never infinite)."""
    spread = median_absolute_deviation(values)
    if not spread:
        return None
    return (value - median(values)) / (MAD_TO_SIGMA * spread)


def freshness_quality(age_ms: float, ttl_ms: float) -> float:
    """1 up to the time to live, then falling in a line to 0 at three times it.

    A value from the future (negative age) is worth nothing: a clock that runs ahead is never read as calm.
    """
    if not 0.0 <= age_ms < 3.0 * ttl_ms:
        return 0.0
    return 1.0 if age_ms <= ttl_ms else (3.0 * ttl_ms - age_ms) / (2.0 * ttl_ms)


@cache
def time_to_live_ms(default_ms: int, cadence_ms: int, cadence_factor: float) -> int:
    """How long a value is fresh: the default of its kind, or its source's own cadence with some grace.

    An hourly series is fresh for 66 minutes after its close, a daily one for 26.4 hours (factor 1.1).
    """
    return max(default_ms, round(cadence_factor * cadence_ms))
