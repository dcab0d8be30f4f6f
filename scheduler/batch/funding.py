"""The funding reading as columns: the mean rate of a day, as a step function of what each venue said (section 5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.observations import DAY_MS, HOUR_MS
from market.rules import FreshnessRules, FundingRules
from market.signals.funding import NAME
from market.state.funding import DECIMALS, QUARTER_MS
from scheduler.batch.columns import (
    Claims,
    Columns,
    Freshness,
    above,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    or_fails,
    settled,
)
from scheduler.batch.interest import NEVER, joined, lives, preferred
from scheduler.batch.ranking import grid
from scheduler.batch.told import Bools, Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.windows import Places, at, counted, last_true, seen

YEAR_OF_EIGHT_HOURS = 8_760.0 / 8.0


@dataclass(frozen=True)
class Rates:
    """One venue's rates from the step `begins` up to but without `ends`, per eight hours."""

    table: Table
    begins: int
    ends: int
    view: View

    @cached_property
    def place(self) -> Places:
        """At each step the last rate."""
        return seen(self.table.step, len(self.view))

    @property
    def rows(self) -> Ints:
        """The rows of these, -1 before the first."""
        return self.place.rows

    @cached_property
    def settles(self) -> Bools:
        """Which rows tell a settlement that was not told before."""
        is_settled, known_ms = self.table["settled"] > 0.0, self.table.known_at_ms
        before = np.maximum.accumulate(np.where(is_settled, known_ms, 0))
        return np.asarray(is_settled & (known_ms > np.concatenate((np.zeros(1, np.int64), before[:-1]))))

    @cached_property
    def settlements(self) -> Floats:
        """By row how many settlements were told."""
        return counted(self.settles)[1:].astype(float)

    @cached_property
    def settled_8h(self) -> Floats:
        """By row the last settled rate, NaN before the first."""
        return at(self._said_8h, last_true(self.settles))

    @cached_property
    def in_a_row(self) -> Floats:
        """By row how many of the last settlements in a row were paid by shorts."""
        ended = self.settles & ~(self.table["rate"] < 0.0)
        before = np.concatenate((np.zeros(1), self.settlements))[last_true(ended) + 1]
        return np.asarray(self.settlements - before)

    @cached_property
    def capped(self) -> Floats:
        """By row 1.0 where the last predicted rate stands at its cap, else NaN."""
        cap = self.table["cap"]
        stands = (np.abs(self.table["rate"]) >= cap) & (cap > 0.0)
        return np.where(at(stands.astype(float), last_true(self.table["settled"] <= 0.0)) == 1.0, 1.0, nan)

    @cached_property
    def _said_8h(self) -> Floats:
        return np.asarray(self.table["rate"] * 8.0 / self.table["interval_hours"])

    @cached_property
    def rate_8h(self) -> Floats:
        """By row the rate that holds: the settled one, or the blend of it and the predicted one by elapsed time."""
        said, table = self._said_8h, self.table
        left = (table["next_at_ms"] - table.known_at_ms) / (table["interval_hours"] * HOUR_MS)
        elapsed = np.clip(1.0 - left, 0.0, 1.0)
        blend = elapsed * said + (1.0 - elapsed) * self.settled_8h
        return np.where((table["settled"] > 0.0) | np.isnan(blend), said, blend)

    @cached_property
    def ttl_ms(self) -> Floats:
        """By row how long it is fresh."""
        rules = self.view.rules.freshness
        settled_ms = np.trunc(rules.cadence_factor * self.table["interval_hours"] * HOUR_MS)
        return np.where(self.table["settled"] > 0.0, settled_ms, rules.funding_predicted_ttl_ms)

    def mean_24h(self, rows: Ints, asked_ms: Ints) -> Floats:
        """The time-weighted mean of the day before, or of what is known of it, as of these rows; NaN without one."""
        known_ms = self.table.known_at_ms
        mean = self.view.kernels.span_means(self.rate_8h, known_ms, rows, asked_ms, DAY_MS)
        return np.round(mean, DECIMALS)

    def rank(self, mean: Floats) -> Floats:
        """The rank of each step's mean over 90 days of hours, NaN before enough settlements."""
        view = self.view
        mine = np.flatnonzero((view.turns >= self.begins) & (view.turns < self.ends))
        turns = view.turns[mine]
        rows = self.rows[turns]
        means = self.mean_24h(rows, np.maximum(view.grid_ms[mine], self.table.known_at_ms[rows]))
        made = grid(view.grid_ms[mine], means, QUARTER_MS)
        window = made.window(view.offered(turns), np.zeros(1, np.int64))
        rank = view.kernels.ranks(mean, window, made.values)
        learned = self.place.of(self.settlements) >= view.rules.funding.least_settlements
        return np.where(learned, rank, nan)

    def preference(self, rules: FreshnessRules) -> tuple[Floats, ...]:
        """By step how willingly it is read, least first; infinite where it is not there."""
        steps, row = np.arange(len(self.view)), np.maximum(self.rows, 0)
        is_old = self.view.now_ms - self.table.known_at_ms[row] > self.ttl_ms[row]
        there = (steps >= self.begins) & (steps < self.ends)
        first_ms = np.full(len(steps), float(self.table.known_at_ms[0]))
        return np.where(there, is_old, np.inf), -self.table["interval_hours"][row], first_ms


def read(view: View) -> Columns:
    """The funding reading at every step, of the venue that is read there."""
    fresh, rules = view.rules.freshness, view.rules.funding
    series = [one for table in view.told.funding.values() for one in _lives(table, view)]
    primary = preferred(len(view), series, fresh)
    columns = dict[str, Floats]()
    for place, rates in enumerate(series):
        mine = primary == place
        if bool(mine.any()):
            said, nothing = _facts(rates), np.full(len(view), nan)
            columns = {name: joined(mine, said[name], columns.get(name, nothing)) for name in COLUMNS}
    columns = columns or {name: np.full(len(view), nan) for name in COLUMNS}
    asof = np.where(primary == NEVER, 0.0, columns.pop("asof_ms")).astype(np.int64)
    rank, quality, ttl_ms = (columns.pop(name) for name in ("percentile", "quality", "ttl_ms"))
    columns["dispersion"] = _dispersion(view, series)
    enters, stays = _claims(columns["f24"], rank, rules)
    # said only where it is so
    enters["at_cap"] = (columns["at_cap"] == 1.0).astype(np.int8)
    return settled(
        NAME,
        Freshness(primary != NEVER, asof, view.now_ms, ttl_ms, fresh.absent_after_ms),
        columns["f24"],
        columns,
        enters,
        percentile=rank,
        quality=quality,
        stays=stays,
    )


COLUMNS = (
    *("f24", "rate_8h", "settled_8h", "interval_hours", "apr", "settlements", "flipped", "at_cap"),
    *("asof_ms", "percentile", "quality", "ttl_ms"),
)


def _lives(table: Table, view: View) -> Iterator[Rates]:
    """A venue's rates, each begun anew after a long gap; what is older than the newest is left out."""
    known_ms = table.known_at_ms
    is_back = bool((known_ms[1:] < known_ms[:-1]).any())
    kept = table.kept(known_ms >= np.maximum.accumulate(known_ms)) if is_back else table
    for first, after in lives(kept, view.rules.freshness.absent_after_ms):
        ends = int(kept.step[after]) if after < len(kept) else len(view)
        yield Rates(kept.rows(first, after), int(kept.step[first]), ends, view)


def _dispersion(view: View, series: list[Rates]) -> Floats:
    """At each step how far the fresh venues lie apart, NaN of fewer than two."""
    least, most, count = np.full(len(view), nan), np.full(len(view), nan), np.zeros(len(view))
    steps = np.arange(len(view))
    for one in series if len(series) > 1 else ():
        row = np.maximum(one.rows, 0)
        is_fresh = (steps >= one.begins) & (steps < one.ends)
        is_fresh &= view.now_ms - one.table.known_at_ms[row] <= one.ttl_ms[row]
        rate = np.where(is_fresh, one.rate_8h[row], nan)
        least, most, count = np.fmin(least, rate), np.fmax(most, rate), count + is_fresh
    return np.where(count > 1, most - least, nan)


def _facts(rates: Rates) -> dict[str, Floats]:
    """Every number of one venue's rates at every step."""
    view, now = rates.view, rates.place.of
    mean = rates.mean_24h(rates.rows, view.now_ms)
    seen_ms = (rates.table.known_at_ms - rates.table.known_at_ms[0]).astype(float)
    needed = view.rules.funding.flipped_settlements
    trust = np.where(seen_ms >= QUARTER_MS // 3, 1.0, view.rules.freshness.learning_quality)
    return {
        "f24": mean,
        "rate_8h": now(rates.rate_8h),
        "settled_8h": now(rates.settled_8h),
        "interval_hours": now(rates.table["interval_hours"]),
        "apr": mean * YEAR_OF_EIGHT_HOURS,
        "settlements": (settlements := now(rates.settlements)),
        "flipped": np.where(settlements >= needed, (now(rates.in_a_row) >= needed).astype(float), nan),
        "at_cap": now(rates.capped),
        "asof_ms": now(rates.table.known_at_ms.astype(float)),
        "percentile": rates.rank(mean),
        "quality": now(trust),
        "ttl_ms": now(rates.ttl_ms),
    }


def _claims(mean: Floats, rank: Floats, rules: FundingRules) -> tuple[dict[str, Claims], dict[str, Claims]]:
    """The flags as they enter and as they stay; without a rank the level alone decides."""
    rare = or_fails(all_of(at_most(rank, rules.negative_percentile), below(mean, rules.negative)))
    enters = {
        "fe": _elevated(mean, rank, rules.elevated, rules.elevated_percentile, rules.material),
        "fn": above(mean, rules.not_reset),
        "fr": at_most(mean, rules.reset),
        "fd": any_of(at_most(mean, rules.deeply_negative), rare),
        "material": at_least(mean, rules.material),
    }
    stays = {"fe": _elevated(mean, rank, rules.elevated_exit, rules.elevated_percentile_exit, rules.material)}
    return enters, stays


def _elevated(mean: Floats, rank: Floats, level: float, percentile: float, floor: float) -> Claims:
    ranked = or_fails(all_of(at_least(rank, percentile), at_least(mean, floor)))
    return any_of(at_least(mean, level), ranked)
