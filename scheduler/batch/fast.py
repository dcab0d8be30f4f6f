"""The two kernels that decide the speed, as plain loops that numba compiles (the extra `fast`); without it they are slow.

They are the same functions either way: a test takes them uncompiled beside those of numpy.
"""

from collections.abc import Callable
from importlib import import_module
from math import nan
from typing import Any, cast

import numpy as np

from scheduler.batch.ranking import Kernels, Window
from scheduler.batch.told import Floats, Ints

Loop = Callable[..., Any]


class NotInstalled(Exception):
    """numba is not there: `pip install numba`, or the extra `fast` of this project."""


def compiled() -> Kernels:
    """The kernels compiled. Raises NotInstalled."""
    try:
        numba = import_module("numba")
    except ImportError as missing:
        raise NotInstalled("numba is not installed; it comes with the extra `fast`") from missing
    return kernels(cast("Callable[[Loop], Loop]", numba.njit(cache=False)))


def kernels(compile_loop: Callable[[Loop], Loop]) -> Kernels:
    """The kernels with their loops as `compile_loop` makes them."""
    place = compile_loop(_place)
    slide = compile_loop(_sliding(place))
    rank, middle = compile_loop(_ranking(place, slide)), compile_loop(_centring(slide, compile_loop(_spread)))

    def ranks(asked: Floats, window: Window, values: Floats) -> Floats:
        return np.asarray(rank(asked, window.first, window.after, values))

    def medians(values: Floats, window: Window, spreads: bool) -> tuple[Floats, Floats]:
        middles, deviations = middle(values, window.first, window.after, spreads)
        return np.asarray(middles), np.asarray(deviations)

    return Kernels(ranks, medians)


def _place(ordered: Floats, count: int, value: float) -> int:
    """How many of the first `count` ascending values lie below a value."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


def _sliding(place: Loop) -> Loop:
    """A loop that moves an ordered window on: what it held from `low` up to `high` becomes `first` up to `after`."""

    def slide(
        ordered: Floats, values: Floats, low: int, high: int, first: int, after: int
    ) -> tuple[int, int]:
        if first >= high:
            low = high = first
        count = high - low
        while high < after:
            value = values[high]
            at = place(ordered, count, value)
            for index in range(count, at, -1):
                ordered[index] = ordered[index - 1]
            ordered[at] = value
            count, high = count + 1, high + 1
        while low < first:
            at = place(ordered, count, values[low])
            for index in range(at, count - 1):
                ordered[index] = ordered[index + 1]
            count, low = count - 1, low + 1
        return low, high

    return slide


def _ranking(place: Loop, slide: Loop) -> Loop:
    """A loop over questions in order of their windows."""

    def rank(asked: Floats, first: Ints, after: Ints, values: Floats) -> Floats:
        found, ordered = np.full(len(asked), nan), np.empty(len(values) + 1)
        low = high = 0
        for index in range(len(asked)):
            if after[index] <= first[index] or asked[index] != asked[index]:
                continue
            low, high = slide(ordered, values, low, high, first[index], after[index])
            count, value = high - low, asked[index]
            below = upto = place(ordered, count, value)
            while upto < count and ordered[upto] == value:
                upto += 1
            found[index] = (below + upto) / (2.0 * count)
        return found

    return rank


def _spread(ordered: Floats, count: int, middle: float) -> float:
    """The median absolute deviation of ascending values from their median: from both ends inwards the distances fall."""
    left, right, last = 0, count - 1, 0.0
    before = last
    for _ in range(count // 2 + 1):
        before = last
        if middle - ordered[left] > ordered[right] - middle:
            last = middle - ordered[left]
            left += 1
        else:
            last = ordered[right] - middle
            right -= 1
    return last if count % 2 else (before + last) / 2.0


def _centring(slide: Loop, spread: Loop) -> Loop:
    """A loop over windows that only move on."""

    def centre(values: Floats, first: Ints, after: Ints, spreads: bool) -> tuple[Floats, Floats]:
        middles, deviations = np.full(len(first), nan), np.full(len(first), nan)
        ordered = np.empty(len(values) + 1)
        low = high = 0
        for index in range(len(first)):
            low, high = slide(ordered, values, low, high, first[index], after[index])
            count = high - low
            if count > 0:
                half = count // 2
                middle = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2.0
                middles[index] = middle
                if spreads:
                    deviations[index] = spread(ordered, count, middle)
        return middles, deviations

    return centre
