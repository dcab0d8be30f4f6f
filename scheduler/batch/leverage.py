"""What is worked out every five minutes of liquidations and held until then (market/state/leverage.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, HOUR_MS
from scheduler.batch.bursts import MONTH_MS, Bursts
from scheduler.batch.columns import (
    Claims,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    number_of,
)
from scheduler.batch.price import Prices
from scheduler.batch.ranking import grid
from scheduler.batch.sides import USUAL_DAY_TOLERANCE_MS, Liquidated, Side
from scheduler.batch.slots import FIVE_MS
from scheduler.batch.spot import Spot
from scheduler.batch.told import Bools, Floats, Ints
from scheduler.batch.turnover import Turnover
from scheduler.batch.view import View
from scheduler.batch.windows import at, range_max, then

BPS = 10_000.0
WEEK_MS = 7 * DAY_MS


def told_steps(view: View, bursts: Bursts) -> Ints:
    """The steps at which another full five minutes have passed, or a late bucket has closed some."""
    passed = np.diff(view.now_ms // FIVE_MS, prepend=0) > 0
    passed[bursts.told.table.step[bursts.closed.row]] = True
    return np.flatnonzero(passed)


@dataclass(frozen=True)
class Leverage:
    """What all of it is made of, at the steps `steps`."""

    bursts: Bursts
    both: Liquidated
    longs: Side
    shorts: Side
    price: Prices
    traded: Turnover
    spot: Spot
    rri: Floats
    rank: Floats
    steps: Ints

    def told(self) -> dict[str, Floats]:
        """Every fact at every step, held from one of them to the next."""
        facts = self._by_window() | self._against_others()
        heard = self.both.told.place.known[self.steps]
        held = self.both.view.held(self.steps)
        return {name: held.of(_where(heard, one)) for name, one in facts.items()}

    @cached_property
    def _bucket(self) -> Ints:
        return self.both.told.place.rows[self.steps]

    @cached_property
    def _burst(self) -> Ints:
        """The last five minutes that closed, -1 without."""
        if not len(self.bursts.closed.row):
            return np.full(len(self.steps), -1)
        return np.where(self._bucket >= 0, self.bursts.by_bucket[np.maximum(self._bucket, 0)], -1)

    @cached_property
    def _bar(self) -> Ints:
        return self.price.place.rows[self.steps]

    def _of_buckets(self, by_bucket: Floats) -> Floats:
        return at(by_bucket, self._bucket)

    def _of_bars(self, by_bar: Floats) -> Floats:
        return at(by_bar, self._bar)

    @cached_property
    def _day_ago(self) -> Floats:
        return self.both.noted_before(self.steps, DAY_MS, USUAL_DAY_TOLERANCE_MS)

    def _by_window(self) -> dict[str, Floats]:
        told, traded, bursts = self.both.told, self.traded, self.bursts
        rated = self._rated(bursts)
        facts = {
            "long_usd_5m": at(bursts.longs, self._burst),
            "short_usd_5m": at(bursts.shorts, self._burst),
            "printing_buckets_12": at(bursts.printing, self._burst),
            "long_percentile_24h": self._day_rank,
            **rated,
        }
        for side, hour, day in (
            ("long", told.long_hour, told.long_day),
            ("short", told.short_hour, told.short_day),
        ):
            day_usd = self._of_buckets(day)
            facts[f"{side}_bps_24h"] = day_usd / self._day_ago * BPS
            for span, usd, base in (
                ("5m", facts[f"{side}_usd_5m"], traded.five_usd),
                ("1h", self._of_buckets(hour), traded.hour_usd),
                ("24h", day_usd, traded.day_usd),
            ):
                volume = self._of_bars(base)
                facts[f"{side}_bps_of_volume_{span}"] = usd / np.where(volume == 0.0, nan, volume) * BPS
        return facts

    def _rated(self, bursts: Bursts) -> dict[str, Floats]:
        """The newest five minutes in bps of open interest, and the rank of longs when that was told."""
        both, closed, noted = self.both, bursts.closed, self.both.noted
        step = both.told.table.step[closed.row]
        newest = np.searchsorted(noted.steps, step, "left") - 1
        interest = _noted_at(noted.times, noted.usd, noted.stretch, closed.end_ms - FIVE_MS, newest)
        long_bps, short_bps = (bursts.bps(usd, interest) for usd in (bursts.longs, bursts.shorts))
        rank = self._burst_rank(bursts, long_bps, step, newest)
        life = np.concatenate((np.zeros(1, np.int64), noted.stretch))
        last = self._burst
        # another venue's open interest: what was ranked against the other's is forgotten
        same = at(life[newest + 1].astype(float), last) == both.life_of_steps[self.steps]
        return {
            "long_bps_5m": at(long_bps, last),
            "short_bps_5m": at(short_bps, last),
            "long_percentile_5m": np.where(same, at(rank, last), nan),
        }

    def _burst_rank(self, bursts: Bursts, bps: Floats, step: Ints, newest: Ints) -> Floats:
        """By five minutes the rank among the last ones of every hour of a month, NaN before a week of them."""
        both, closed = self.both, bursts.closed
        last = np.where(
            both.hours.bucket >= 0,
            np.concatenate((np.full(1, -1), bursts.by_bucket))[both.hours.bucket + 1],
            -1,
        )
        place = np.maximum(last, 0)
        if not len(closed.row):
            return bps
        fits = (last >= 0) & (closed.end_ms[place] == both.hours.grid_ms) & bursts.whole[place]
        offers = np.flatnonzero(both.learned & fits & ~np.isnan(bps[place]))
        made = grid(both.hours.grid_ms[offers], bps[place[offers]], MONTH_MS, both.life_of_hours[offers])
        so_far = _offered_before(both, offers, closed.row, step)
        life = np.concatenate((np.zeros(1, np.int64), both.noted.stretch))[newest + 1]
        window = made.window(so_far, life)
        rank = both.view.kernels.ranks(bps, window, made.values)
        return np.where((window.count < LEAST_HOURS) | ~bursts.whole, nan, rank)

    @cached_property
    def _day_rank(self) -> Floats:
        """The rank of the day's longs among those of a month, as of the last hour judged and learned."""
        both = self.both
        made, offers = self.longs.day_intensities
        own = made.own()
        rank = own.learned(both.view.kernels.ranks(made.values, own, made.values), LEAST_HOURS)
        by_hour = np.full(len(both.hours), nan)
        by_hour[offers] = rank
        learned = np.flatnonzero(both.learned)
        last = both.offered(learned)[self.steps] - 1
        place = np.concatenate((np.zeros(1, np.int64), learned))[last + 1]
        same = both.life_of_hours[place] == both.life_of_steps[self.steps] if len(both.hours) else last >= 0
        return np.where((last >= 0) & same, by_hour[place] if len(by_hour) else nan, nan)

    def _against_others(self) -> dict[str, Floats]:
        limits, told = self.both.view.rules.liquidations, self.both.told
        whole = self._of_buckets(told.day_is_whole.astype(float)) == 1.0
        day_usd = np.where(whole, self._of_buckets(told.long_day), nan)
        made, offers = self.both.long_days
        so_far = self.both.offered(offers)[self.steps]
        usual = at(self.both.usual_long_day, so_far - 1)
        peaks = range_max(
            made.values,
            np.searchsorted(made.times, made.times - WEEK_MS, "right"),
            np.arange(len(made.times)) + 1,
        )
        peak, spot = at(peaks, so_far - 1), self.spot.relative
        fading = all_of(
            below(day_usd, limits.fading_share * peak), below(self.rank[self.steps], limits.fading_percentile)
        )
        down = all_of(
            self._has_fallen(),
            at_least(self._day_rank, limits.modest_spot_percentile),
            at_most(spot, limits.modest_spot_ratio),
        )
        return {
            "ldr": day_usd / usual / np.where(spot == 0.0, nan, spot),
            "fading": np.where(np.isnan(day_usd) | np.isnan(peak), nan, number_of(fading)),
            "down_day_modest_spot": np.where(np.isnan(spot), nan, number_of(down)),
            "leverage_unwind": number_of(self._unwinds()),
        }

    def _has_fallen(self) -> Claims:
        facts, limits = self.price.facts, self.both.view.rules.liquidations
        return at_most(
            self._of_bars(facts["r_24h"]), limits.down_day_sigmas * self._of_bars(facts["sigma_1d"])
        )

    def _unwinds(self) -> Claims:
        rules, facts = self.both.view.rules, self.price.facts
        shocked = any_of(
            *(
                at_most(self._of_bars(facts[f"shock_{span}"]), limit)
                for span, limit in (
                    ("1h", rules.price.shock_1h),
                    ("4h", rules.price.shock_4h),
                    ("24h", rules.price.shock_24h),
                )
            )
        )
        claims = self.bursts.is_printing(rules.liquidations.printing_buckets)
        is_printing = np.nan_to_num(at(claims.astype(float), self._burst)).astype(np.int8)
        return all_of(at_least(self.rri[self.steps], rules.liquidations.range_relative), is_printing, shocked)


def _where(heard: Bools, column: Floats) -> Floats:
    return column if bool(heard.all()) else np.where(heard, column, nan)


def _noted_at(times: Ints, usd: Floats, stretch: Ints, asked_ms: Ints, newest: Ints) -> Floats:
    """The newest open interest noted at or before a moment, of what was kept: an hour, and the last one before that."""
    if not len(times):
        return np.full(len(asked_ms), nan)
    last = np.maximum(newest, 0)
    place = np.minimum(np.searchsorted(times, asked_ms, "right") - 1, newest)
    kept = np.searchsorted(times, times[last] - HOUR_MS, "right") - 1
    kept = np.maximum(kept, np.searchsorted(stretch, stretch[last], "left"))
    found = then(usd, times, place, asked_ms - HOUR_MS)
    return np.where((newest >= 0) & (place >= kept), found, nan)


def _offered_before(both: Liquidated, offers: Ints, bucket: Ints, step: Ints) -> Ints:
    """How many of the judged hours `offers` came before each of these buckets was taken."""
    judged_step, judged_bucket = both.hours.step[offers], both.hours.bucket[offers]
    before = np.searchsorted(judged_step, step, "left")
    # within one step an hour is judged after the bucket with which it was judged
    here = np.minimum(before, max(len(offers) - 1, 0))
    same = (
        (before < len(offers)) & (judged_step[here] == step) & (judged_bucket[here] < bucket)
        if len(offers)
        else before < 0
    )
    return np.asarray(before + same)
