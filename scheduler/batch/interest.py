"""Open interest as columns: one series a venue, the one to read, and the marks that intensities are measured in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import nan
from typing import Protocol

import numpy as np

from market.evidence_rules import CARRIED_MS
from market.observations import DAY_MS, HOUR_MS, Venue
from market.rules import FreshnessRules
from market.state.open_interest import QUARTER_MS
from scheduler.batch.price import Prices
from scheduler.batch.ranking import Grid, grid
from scheduler.batch.told import VENUES, Bools, Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.volatility import newer
from scheduler.batch.windows import Clock, Held, Places, at, clock, counted, seen, then

NEVER = -1


@dataclass(frozen=True)
class Series:
    """One venue's samples from the step `begins` up to but without `ends`, when a long gap began it anew."""

    venue: Venue
    table: Table
    begins: int
    ends: int
    price: Prices

    @property
    def view(self) -> View:
        """The view it is a part of."""
        return self.price.view

    @cached_property
    def clock(self) -> Clock:
        """When its samples were known."""
        return clock(self.table.known_at_ms)

    @cached_property
    def place(self) -> Places:
        """At each step the last sample."""
        return seen(self.table.step, len(self.view))

    @property
    def rows(self) -> Ints:
        """The rows of these, -1 before the first."""
        return self.place.rows

    @cached_property
    def least(self) -> Ints:
        """By sample: seven days of samples, fewer rank nothing."""
        cadence = self.table["cadence_ms"].astype(np.int64)
        return np.where(cadence >= DAY_MS, 7, 7 * DAY_MS // np.maximum(cadence, HOUR_MS))

    def growth(self, days: int) -> Floats:
        """By sample the log change in coins over so many days, NaN where there was none."""
        coins = self.table["coins"]
        return np.log(coins / self.clock.lagged(coins, days * DAY_MS, DAY_MS))

    @cached_property
    def day_growth(self) -> Floats:
        """The same over a day, which is asked for again and again."""
        return self.growth(1)

    @cached_property
    def hour_growth(self) -> Floats:
        """By sample the change over an hour, NaN where the sample of then is much older."""
        coins = self.table["coins"]
        return np.log(coins / self.clock.lagged(coins, HOUR_MS, CARRIED_MS))

    @cached_property
    def off_peak(self) -> Floats:
        """By sample how far it stands below the highest of a week, a fraction."""
        coins = self.table["coins"]
        return coins / self.view.kernels.window_max(coins, self.clock.since(7 * DAY_MS)) - 1.0

    @cached_property
    def growths(self) -> "Scores":
        """The day's growths over a month of full hours."""
        return self._scores(self.day_growth)

    @cached_property
    def hour_growths(self) -> "Scores":
        """The hour's growths over a month of full hours."""
        return self._scores(self.hour_growth)

    def _scores(self, growth: Floats) -> "Scores":
        made, offered = self.offers(self.at_turns(growth), 30 * DAY_MS)
        own = made.own()
        return Scores(offered, own.count, *self.view.kernels.medians(made.values, own, True))

    @cached_property
    def graded(self) -> Ints:
        """Which of the turns put a new sample on the grid."""
        turns = np.flatnonzero((self.view.turns >= self.begins) & (self.view.turns < self.ends))
        known_ms = self.table.known_at_ms[self.rows[self.view.turns[turns]]]
        return np.asarray(turns[np.diff(known_ms, prepend=0) != 0])

    def offers(self, by_turn: Floats, span_ms: int = QUARTER_MS) -> tuple[Grid, Held]:
        """What is known of values by turn, as this series puts them on the grid, and how long each is the last."""
        known = self.graded[~np.isnan(by_turn[self.graded])]
        made = grid(self.view.grid_ms[known], by_turn[known], span_ms)
        return made, self.view.held(self.view.turns[known])

    def at_turns(self, by_sample: Floats) -> Floats:
        """What the samples say, at each turn."""
        return at(by_sample, self.rows[self.view.turns])

    @cached_property
    def levels(self) -> tuple[Grid, Held]:
        """The coins on the hourly grid, and how long each is the last."""
        return self.offers(self.at_turns(self.table["coins"]))

    def ttl_ms(self, rules: FreshnessRules) -> Floats:
        """How long each sample is fresh."""
        ttl = np.maximum(rules.open_interest_ttl_ms, rules.cadence_factor * self.table["cadence_ms"])
        return np.asarray(np.trunc(ttl))

    def preference(self, rules: FreshnessRules) -> tuple[Floats, ...]:
        """By step how willingly it is read, least first; infinite where it is not there."""
        steps = np.arange(len(self.view))
        there = (steps >= self.begins) & (steps < self.ends)
        learned, offered = self.levels
        count = learned.window(offered.count, np.zeros(1, np.int64)).count
        row = np.maximum(self.rows, 0)
        is_old = self.view.now_ms - self.table.known_at_ms[row] > self.ttl_ms(rules)[row]
        first_ms = float(self.table.known_at_ms[0])
        keys = (
            is_old.astype(float),
            (count < self.least[row]).astype(float),
            self.table["cadence_ms"][row],
            np.where(is_old, -first_ms, first_ms),
        )
        return (np.where(there, keys[0], np.inf), *keys[1:])


@dataclass(frozen=True, slots=True)
class Scores:
    """What values are scored against: how long each offered one is the last, how many count after it, and what is usual."""

    offered: Held
    count: Ints
    middle: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True)
class Interest:
    """Every series, and at each step the place of the one to read (-1: none)."""

    price: Prices
    series: tuple[Series, ...]
    primary: Ints

    def of(self, values: list[Floats]) -> Floats:
        """By step, what the series that is read says: one column a series."""
        if len(values) == 1:
            return joined(self.primary == 0, values[0], np.array(nan))
        return np.select([self.primary == place for place in range(len(values))], values, nan)


def interest(price: Prices) -> Interest:
    """The open interest of a history."""
    rules = price.view.rules.freshness
    series = tuple(
        one for venue, table in price.view.told.interest.items() for one in _lives(venue, table, price)
    )
    return Interest(price, series, preferred(len(price.view), series, rules))


def _lives(venue: Venue, table: Table, price: Prices) -> Iterator[Series]:
    """A venue's series, each begun anew after a long gap."""
    kept = newer(table)
    for first, after in lives(kept, price.view.rules.freshness.absent_after_ms):
        ends = int(kept.step[after]) if after < len(kept) else len(price.view)
        yield Series(venue, kept.rows(first, after), int(kept.step[first]), ends, price)


def joined(mask: Bools, mine: Floats, other: Floats) -> Floats:
    """Mine where the mask holds, else the other; mine itself where it always does."""
    return mine if bool(mask.all()) else np.where(mask, mine, other)


def lives(table: Table, absent_after_ms: int) -> list[tuple[int, int]]:
    """The runs of rows without a gap that long."""
    bounds = [0, *(np.flatnonzero(np.diff(table.known_at_ms) > absent_after_ms) + 1).tolist(), len(table)]
    return [(first, after) for first, after in pairwise(bounds) if first < after]


class Preferable(Protocol):
    """A series from a step on, which is read more or less willingly at each."""

    @property
    def begins(self) -> int:
        """The step at which it begins."""

    def preference(self, rules: FreshnessRules) -> tuple[Floats, ...]:
        """By step how willingly it is read, least first."""


def preferred(steps: int, series: Sequence[Preferable], rules: FreshnessRules) -> Ints:
    """By step the place of the series to read, -1 where there is none."""
    if len(series) != 1:
        return chosen(steps, [one.preference(rules) for one in series])
    best = np.zeros(steps, np.int64)
    best[: series[0].begins] = NEVER
    return best


def chosen(steps: int, preferences: list[tuple[Floats, ...]]) -> Ints:
    """By step the place of the least, key by key, the first of equals; -1 where none is there."""
    best = np.full(steps, NEVER)
    if not preferences:
        return best
    least = [key.copy() for key in preferences[0]]
    best[np.isfinite(least[0])] = 0
    for place, keys in enumerate(preferences[1:], start=1):
        better, equal = np.zeros(steps, bool), np.isfinite(keys[0])
        for mine, other in zip(keys, least, strict=True):
            better |= equal & (mine < other)
            equal &= mine == other
        best[better] = place
        for other, mine in zip(least, keys, strict=True):
            other[better] = mine[better]
    return best


@dataclass(frozen=True, slots=True)
class Marks:
    """Open interest in US dollars at the steps that noted it (`steps`), and of which stretch of one venue each is."""

    steps: Ints
    times: Ints
    usd: Floats
    stretch: Ints
    clock: Clock

    def before(self, asked_ms: Ints, newest: Ints, span_ms: int, tolerance_ms: int) -> Floats:
        """What was noted `span_ms` before, known from the marks up to `newest`; NaN where they do not reach back."""
        if not len(self.times):
            return np.full(len(asked_ms), nan)
        wanted = asked_ms - span_ms
        place = np.minimum(self.clock.places(wanted), newest)
        found = then(self.usd, self.times, place, wanted - tolerance_ms)
        if not self.stretch[-1]:
            return found
        return np.where(self.stretch[np.maximum(place, 0)] == self.stretch[np.maximum(newest, 0)], found, nan)


def marks(known: Interest, liquidating: Ints) -> Marks:
    """What is noted at each step, of the venue that liquidations are told of (a place in VENUES, -1 none) or the one to read."""
    rules, view = known.price.view.rules.freshness, known.price.view
    usd, venue = np.full(len(view), nan), np.full(len(view), NEVER)
    speaks = [_speaks(series, liquidating, rules) for series in known.series]
    own = np.logical_or.reduce(speaks) if speaks else np.zeros(len(view), bool)
    for place, series in enumerate(known.series):
        # the liquidations' own while it speaks, else the one to read
        mine = speaks[place] | (~own & (known.primary == place))
        last = series.place
        is_fresh = view.now_ms - last.times(series.table.known_at_ms) <= last.of(series.ttl_ms(rules))
        usd = joined(mine & is_fresh, last.of(series.table["coins"]) * known.price.by_step, usd)
        venue[mine] = VENUES.index(series.venue)
    steps = np.flatnonzero(~np.isnan(usd))
    changes = np.diff(venue[steps], prepend=venue[steps][:1]) != 0
    times = view.now_ms[steps]
    return Marks(steps, times, usd[steps], counted(changes)[1:], clock(times))


def _speaks(series: Series, liquidating: Ints, rules: FreshnessRules) -> Bools:
    """Where liquidations are of this series' venue, and it has not been silent for long."""
    view = series.view
    there = liquidating == VENUES.index(series.venue)
    there[: series.begins] = there[series.ends :] = False
    age_ms = view.now_ms - series.place.times(series.table.known_at_ms)
    return np.asarray(there & (age_ms <= rules.absent_after_ms))
