"""Values on a grid and what is ranked among them: mid-ranks, medians and robust scores over trailing windows.

As in `market.rolling.RankWindow`, the newest value is left out of its own window.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from market.rolling import MAD_TO_SIGMA, median_deviation, median_of_sorted
from scheduler.batch.breaks import Breaks, broken_bars
from scheduler.batch.means import Means, means
from scheduler.batch.swings import Legs, legs
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.windows import decaying_mean, window_max, window_sum

AT_ONCE = 4096
"""So many grid values lie between the ends of the windows that are counted together."""


@dataclass(frozen=True, slots=True)
class Window:
    """Of each question the places of the grid values that it is ranked among: from `first` up to but without `after`."""

    first: Ints
    after: Ints

    @property
    def count(self) -> Ints:
        """How many values there are to rank among."""
        return self.after - self.first

    def learned(self, ranks: Floats, least: Floats | int) -> Floats:
        """The ranks (written into), NaN where there are fewer than the least to rank among."""
        ranks[self.count < least] = nan
        return ranks


@dataclass(frozen=True, slots=True)
class Grid:
    """Values offered at times (UTC ms), kept for `span_ms`. `life` grows where a series begins anew: no window reaches back."""

    times: Ints
    values: Floats
    span_ms: int
    life: Ints

    def window(self, offered: Ints, life: Ints) -> Window:
        """What the window holds once `offered` values have been, for a question of that life."""
        if not len(self.times):
            return Window(np.zeros_like(offered), np.zeros_like(offered))
        reach = np.searchsorted(self.times, self.times - self.span_ms, "left")
        first = np.concatenate((reach[:1], reach)).take(offered, mode="clip")
        after = np.maximum(np.arange(-1, len(reach)), 0).take(offered, mode="clip")
        if self.life[-1] or life[-1]:
            first = np.maximum(first, np.searchsorted(self.life, life, "left"))
            after = np.maximum(after, first)
        return Window(first, after)

    def own(self) -> Window:
        """The window after each offer."""
        return self.window(np.arange(1, len(self.times) + 1), self.life)


def grid(times: Ints, values: Floats, span_ms: int, life: Ints | None = None) -> Grid:
    """A grid; without `life` nothing ever begins anew."""
    return Grid(times, values, span_ms, np.zeros(len(times), np.int64) if life is None else life)


@dataclass(frozen=True, slots=True)
class Kernels:
    """What decides the speed: the mid-rank of each asked value in its window, medians with their deviations, swings, windows, means, breaks.

    `ranks(asked, window, values)`: questions are in order of their windows; NaN for an empty window or an unknown value.
    `medians(values, window, spreads)`: the medians of the windows and, if asked for, the median absolute deviations.
    """

    ranks: Callable[[Floats, Window, Floats], Floats]
    medians: Callable[[Floats, Window, bool], tuple[Floats, Floats]]
    legs: Legs
    window_max: Callable[[Floats, Ints], Floats]
    window_sum: Callable[[Floats, Ints], Floats]
    span_means: Means
    breaks: Breaks
    decaying_mean: Callable[[Floats, float], Floats]


def ranks(asked: Floats, window: Window, values: Floats) -> Floats:
    """Mid-ranks by numpy, of thousands of grid values at a time."""
    found = np.full(len(asked), nan)
    mine = np.flatnonzero((window.after > window.first) & ~np.isnan(asked))
    mine = mine[_changes(asked[mine], window.first[mine], window.after[mine])]
    first, after, wanted = window.first[mine], window.after[mine], asked[mine]
    begins = 0
    while begins < len(mine):
        ends = int(np.searchsorted(after, after[begins] + AT_ONCE, "left"))
        part, base = slice(begins, ends), int(first[begins])
        counted = _counted(values[base : after[ends - 1]])
        found[mine[part]] = counted.ranks(wanted[part], first[part] - base, after[part] - base)
        begins = ends
    return _spread(found, mine, asked, window)


def _changes(asked: Floats, first: Ints, after: Ints) -> Bools:
    """Where a question is not the one before it over again."""
    new = np.ones(len(asked), bool)
    new[1:] = (asked[1:] != asked[:-1]) | (first[1:] != first[:-1]) | (after[1:] != after[:-1])
    return new


def _spread(found: Floats, mine: Ints, asked: Floats, window: Window) -> Floats:
    """The answers also for the questions that were asked over again."""
    if len(mine) == len(asked):
        return found
    place = np.zeros(len(asked), np.int64)
    place[mine] = mine
    answered = found[np.maximum.accumulate(place)]
    return np.where((window.after > window.first) & ~np.isnan(asked), answered, nan)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of the first so many values are below each of them: whole words of 64 values counted, the rest as bits.

    `ordered` are the distinct values; of word w and the r lowest of these, `before` counts those in all words before w and
    `bits` marks those in it.
    """

    ordered: Floats
    before: Ints
    bits: NDArray[np.uint64]

    def ranks(self, asked: Floats, first: Ints, after: Ints) -> Floats:
        """The mid-rank of each asked value among the values from place `first` up to but without `after`."""
        lower = self.ordered.searchsorted(asked)
        below = self._among(lower, first, after)
        ties = np.flatnonzero(self.ordered[np.minimum(lower, len(self.ordered) - 1)] == asked)
        twice = 2 * below
        twice[ties] += self._among(lower[ties] + 1, first[ties], after[ties]) - below[ties]
        return np.asarray(twice / (2.0 * (after - first)))

    def _among(self, lowest: Ints, first: Ints, after: Ints) -> Ints:
        return self._up_to(after, lowest) - self._up_to(first, lowest)

    def _up_to(self, place: Ints, lowest: Ints) -> Ints:
        """How many of the values before `place` are among the `lowest` so many."""
        cell = (place >> 6) * (len(self.ordered) + 1) + lowest
        rest = (np.uint64(1) << (place & 63).astype(np.uint64)) - np.uint64(1)
        return np.asarray(self.before.take(cell) + np.bitwise_count(self.bits.take(cell) & rest))


def _counted(values: Floats) -> Counted:
    ordered, rank = np.unique(values, return_inverse=True)
    place = np.arange(len(values))
    bits = np.zeros((len(values) // 64 + 1, len(ordered) + 1), np.uint64)
    np.add.at(bits, (place >> 6, rank + 1), np.uint64(1) << (place & 63).astype(np.uint64))
    # no bit is there twice: to add is to join
    np.add.accumulate(bits, axis=1, out=bits)
    before = np.zeros(bits.shape, np.int64)
    np.cumsum(np.bitwise_count(bits[:-1]), axis=0, out=before[1:])
    return Counted(ordered, before.ravel(), bits.ravel())


def medians(values: Floats, window: Window, spreads: bool) -> tuple[Floats, Floats]:
    """The medians of the windows, which only move on, and their median absolute deviations; NaN of nothing."""
    ordered, held = list[float](), values.tolist()
    middles, deviations = list[float](), list[float]()
    low = high = 0
    for first, after in zip(window.first.tolist(), window.after.tolist(), strict=True):
        if first >= high:
            ordered.clear()
            low = high = first
        while high < after:
            insort(ordered, held[high])
            high += 1
        while low < first:
            del ordered[bisect_left(ordered, held[low])]
            low += 1
        middle = median_of_sorted(ordered)
        middles.append(nan if middle is None else middle)
        deviations.append(nan if middle is None or not spreads else median_deviation(ordered, middle))
    return np.array(middles), np.array(deviations)


NUMPY = Kernels(ranks, medians, legs, window_max, window_sum, means, broken_bars, decaying_mean)


def robust_z(asked: Floats, middle: Floats, deviation: Floats) -> Floats:
    """(value - median) / (1.4826 MAD), NaN where nothing varies."""
    return (asked - middle) / (MAD_TO_SIGMA * np.where(deviation == 0.0, nan, deviation))
