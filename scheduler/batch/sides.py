"""Both sides of forced closing: what was usual, which hours and days are flagged, and bursts (market/state/liquidations.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, HOUR_MS
from market.rules import LiquidationRules
from market.state.liquidations import BPS, DAYS_A_WEEK, HOURS_A_DAY, MONTH_MS
from scheduler.batch.buckets import Buckets
from scheduler.batch.columns import (
    FAILS,
    HOLDS,
    UNKNOWN,
    Claims,
    all_of,
    any_of,
    at_least,
    unless,
)
from scheduler.batch.interest import Marks
from scheduler.batch.judging import Entries, Judged, entries, with_hysteresis
from scheduler.batch.ranking import Grid, grid
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.view import View
from scheduler.batch.windows import at

USUAL_HOUR_TOLERANCE_MS, USUAL_DAY_TOLERANCE_MS = HOUR_MS, 2 * HOUR_MS
"""How much older than asked the noted open interest may be, as in market/state/open_interest.py."""


@dataclass(frozen=True)
class Liquidated:
    """What both sides are read from: buckets, the hours judged, and the open interest that was noted."""

    view: View
    told: Buckets
    hours: Judged
    noted: Marks

    @cached_property
    def known(self) -> Bools:
        """Whether anything was told of each judged hour: the newest bucket reaches it, or the next one would have."""
        if not len(self.told.table):
            return np.zeros(len(self.hours), bool)
        place = np.maximum(self.hours.bucket, 0)
        reached = self.told.table.known_at_ms[place] > self.hours.grid_ms - self.told.table["step_ms"][place]
        return np.asarray((self.hours.bucket >= 0) & reached)

    @cached_property
    def learned(self) -> Bools:
        """Whether each judged hour was put among its past."""
        return np.asarray(self.known & (self.at_hours(self.told.hour_is_whole.astype(float)) == 1.0))

    @cached_property
    def day_whole(self) -> Bools:
        """Whether the day was whole at each judged hour."""
        return np.asarray(self.at_hours(self.told.day_is_whole.astype(float)) == 1.0)

    def at_hours(self, by_bucket: Floats) -> Floats:
        """What the buckets say, at each judged hour."""
        return at(by_bucket, self.hours.bucket)

    @cached_property
    def newest_mark(self) -> Ints:
        """Of each judged hour the newest mark known then: that of an earlier step."""
        return np.searchsorted(self.noted.steps, self.hours.step, "left") - 1

    def marked(self, span_ms: int, tolerance_ms: int) -> Floats:
        """Open interest (US dollars) so long before each judged hour."""
        newest = self.newest_mark
        times = np.concatenate((np.zeros(1, np.int64), self.noted.times))[newest + 1]
        asked = np.maximum(self.hours.grid_ms, times)
        found = self.noted.before(asked, newest, span_ms, tolerance_ms)
        return np.where(newest < 0, nan, found)

    def noted_before(self, steps: Ints, span_ms: int, tolerance_ms: int) -> Floats:
        """Open interest (US dollars) so long before each of these steps."""
        newest = self._noted_by_step[steps] - 1
        found = self.noted.before(self.view.now_ms[steps], newest, span_ms, tolerance_ms)
        return np.where(newest < 0, nan, found)

    @cached_property
    def _noted_by_step(self) -> Ints:
        return self.view.offered(self.noted.steps)

    def offered(self, offers: Ints) -> Ints:
        """At each step how many of the judged hours `offers` have come."""
        return self.view.offered(self.hours.step[offers])

    @cached_property
    def totals(self) -> tuple[Grid, Ints]:
        """Both sides' hourly totals, and which judged hours offered them."""
        offers = np.flatnonzero(self.learned)
        both = self.at_hours(self.told.long_hour + self.told.short_hour)
        return grid(self.hours.grid_ms[offers], both[offers], MONTH_MS), offers

    @cached_property
    def usual_total(self) -> Floats:
        """After none, one, two ... totals their median, 0 without one."""
        made, _ = self.totals
        middle, _ = self.view.kernels.medians(made.values, made.own(), False)
        return np.concatenate(((0.0,), np.nan_to_num(middle)))

    @cached_property
    def long_days(self) -> tuple[Grid, Ints]:
        """The days' longs, US dollars, and which judged hours offered them."""
        offers = np.flatnonzero(self.learned & self.day_whole)
        return grid(self.hours.grid_ms[offers], self.at_hours(self.told.long_day)[offers], MONTH_MS), offers

    @cached_property
    def usual_long_day(self) -> Floats:
        """After one, two ... days' longs their median over a month, NaN before a week of them."""
        made, _ = self.long_days
        own = made.own()
        middle, _ = self.view.kernels.medians(made.values, own, False)
        return np.where((own.count < LEAST_HOURS) | (middle == 0.0), nan, middle)

    @cached_property
    def life_of_steps(self) -> Ints:
        """At each step how often the noted open interest has become another venue's."""
        return np.concatenate((np.zeros(1, np.int64), self.noted.stretch))[self._noted_by_step]

    @cached_property
    def life_of_hours(self) -> Ints:
        """The same at each judged hour."""
        return np.concatenate((np.zeros(1, np.int64), self.noted.stretch))[self.newest_mark + 1]


@dataclass(frozen=True)
class Side:
    """One position side of them."""

    all: Liquidated
    hour: Floats
    day: Floats
    other_hour: Floats
    other_day: Floats
    rules: LiquidationRules

    def share(self, mine: Floats, other: Floats, usual: Floats) -> Floats:
        """The side's share, shrunk towards a half by the usual total; NaN of nothing."""
        whole = mine + other + usual
        return (mine + 0.5 * usual) / np.where(whole <= 0.0, nan, whole)

    @cached_property
    def hour_ago(self) -> Floats:
        """Open interest an hour before each judged hour."""
        return self.all.marked(HOUR_MS, USUAL_HOUR_TOLERANCE_MS)

    @cached_property
    def intensities(self) -> tuple[Grid, Ints]:
        """Hourly totals in bps of open interest, and which judged hours offered them."""
        bps = self.all.at_hours(self.hour) / self.hour_ago * BPS
        return self._offered(bps, self.all.learned)

    @cached_property
    def day_intensities(self) -> tuple[Grid, Ints]:
        """The same of whole days."""
        bps = self.all.at_hours(self.day) / self.all.marked(DAY_MS, USUAL_DAY_TOLERANCE_MS) * BPS
        return self._offered(bps, self.all.learned & self.all.day_whole)

    def _offered(self, bps: Floats, among: Bools) -> tuple[Grid, Ints]:
        offers = np.flatnonzero(among & ~np.isnan(bps))
        life = self.all.life_of_hours[offers]
        return grid(self.all.hours.grid_ms[offers], bps[offers], MONTH_MS, life), offers

    def _standing(
        self, bps: Floats, share: Floats, past: tuple[Grid, Ints], bound: float
    ) -> tuple[Claims, Floats]:
        """Whether judged hours stand out but for their rank, and that rank (NaN before a week)."""
        made, offers = past
        so_far = np.searchsorted(offers, np.arange(len(self.all.hours)), "right")
        window = made.window(so_far, self.all.life_of_hours)
        heavy = all_of(_one_sided(share, self.rules.share), at_least(bps, bound))
        rank = self.all.view.kernels.ranks(np.where(heavy == HOLDS, bps, nan), window, made.values)
        return heavy, window.learned(rank, LEAST_HOURS)

    def flagged_hours(self) -> Entries:
        """The judged hours: flagged or not, with the lower bar for one that follows a flagged one."""
        told, hours, rules = self.all, self.all.hours, self.rules
        bps = told.at_hours(self.hour) / self.hour_ago * BPS
        usual = told.usual_total[np.cumsum(told.learned)]
        share = self.share(told.at_hours(self.hour), told.at_hours(self.other_hour), usual)
        heavy, rank = self._standing(bps, share, self.intensities, rules.flagged_bps)
        whole = told.at_hours(told.told.hour_is_whole.astype(float)) == 1.0
        enters, stays = (
            _verdict(all_of(heavy, at_least(rank, needed)), whole, told.known)
            for needed in (rules.flagged_percentile, rules.flagged_percentile_exit)
        )
        return entries(hours, with_hysteresis(hours, enters, stays), HOUR_MS)

    def flagged_days(self) -> Entries:
        """The UTC days: flagged or not."""
        told, rules = self.all, self.rules
        bps = told.at_hours(self.day) / told.marked(DAY_MS, USUAL_DAY_TOLERANCE_MS) * BPS
        usual = told.usual_total[np.cumsum(told.learned)]
        share = self.share(told.at_hours(self.day), told.at_hours(self.other_day), usual)
        heavy, rank = self._standing(bps, share, self.day_intensities, rules.flagged_bps)
        found = all_of(heavy, at_least(rank, rules.flagged_percentile))
        return entries(told.hours, _verdict(found, told.day_whole, told.known), DAY_MS)

    def cluster(self) -> tuple[Claims, Ints, Ints, Claims]:
        """At each step the cluster flag, the flagged hours of 24 and days of 7, and whether any hour is flagged."""
        place, hours, maybe = self._counts(self.flagged_hours(), HOURS_A_DAY)
        day_place, days, maybe_days = self._counts(self.flagged_days(), DAYS_A_WEEK)
        many = any_of(
            _reached(hours, maybe, self.rules.cluster_hours)[place],
            _reached(days, maybe_days, self.rules.cluster_days)[day_place],
        )
        return many, hours[place], days[day_place], _reached(hours, maybe, 1)[place]

    def _counts(self, said: Entries, window: int) -> tuple[Ints, Ints, Ints]:
        """At each step how many entries there are, and after so many how many are flagged and how many nobody knows."""
        judged_by = self.all.view.offered(self.all.hours.step)
        place = np.concatenate((np.zeros(1, np.int64), said.by_judged))[judged_by]
        sure = said.recent(lambda verdict: verdict == 1.0, window)
        return place, sure, said.recent(np.isnan, window)

    def now(self, hour_ago: Floats, share: Floats, *, ranked: bool) -> tuple[Floats, Floats, Claims]:
        """At each step the last hour in bps, its rank (NaN before a week), and the burst flag.

        Unless all are to be `ranked`, only those are that may be a burst.
        """
        told, place = self.all, self.all.told.place
        bps = place.of(self.hour) / hour_ago * BPS
        made, offers = self.intensities
        window = made.window(told.offered(offers), told.life_of_steps)
        heavy = all_of(_one_sided(share, self.rules.share), at_least(bps, self.rules.burst_bps))
        asked = bps if ranked else np.where(heavy == HOLDS, bps, nan)
        rank = window.learned(told.view.kernels.ranks(asked, window, made.values), LEAST_HOURS)
        found = all_of(heavy, at_least(rank, self.rules.burst_percentile))
        whole = place.whether(told.told.hour_is_whole)
        return bps, rank, unless(found, (found == FAILS) & ~whole)


def _one_sided(share: Floats, least: float) -> Claims:
    """Whether the side has that share; of nothing it has not."""
    return np.where(share >= least, HOLDS, FAILS)


def _verdict(found: Claims, whole: Bools, known: Bools) -> Floats:
    """A claim about an hour as it is remembered: a small sum is no calm where a part of it was not reported."""
    is_unknown = (found == UNKNOWN) | ((found == FAILS) & ~whole) | ~known
    return np.where(is_unknown, nan, np.where(found == HOLDS, 1.0, 0.0))


def _reached(flagged: Ints, unknown: Ints, needed: int) -> Claims:
    """Whether so many are flagged; unknown where those that nobody knows may make it."""
    return np.where(flagged >= needed, HOLDS, np.where(flagged + unknown >= needed, UNKNOWN, FAILS))
