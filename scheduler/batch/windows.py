"""Windows over whole columns: the place of then, sums, extremes and decaying means, each over a span of market time."""

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduler.batch.told import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Clock:
    """Times of a series (UTC ms, never back), and how far they are apart where that is always the same (else None)."""

    times: Ints
    apart_ms: int | None

    def back(self, span_ms: int) -> Ints:
        """At each time the place of the last one at least `span_ms` earlier, -1 where there is none."""
        if self.apart_ms is None:
            return np.searchsorted(self.times, self.times - span_ms, "right") - 1
        return np.maximum(np.arange(len(self.times)) - -(-span_ms // self.apart_ms), -1)

    def since(self, span_ms: int) -> Ints:
        """At each time the place of the first one less than `span_ms` earlier."""
        if self.apart_ms is None:
            return self.back(span_ms) + 1
        before, first = -(-span_ms // self.apart_ms), np.zeros(len(self.times), np.int64)
        first[before:] = np.arange(1, max(len(self.times) - before, 0) + 1)
        return first

    def places(self, asked_ms: Ints) -> Ints:
        """The place of the last time at or before each asked one, -1 where there is none."""
        if self.apart_ms is None:
            return np.searchsorted(self.times, asked_ms, "right") - 1
        return np.asarray(np.clip((asked_ms - self.times[0]) // self.apart_ms, -1, len(self.times) - 1))

    def lagged(self, values: Floats, span_ms: int, tolerance_ms: int, first: int = 0) -> Floats:
        """The value `span_ms` ago, NaN where the last one known by then (from place `first` on) is older than the tolerance."""
        if self.apart_ms is None or -(-span_ms // self.apart_ms) * self.apart_ms > span_ms + tolerance_ms:
            return then(values, self.times, self.back(span_ms), self.times - span_ms - tolerance_ms, first)
        places = -(-span_ms // self.apart_ms)
        unknown, found = places + first, np.empty(len(values))
        found[:unknown], found[unknown:] = nan, values[first : max(first, len(values) - places)]
        return found


def clock(times: Ints) -> Clock:
    """The clock of a series."""
    gaps = np.diff(times)
    is_even = len(gaps) > 0 and gaps[0] > 0 and bool((gaps == gaps[0]).all())
    return Clock(times, int(gaps[0]) if is_even else None)


def then(values: Floats, times: Ints, place: Ints, oldest_ms: Ints, first: int | Ints = 0) -> Floats:
    """The values at the places, NaN where there is none, it is before `first`, or its time is before `oldest_ms`."""
    if not len(values):
        return np.full(len(place), nan)
    at = np.maximum(place, 0)
    return np.where((place >= first) & (place >= 0) & (times[at] >= oldest_ms), values[at], nan)


@dataclass(frozen=True, slots=True)
class Held:
    """What is said at some places and holds until the next: over how many places nothing, the first, the second ... does."""

    lengths: Ints

    def of(self, values: Floats) -> Floats:
        """What is said, at each place; NaN before the first."""
        if self.lengths[0] == 0:
            return np.repeat(values, self.lengths[1:])
        return np.repeat(np.concatenate((np.full(1, nan), values)), self.lengths)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """The same of values of any kind, where something is said from the first place on."""
        return np.repeat(values, self.lengths[1:])

    @property
    def count(self) -> Ints:
        """At each place how many have been said."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def held(place: Ints, places: int) -> Held:
    """What is said at these (in order) of so many places."""
    return Held(np.diff(np.concatenate((np.zeros(1, np.int64), place, np.full(1, places)))))


@dataclass(frozen=True, slots=True)
class Places:
    """At each step the last row of a table, -1 before the first; `same` where there is one row a step."""

    rows: Ints
    same: bool
    held: Held

    @property
    def known(self) -> Bools:
        """Whether there is a row."""
        return self.rows >= 0

    def of(self, values: Floats) -> Floats:
        """What the rows say, at each step."""
        return values if self.same else self.held.of(values)

    def times(self, times: Ints) -> Ints:
        """The rows' times, 0 before the first."""
        return times if self.same else np.concatenate((np.zeros(1, np.int64), times))[self.rows + 1]

    def whether(self, mask: Bools) -> Bools:
        """What holds of the rows, nothing before the first."""
        return mask if self.same else np.concatenate((np.zeros(1, bool), mask))[self.rows + 1]

    def claims(self, claims: NDArray[np.int8]) -> NDArray[np.int8]:
        """What the rows claim, unknown before the first."""
        return claims if self.same else np.concatenate((np.zeros(1, np.int8), claims))[self.rows + 1]


def seen(step: Ints, steps: int) -> Places:
    """At each of `steps` the last row whose step is that or an earlier one."""
    places, lasting = np.arange(steps), held(step, steps)
    if len(step) == steps and bool((step == places).all()):
        return Places(places, same=True, held=lasting)
    return Places(lasting.count - 1, same=False, held=lasting)


def so_far(step: Ints, steps: int) -> Ints:
    """At each of `steps` how many of what came at these (in order) have come."""
    return held(step, steps).count


def at(values: Floats, place: Ints) -> Floats:
    """The values at the places, NaN where the place is -1."""
    if not len(values):
        return np.full(len(place), nan)
    found = values.take(place, mode="clip")
    if len(place) and place.min() < 0:
        found[place < 0] = nan
    return found


def window_max(values: Floats, first: Ints) -> Floats:
    """At each place the largest value from place `first` up to it."""
    count = np.arange(len(values)) - first + 1
    head, width = _head(count)
    found = np.empty(len(values))
    level, reach = values, 1
    widths = count[:head]
    longest = max(width, int(widths.max(initial=1)))
    while True:
        mine = np.flatnonzero((widths >= reach) & (widths < 2 * reach))
        found[mine] = np.maximum(level[mine], level[first[mine] + reach - 1])
        if reach <= width < 2 * reach and head < len(values):
            back = width - reach
            found[head:] = np.maximum(level[head:], level[head - back : len(values) - back])
        if longest < 2 * reach:
            return found
        level = _joined(np.maximum, level, reach)
        reach *= 2


def range_max(values: Floats, first: Ints, after: Ints) -> Floats:
    """The largest value from places `first` up to but without `after`, NaN of none."""
    width, found = after - first, np.full(len(first), nan)
    level, reach = values, 1
    while reach <= len(values):
        mine = np.flatnonzero((width >= reach) & (width < 2 * reach))
        found[mine] = np.maximum(level[after[mine] - 1], level[first[mine] + reach - 1])
        level = _joined(np.maximum, level, reach)
        reach *= 2
    return found


def window_sum(values: Floats, first: Ints) -> Floats:
    """At each place the sum from place `first` up to it, exact to a few last digits: what has left leaves no rest."""
    count = np.arange(len(values)) - first + 1
    head, width = _head(count)
    found, widths = np.zeros(len(values)), count[:head]
    end, ahead = np.arange(head), 0
    level, reach = values, 1
    longest = max(width, int(widths.max(initial=1)))
    while True:
        mine = np.flatnonzero(widths & reach)
        found[mine] += level[end[mine]]
        end[mine] -= reach
        if width & reach and head < len(values):
            found[head:] += level[head - ahead : len(values) - ahead]
            ahead += reach
        if longest < 2 * reach:
            return found
        level = _joined(np.add, level, reach)
        reach *= 2


def _head(count: Ints) -> tuple[int, int]:
    """How many places at the beginning have windows of their own width, and the one width of all others."""
    if not len(count):
        return 0, 1
    other = np.flatnonzero(count != count[-1])
    return (int(other[-1]) + 1 if len(other) else 0), int(count[-1])


def _joined(join: np.ufunc, level: Floats, reach: int) -> Floats:
    """From what spans `reach` values to what spans twice as many (at the beginning: all there are)."""
    wider = np.empty(len(level))
    wider[:reach] = level[:reach]
    join(level[reach:], level[:-reach], out=wider[reach:])
    return wider


def range_sum(values: Floats, first: Ints, after: Ints) -> Floats:
    """The sums from places `first` up to but without `after` (not less than first): errors are those of such a sum.

    Running sums begin anew every so many values as the longest has: a longer run would lose the digits that tell equal
    days of funding from nearly equal ones.
    """
    block = 2 << int(np.max(after - first, initial=1)).bit_length()
    padded = np.zeros(-(-(len(values) + 1) // block) * block)
    padded[1 : len(values) + 1] = values
    inside = np.cumsum(padded.reshape(-1, block), axis=1)
    ends = np.concatenate((np.zeros(1), inside[:, -1]))
    running = inside.ravel()
    crossed = np.where(after // block > first // block, ends[after // block], 0.0)
    return np.asarray(running[after] + (crossed - running[first]))


def decaying_mean(values: Floats, half_life: float) -> Floats:
    """The exponentially weighted mean after each value, unbiased from the first on."""
    decay = float(0.5 ** (1.0 / half_life))
    weighted, weight, means = 0.0, 0.0, list[float]()
    for value in values.tolist():
        weighted = decay * weighted + (1.0 - decay) * value
        weight = decay * weight + (1.0 - decay)
        means.append(weighted / weight)
    return np.array(means)


def counted(mask: Bools) -> Ints:
    """After none, one, two ... places how many of them hold."""
    return so_far(np.flatnonzero(mask) + 1, len(mask) + 1)


def last_true(mask: Bools) -> Ints:
    """At each place the last place up to it where the mask holds, -1 before the first."""
    places = np.flatnonzero(mask)
    return np.repeat(np.concatenate((np.full(1, -1), places)), held(places, len(mask)).lengths)
