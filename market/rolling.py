"""Rolling windows that are updated in place: ranks, medians, extremes, sums and lagged values over market time.

Every class holds plain numbers only, so that a checkpoint of it is exact. Times are UTC milliseconds and never go back:
a value older than the newest one in the window is the caller's mistake. Where it pays, `known` holds time and value by
turns: the windows of hundreds of assets are in no cache, and what is touched at a step is what a step costs.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum, inf
from typing import TYPE_CHECKING, TypeAlias

from market.formulas.statistics import mid_rank

if TYPE_CHECKING:
    Doubles: TypeAlias = array[float]
else:
    # before Python 3.12 an array takes no type in brackets
    Doubles = array

MAD_TO_SIGMA = 1.4826


class _Ordered:
    """Values in ascending order: no field, since a checkpoint holds them in the order of their times already."""

    __slots__ = ("ordered",)
    ordered: Doubles


@dataclass(slots=True)
class RankWindow(_Ordered):
    """Values on a grid over the trailing `span_ms`, kept sorted for ranks and medians in logarithmic time.

    The newest value is held back until the next one comes, so that a rank never counts the value it ranks. `middle` and
    `spread` are the median and the median absolute deviation once they were asked for, None after a change. `ordered` is
    made anew from `values` where a window is read back: it would be a quarter of what is kept of an asset.
    """

    span_ms: int
    times: deque[int] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)
    newest_ms: int | None = None
    newest: float = 0.0
    middle: float | None = None
    spread: float | None = None

    def __post_init__(self) -> None:
        """Put the values in order."""
        self.ordered = array("d", sorted(self.values))  # type: ignore[misc]  # the slot is the base's

    def offer(self, at_ms: int, value: float) -> None:
        """Add the grid value of `at_ms` and drop what left the window."""
        self.middle = self.spread = None
        times, oldest = self.times, at_ms - self.span_ms
        if self.newest_ms is not None:
            if times and times[0] < oldest:
                times.popleft()
                _replace(self.ordered, self.values.popleft(), self.newest)
            else:
                insort(self.ordered, self.newest)
            times.append(self.newest_ms)
            self.values.append(self.newest)
        self.newest_ms, self.newest = at_ms, value
        while times and times[0] < oldest:
            times.popleft()
            del self.ordered[bisect_left(self.ordered, self.values.popleft())]

    def __len__(self) -> int:
        return len(self.ordered)

    def clear(self) -> None:
        """Forget everything, as when the series begins anew."""
        self.times.clear()
        self.values.clear()
        del self.ordered[:]
        self.newest_ms = self.middle = self.spread = None

    def rank(self, value: float) -> float | None:
        """Mid-rank of `value` (0..1), None in an empty window (quant.md section 0)."""
        ordered, count = self.ordered, len(self.ordered)
        if not count:
            return None
        below = bisect_left(ordered, value)
        if below == count or ordered[below] != value:
            return below / count
        return (below + bisect_right(ordered, value, below)) / (2 * count)

    def median(self) -> float | None:
        """The middle value, None in an empty window."""
        if self.middle is None:
            self.middle = median_of_sorted(self.ordered)
        return self.middle

    def robust_z(self, value: float) -> float | None:
        """(value - median) / (1.4826 MAD), None where the window is empty or does not vary."""
        middle, sigma = self.median(), self.robust_sigma()
        return None if middle is None or sigma is None else (value - middle) / sigma

    def robust_sigma(self) -> float | None:
        """1.4826 MAD: the standard deviation as the middle of the values tells it; None where they do not vary."""
        middle = self.median()
        if middle is None:
            return None
        if self.spread is None:
            self.spread = median_deviation(self.ordered, middle)
        return MAD_TO_SIGMA * self.spread or None


def _replace(ordered: Doubles, gone: float, new: float) -> None:
    """Put `new` into an ascending array in place of `gone`: only what lies between the two is moved."""
    hole, place = bisect_left(ordered, gone), bisect_left(ordered, new)
    if hole < place:
        ordered[hole : place - 1] = ordered[hole + 1 : place]
        ordered[place - 1] = new
    else:
        ordered[place + 1 : hole + 1] = ordered[place:hole]
        ordered[place] = new


def median_of_sorted(ordered: Sequence[float]) -> float | None:
    """The median of an ascending sequence, None of an empty one."""
    count = len(ordered)
    if not count:
        return None
    half = count // 2
    return ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2


def median_deviation(ordered: Sequence[float], middle: float) -> float:
    """The median absolute deviation from `middle` of a non-empty ascending sequence, in logarithmic time."""
    count = len(ordered)
    split = bisect_left(ordered, middle)
    take = (count + 1) // 2
    first = split - _taken_left(ordered, middle, split, take)
    after = first + take
    largest = max(middle - ordered[first], ordered[after - 1] - middle)
    if count % 2:
        return largest
    left = middle - ordered[first - 1] if first else inf
    right = ordered[after] - middle if after < count else inf
    return (largest + min(left, right)) / 2


def _taken_left(ordered: Sequence[float], middle: float, split: int, take: int) -> int:
    """How many of the `take` values nearest to `middle` lie left of `split`, by bisection."""
    low, high = max(0, take - len(ordered) + split), min(take, split)
    while low < high:
        left = (low + high) // 2
        # the next value on the left is nearer than the last one taken on the right: take more from the left
        if middle - ordered[split - left - 1] < ordered[split + take - left - 1] - middle:
            low = left + 1
        else:
            high = left
    return low


@dataclass(slots=True)
class SeldomRanked:
    """Values on a grid over the trailing `span_ms`, ranked once a day: keeping them sorted would not pay.

    As in `RankWindow` the newest value is left out.
    """

    span_ms: int
    times: deque[int] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)

    def offer(self, at_ms: int, value: float) -> None:
        """Add the grid value of `at_ms` and drop what left the window."""
        self.times.append(at_ms)
        self.values.append(value)
        oldest = at_ms - self.span_ms
        while self.times[0] < oldest:
            self.times.popleft()
            self.values.popleft()

    def __len__(self) -> int:
        return max(0, len(self.values) - 1)

    def rank(self, value: float) -> float | None:
        """Mid-rank of `value` (0..1), None in an empty window (quant.md section 0)."""
        return mid_rank(value, list(self.values)[:-1])


@dataclass(slots=True)
class Extreme:
    """The largest value over the trailing `span_ms` (of negated values: the smallest), None while there is none."""

    span_ms: int
    times: deque[int] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)
    largest: float | None = None

    def offer(self, at_ms: int, value: float) -> None:
        """Add a value; smaller earlier ones can never be the largest again."""
        values, times = self.values, self.times
        while values and values[-1] <= value:
            values.pop()
            times.pop()
        values.append(value)
        times.append(at_ms)
        oldest = at_ms - self.span_ms
        while times[0] <= oldest:
            times.popleft()
            values.popleft()
        self.largest = values[0]

    def clear(self) -> None:
        """Forget everything."""
        self.times.clear()
        self.values.clear()
        self.largest = None

    def recall(self, past: RankWindow) -> None:
        """Take what a window of ranks still has of the same values."""
        for at_ms, value in zip(past.times, past.values, strict=True):
            self.offer(at_ms, value)
        if past.newest_ms is not None:
            self.offer(past.newest_ms, past.newest)

    def since(self, oldest_ms: int) -> float | None:
        """The largest value after `oldest_ms`, a part of the window; None when nothing is in it."""
        first = bisect_right(self.times, oldest_ms)
        return self.values[first] if first < len(self.values) else None

    @property
    def largest_at_ms(self) -> int | None:
        """When the largest value came (the latest of equals), None when nothing is in the window."""
        return self.times[0] if self.times else None


@dataclass(slots=True)
class RollingSum:
    """The sum over (newest - `span_ms`, newest], exact however many values have come and gone.

    `rest` is what `total` has no digits for: without it a quiet hour would sum to the rounding of a loud one before it,
    and equal sums would rank apart.
    """

    span_ms: int
    known: deque[int | float] = field(default_factory=deque)
    total: float = 0.0
    rest: float = 0.0

    def offer(self, at_ms: int, value: float) -> None:
        """Add the value of a bucket that ends at `at_ms`."""
        self.known.append(at_ms)
        self.known.append(value)
        self._move(value, at_ms - self.span_ms)

    def expire(self, now_ms: int) -> None:
        """Drop the buckets that ended at or before `now_ms` - span."""
        self._move(0.0, now_ms - self.span_ms)

    def _move(self, value: float, oldest_ms: int) -> None:
        """Add `value` and take away what ended at or before `oldest_ms`; `total` is the exact sum, rounded once."""
        known, moved = self.known, [self.total, self.rest, value]
        while known and known[0] <= oldest_ms:
            known.popleft()
            moved.append(-known.popleft())
        self.total = total = fsum(moved)
        moved.append(-total)
        self.rest = fsum(moved)

    def __len__(self) -> int:
        return len(self.known) // 2


@dataclass(slots=True)
class Lagged:
    """The value known `span_ms` ago: the last one at or before then, None if that one is older than `tolerance_ms`.

    `then` is the answer as of the newest value: it is found while the window is at hand, and asked for far more often.
    """

    span_ms: int
    tolerance_ms: int
    known: deque[int | float] = field(default_factory=deque)
    newest_ms: int | None = None
    then: float | None = None

    def offer(self, at_ms: int, value: float) -> None:
        """Add the newest value and drop those that can no longer be asked for."""
        known, asked = self.known, at_ms - self.span_ms
        known.append(at_ms)
        known.append(value)
        while len(known) > 2 and known[2] <= asked:
            known.popleft()
            known.popleft()
        self.newest_ms = at_ms
        self.then = known[1] if asked - self.tolerance_ms <= known[0] <= asked else None

    def clear(self) -> None:
        """Forget everything."""
        self.known.clear()
        self.newest_ms = self.then = None

    def before(self, now_ms: int) -> float | None:
        """The value at `now_ms` - span, None where the window does not reach back."""
        if now_ms == self.newest_ms:
            return self.then
        known, asked, value = self.known, now_ms - self.span_ms, None
        oldest = asked - self.tolerance_ms
        for position in range(0, len(known), 2):
            at_ms = known[position]
            if at_ms > asked:
                break
            value = known[position + 1] if at_ms >= oldest else None
        return value


@dataclass(slots=True)
class DecayingMean:
    """An exponentially weighted mean with the half-life in steps, unbiased from the first value on."""

    half_life_steps: float
    weighted: float = 0.0
    weight: float = 0.0
    count: int = 0

    def offer(self, value: float) -> None:
        """Add one value."""
        decay = 0.5 ** (1.0 / self.half_life_steps)
        self.weighted = decay * self.weighted + (1.0 - decay) * value
        self.weight = decay * self.weight + (1.0 - decay)
        self.count += 1

    @property
    def mean(self) -> float | None:
        """The mean, None before the first value."""
        return self.weighted / self.weight if self.count else None
