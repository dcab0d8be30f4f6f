"""The time-weighted mean of a rate over the span before each of many moments: by numpy, and as a loop that numba compiles."""

from collections.abc import Callable
from math import nan
from typing import Any

import numpy as np

from scheduler.batch.told import Floats, Ints
from scheduler.batch.windows import range_sum

Means = Callable[[Floats, Ints, Ints, Ints, int], Floats]
"""Of rates, since when each holds, the last one known at each moment (never back; -1: none), the moments (never back) and
the span before them: the mean over it, or over what is known of it. NaN without a rate."""


def means(rate: Floats, known_ms: Ints, rows: Ints, asked_ms: Ints, span_ms: int) -> Floats:
    """These means at once."""
    row = np.maximum(rows, 0)
    oldest = asked_ms - span_ms
    first = np.clip(np.searchsorted(known_ms, oldest, "right") - 1, 0, row)
    begins = np.maximum(known_ms[first], oldest)
    pieces = rate[:-1] * np.diff(known_ms)
    inner = np.minimum(first + 1, row)
    ends = np.where(first < row, known_ms[inner], asked_ms)
    area = rate[first] * (ends - begins) + range_sum(pieces, inner, row)
    area += np.where(first < row, rate[row] * (asked_ms - known_ms[row]), 0.0)
    covered = asked_ms - begins
    mean = area / np.where(covered > 0, covered, 1)
    return np.where(rows < 0, nan, np.where(covered > 0, mean, rate[row]))


def walk_means(rate: Any, known_ms: Any, rows: Any, asked_ms: Any, span_ms: int) -> Any:
    """The same one by one: what came since a middle is added up, and from each place up to it, so that nothing is taken off."""
    found, behind = np.full(len(rows), nan), np.empty(len(rate) + 1)
    first = middle = added = 0
    since = 0.0
    for index in range(len(rows)):
        row, asked = rows[index], asked_ms[index]
        if row < 0:
            continue
        oldest = asked - span_ms
        while first < row and known_ms[first + 1] <= oldest:
            first += 1
        begins = max(known_ms[first], oldest)
        inner = min(first + 1, row)
        if inner >= middle:
            # all up to here becomes what is behind the next middle
            middle, added, since, behind[row] = row, row, 0.0, 0.0
            for place in range(row - 1, inner - 1, -1):
                behind[place] = behind[place + 1] + rate[place] * (known_ms[place + 1] - known_ms[place])
        while added < row:
            since += rate[added] * (known_ms[added + 1] - known_ms[added])
            added += 1
        if asked <= begins:
            found[index] = rate[row]
            continue
        ends = known_ms[inner] if first < row else asked
        area = rate[first] * (ends - begins) + (behind[inner] + since)
        if first < row:
            area += rate[row] * (asked - known_ms[row])
        found[index] = area / (asked - begins)
    return found
