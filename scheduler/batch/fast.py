"""The kernels that decide the speed, as plain loops that numba compiles (the extra `fast`); without it they are slow.

They are the same functions either way: a test takes them uncompiled beside those of numpy.
"""

from collections.abc import Callable
from importlib import import_module
from math import isnan, nan
from typing import Any, cast

import numpy as np

from market.rules import PriceRules
from scheduler.batch.breaks import walk_breaks
from scheduler.batch.columns import Claims
from scheduler.batch.means import walk_means
from scheduler.batch.ranking import Kernels, Window
from scheduler.batch.swings import walk
from scheduler.batch.told import Bools, Floats, Ints

Loop = Callable[..., Any]
ABOUT = 128
"""What is asked each minute moves by so many places of an ordered window at most, nearly always."""


class NotInstalled(Exception):
    """numba is not there: `pip install numba`, or the extra `fast` of this project."""


def compiled() -> Kernels:
    """The kernels compiled. Raises NotInstalled."""
    try:
        numba = import_module("numba")
    except ImportError as missing:
        raise NotInstalled("numba is not installed; it comes with the extra `fast`") from missing
    return kernels(cast("Callable[[Loop], Loop]", numba.njit(cache=False, error_model="numpy")))


def kernels(compile_loop: Callable[[Loop], Loop]) -> Kernels:
    """The kernels with their loops as `compile_loop` makes them."""
    place = compile_loop(_place)
    slide = compile_loop(_sliding(place, compile_loop(_shift)))
    rank = compile_loop(_ranking(compile_loop(_near), slide))
    middle = compile_loop(_centring(slide, compile_loop(_spread)))
    walked, broke = compile_loop(walk), compile_loop(walk_breaks)

    def ranks(asked: Floats, window: Window, values: Floats) -> Floats:
        return np.asarray(rank(asked, window.first, window.after, values))

    def medians(values: Floats, window: Window, spreads: bool) -> tuple[Floats, Floats]:
        middles, deviations = middle(values, window.first, window.after, spreads)
        return np.asarray(middles), np.asarray(deviations)

    def legs(closes: Floats, thresholds: Floats, kinds: Ints) -> tuple[Ints, Floats, Claims]:
        levels, progress = np.full(len(closes), nan), np.zeros(len(closes), np.int8)
        walked(closes, thresholds, kinds, levels, progress)
        return kinds, levels, progress

    def breaks(times: Ints, price: Floats, low: Floats, lost: Bools, rules: PriceRules) -> Bools:
        broken = np.zeros(len(times), bool)
        broke(times, price, low, lost, rules.break_longest_ms, rules.break_back_above_ms, broken)
        return broken

    largest = compile_loop(_sweeping(compile_loop(_larger)))
    total = compile_loop(_sweeping(compile_loop(_plus)))
    return Kernels(
        ranks, medians, legs, largest, total, compile_loop(walk_means), breaks, compile_loop(_decaying)
    )


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


def _near(ordered: Floats, count: int, value: float, guess: int) -> int:
    """The same, looked for from a place that is likely near: what is asked each minute moves little.

    It ends as `_place` does and does not call it: a call costs as much as the search (decision 0020).
    """
    low = high = min(max(guess, 0), count)
    reach = 1
    while low > 0 and ordered[low - 1] >= value:
        high, low = low - 1, max(low - reach, 0)
        reach *= 2
    while high < count and ordered[high] < value:
        low, high = high + 1, min(high + reach, count)
        reach *= 2
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


def _shift(ordered: Floats, hole: int, place: int) -> None:
    """Move what lies between a hole and a place by one, so that the place is free."""
    for index in range(hole, place):
        ordered[index] = ordered[index + 1]
    for index in range(hole, place, -1):
        ordered[index] = ordered[index - 1]


def _sliding(place: Loop, shift: Loop) -> Loop:
    """A loop that moves an ordered window on: what it held from `low` up to `high` becomes `first` up to `after`."""

    def slide(
        ordered: Floats, values: Floats, low: int, high: int, first: int, after: int
    ) -> tuple[int, int]:
        if first >= high:
            low = high = first
        count = high - low
        while high < after:
            value = values[high]
            at, hole = place(ordered, count, value), count
            if low < first:
                # one comes and one leaves: only what lies between them moves
                hole, low, count = place(ordered, count, values[low]), low + 1, count - 1
                at -= at > hole
            shift(ordered, hole, at)
            ordered[at] = value
            high, count = high + 1, count + 1
        while low < first:
            shift(ordered, place(ordered, count, values[low]), count - 1)
            count, low = count - 1, low + 1
        return low, high

    return slide


def _ranking(near: Loop, slide: Loop) -> Loop:
    """A loop over questions in order of their windows; one that is asked over again is answered again."""

    def rank(asked: Floats, first: Ints, after: Ints, values: Floats) -> Floats:
        found, ordered = np.full(len(asked), nan), np.empty(len(values) + 1)
        low = high = below = 0
        before, answer = nan, nan
        for index in range(len(asked)):
            value = asked[index]
            if after[index] <= first[index] or isnan(value):
                continue
            if value != before or low != first[index] or high != after[index]:
                if low != first[index] or high != after[index]:
                    low, high = slide(ordered, values, low, high, first[index], after[index])
                count = high - low
                begin = max(min(below - ABOUT // 2, count - ABOUT), 0)
                end = begin + ABOUT
                # counted where it likely is, all at once and in place: a call for each would cost as much again
                if (
                    end <= count
                    and (begin == 0 or ordered[begin - 1] < value)
                    and (end == count or ordered[end] >= value)
                ):
                    below = begin
                    for place in range(ABOUT):
                        if ordered[begin + place] < value:
                            below += 1
                else:
                    below = near(ordered, count, value, below)
                upto = below
                while upto < count and ordered[upto] == value:
                    upto += 1
                before, answer = value, (below + upto) / (2.0 * count)
            found[index] = answer
        return found

    return rank


def _spread(ordered: Floats, count: int, middle: float) -> float:
    """The median absolute deviation of ascending values from their median: how many of the nearest lie left, by bisection."""
    split, take = count // 2, (count + 1) // 2
    low, high = max(0, take - count + split), min(take, split)
    while low < high:
        left = (low + high) // 2
        if middle - ordered[split - left - 1] < ordered[split + take - left - 1] - middle:
            low = left + 1
        else:
            high = left
    first = split - low
    after = first + take
    largest: float = max(middle - ordered[first], ordered[after - 1] - middle)
    if count % 2:
        return float(largest)
    following: float = np.inf
    if first > 0:
        following = middle - ordered[first - 1]
    if after < count:
        following = min(following, ordered[after] - middle)
    return float((largest + following) / 2.0)


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


def _larger(one: float, other: float) -> float:
    return one if one > other or isnan(one) else other


def _plus(one: float, other: float) -> float:
    return one + other


def _sweeping(join: Loop) -> Loop:
    """A loop that joins the values of windows which only move on: what came since a middle, and from each place up to it."""

    def sweep(values: Floats, first: Ints) -> Floats:
        found, behind = np.empty(len(values)), np.empty(len(values))
        middle, since = 0, 0.0
        for index in range(len(values)):
            begin = first[index]
            if begin >= middle:
                # all up to here becomes what is behind the next middle
                middle, joined = index + 1, values[index]
                behind[index] = joined
                for place in range(index - 1, begin - 1, -1):
                    joined = join(values[place], joined)
                    behind[place] = joined
                found[index] = joined
            else:
                since = values[index] if index == middle else join(since, values[index])
                found[index] = join(behind[begin], since)
        return found

    return sweep


def _decaying(values: Floats, half_life: float) -> Floats:
    """The exponentially weighted mean after each value, unbiased from the first on."""
    decay, weighted, weight = 0.5 ** (1.0 / half_life), 0.0, 0.0
    means = np.empty(len(values))
    for index in range(len(values)):
        weighted = decay * weighted + (1.0 - decay) * values[index]
        weight = decay * weight + (1.0 - decay)
        means[index] = weighted / weight
    return means
