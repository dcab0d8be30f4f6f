"""Price structure as columns: returns, shocks, drawdowns, ranges and swings by bar (market/state/price.py)."""

from dataclasses import dataclass
from functools import cached_property
from math import nan, sqrt

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, HOUR_MS
from market.rules import LOW_WINDOW_MS, PRICE_MEAN_HALF_LIFE_HOURS, PriceRules
from market.signals.price_structure import NAME
from market.state.price import LAG_TOLERANCE_MS
from scheduler.batch import horizons
from scheduler.batch.columns import (
    FAILS,
    HOLDS,
    UNKNOWN,
    Claims,
    Columns,
    Freshness,
    above,
    all_of,
    any_of,
    at_most,
    below,
    claimed,
    negate,
    number_of,
    settled,
    times_to_live,
    unless,
)
from scheduler.batch.fives import Fives
from scheduler.batch.hours import Hours, average_day_volume, closed_hours
from scheduler.batch.ranking import Grid, grid
from scheduler.batch.swings import Swung, swung
from scheduler.batch.told import Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.windows import (
    Clock,
    Held,
    Places,
    clock,
    held,
    last_true,
    seen,
    so_far,
)

SPANS_MS = {"1h": HOUR_MS, "4h": 4 * HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS}


@dataclass(frozen=True)
class Prices:
    """All bars and what they remember; by bar, as nothing about price changes between two."""

    view: View
    bars: Table
    usd: Floats
    clock: Clock
    hours: Hours
    unbroken_since_ms: Ints
    gap: Ints

    @cached_property
    def place(self) -> Places:
        """At each step the last bar."""
        return seen(self.bars.step, len(self.view))

    def steps(self, values: Floats) -> Floats:
        """What is known by bar, at each step."""
        return self.place.of(values)

    @cached_property
    def by_step(self) -> Floats:
        """The price in US dollars at each step."""
        return self.steps(self.usd)

    @cached_property
    def day_volume(self) -> Floats:
        """Mean turnover a day at each step, US dollars."""
        return self.steps(average_day_volume(self.hours))

    @cached_property
    def lagged(self) -> dict[str, Floats]:
        """By bar the price of so long ago, by span."""
        return {
            name: self.clock.lagged(self.usd, span_ms, min(LAG_TOLERANCE_MS, span_ms // 8))
            for name, span_ms in SPANS_MS.items()
        }

    @cached_property
    def returns(self) -> dict[str, Floats]:
        """By bar the log return over each span."""
        return {name: np.log(self.usd / before) for name, before in self.lagged.items()}

    @cached_property
    def facts(self) -> dict[str, Floats]:
        """By bar every fact but those of swings."""
        return _facts(self)

    @cached_property
    def fives(self) -> Fives:
        """What bars of five minutes or finer tell."""
        return Fives(self.bars, self.usd, self.hours.variance, self.view.rules, self.view.kernels)

    @cached_property
    def swings(self) -> Swung:
        """The swings of hourly closes after none, one, two ... hours and gaps."""
        limits, hours = self.view.rules.price, self.hours
        sigma = limits.swing_sigmas * np.sqrt(np.maximum(hours.variance[hours.bar], 0.0) * 24.0)
        thresholds = np.minimum(limits.swing_cap, np.maximum(limits.swing_floor, sigma))
        # a gap is an event of its own: it comes before what the bar after it closes
        places = np.searchsorted(hours.bar, self.gap)
        times = self.clock.times[hours.bar].astype(float)
        closes, at_ms, limits_of = (
            np.insert(column, places, nan) for column in (hours.price, times, thresholds)
        )
        begins = places + np.arange(len(places))
        return swung(closes, at_ms, limits_of, begins, limits.pivot_margin, self.view.kernels.legs)

    @cached_property
    def swung_by_bar(self) -> Ints:
        """By bar which of these holds."""
        return self.hours.closed + so_far(self.gap, len(self.bars))

    @cached_property
    def range_24h(self) -> Floats:
        """By bar ln(highest / lowest) over 24 h, NaN before a whole day without a gap."""
        first = self.clock.since(DAY_MS)
        largest = self.view.kernels.window_max
        high, low = largest(self.bars["high"], first), -largest(-self.bars["low"], first)
        whole = self.clock.times - self.unbroken_since_ms >= DAY_MS
        return np.where(whole, np.log(high / low), nan)

    @cached_property
    def ranges(self) -> Grid:
        """The day's ranges on the hourly grid over 30 days, `ranges_by_bar` how many have been offered."""
        known = self.hours.bar[~np.isnan(self.range_24h[self.hours.bar])]
        return grid(self.clock.times[known], self.range_24h[known], 30 * DAY_MS)

    @cached_property
    def ranges_by_bar(self) -> Ints:
        """How many ranges have been offered by each bar."""
        return self._ranged.count

    @cached_property
    def usual_range(self) -> Floats:
        """By bar the median of the ranges of a month."""
        middle, _ = self.view.kernels.medians(self.ranges.values, self.ranges.own(), False)
        return self._ranged.of(middle)

    @cached_property
    def _ranged(self) -> Held:
        """Since which bar each of the ranges holds."""
        known = self.hours.bar[~np.isnan(self.range_24h[self.hours.bar])]
        return held(known, len(self.bars))


def prices(view: View) -> Prices:
    """The bars of a history."""
    bars, rules = view.told.candles, view.rules
    usd = np.where(np.isnan(bars["mark"]), bars["close"], bars["mark"])
    step_ms = bars["step_ms"].astype(np.int64)
    opened = bars.known_at_ms - step_ms
    gap = np.zeros(len(bars), bool)
    gap[1:] = opened[1:] - bars.known_at_ms[:-1] > rules.price.longest_gap_bars * np.maximum(
        step_ms[1:], HOUR_MS
    )
    begun = gap.copy()
    begun[:1] = True
    unbroken = opened[last_true(begun)]
    hours = closed_hours(bars, usd, view)
    return Prices(view, bars, usd, clock(bars.known_at_ms), hours, unbroken, np.flatnonzero(gap))


def read(price: Prices) -> Columns:
    """The price reading at every step."""
    view, fresh = price.view, price.view.rules.freshness
    facts = dict(price.facts)
    claims = _claims(price, facts, view.rules.price)
    traded = np.where(np.isnan(price.bars["mark"]), fresh.last_trade_quality, 1.0)
    return settled(
        NAME,
        Freshness(
            price.place.known,
            price.place.times(price.clock.times),
            view.now_ms,
            price.steps(times_to_live(fresh.price_ttl_ms, price.bars["step_ms"], fresh.cadence_factor)),
            fresh.absent_after_ms,
        ),
        price.by_step,
        {name: price.steps(one) for name, one in facts.items()},
        {flag: price.place.claims(one) for flag, one in claims.items()},
        quality=price.steps(traded),
    )


def _facts(price: Prices) -> dict[str, Floats]:
    """By bar, every fact but those of swings."""
    clocked, usd, hourly, bars = price.clock, price.usd, price.hours.by_hour, price.bars
    known = price.hours.bar[~np.isnan(hourly)]
    first = int(known[0]) if len(known) else len(usd)
    sigma = price.hours.held.of(np.sqrt(np.where(hourly > 0.0, hourly, nan)))
    facts = {"price_usd": usd}
    facts |= {f"r_{name}": change for name, change in price.returns.items()}
    for name in ("1h", "4h", "24h"):
        span_ms = SPANS_MS[name]
        prior = clocked.lagged(sigma, span_ms, LAG_TOLERANCE_MS, first)
        facts[f"shock_{name}"] = facts[f"r_{name}"] / (prior * sqrt(span_ms / HOUR_MS))
    facts["sigma_1d"] = price.hours.sigma(24.0)
    for days in (3, 7, 30, 90):
        facts[f"drawdown_{days}d"] = (
            usd / price.view.kernels.window_max(usd, clocked.since(days * DAY_MS)) - 1.0
        )
    means = price.view.kernels.decaying_mean(price.hours.price, PRICE_MEAN_HALF_LIFE_HOURS)
    facts["mean_7d_usd"] = price.hours.held.of(means)
    window = price.ranges.window(price.ranges_by_bar, np.zeros(1, np.int64))
    usual = np.where(price.usual_range == 0.0, nan, price.usual_range)
    facts["range_ratio"] = price.range_24h / usual
    rank = price.view.kernels.ranks(price.range_24h, window, price.ranges.values)
    facts["range_percentile"] = window.learned(rank, LEAST_HOURS)
    facts["hours_since_low_72h"] = (clocked.times - _new_low_ms(price)) / HOUR_MS
    facts["step_ms"] = bars["step_ms"]
    facts["drawdown_ever"] = usd / np.maximum.accumulate(usd) - 1.0
    facts["stored_days"] = (clocked.times - clocked.times[:1]) / DAY_MS
    return facts


def _new_low_ms(price: Prices) -> Ints:
    """By bar when price last closed below all closes of the 72 hours before."""
    lowest = -price.view.kernels.window_max(-price.usd, price.clock.since(LOW_WINDOW_MS))
    is_new = np.ones(len(price.usd), bool)
    is_new[1:] = price.usd[1:] < lowest[:-1]
    return price.clock.times[last_true(is_new)]


def _claims(price: Prices, facts: dict[str, Floats], rules: PriceRules) -> dict[str, Claims]:
    """The flags by bar; the facts of swings are put beside the others."""
    swings, after = price.swings, price.swung_by_bar
    lower_low, higher_low = swings.lower_low[after], swings.higher_low[after]
    facts["lower_low"] = number_of(lower_low)
    in_progress = swings.in_progress[after]
    facts["lower_low_in_progress"] = number_of(in_progress)
    facts["higher_low"] = number_of(higher_low)
    facts["trend_slow"] = swings.trend[after]
    facts["last_low_usd"] = swings.last_low[after]
    facts["last_high_usd"] = swings.last_high[after]
    facts["swing_at_ms"] = swings.confirmed_ms[after]
    facts |= horizons.facts(price.hours, price.fives, facts, rules)
    band = rules.confirm_band_sigmas * facts["sigma_1d"]
    down, up = below(facts["r_24h"], -band), above(facts["r_24h"], band)
    return {
        "pd": _weak(facts, in_progress, rules),
        "brk": _broken(price, facts, rules),
        "stab": _stabilised(price, facts, higher_low, rules),
        "downtrend": _downtrend(facts, lower_low, rules),
        "down": down,
        "up": up,
        "flat": negate(any_of(down, up)),
    }


def _weak(facts: dict[str, Floats], in_progress: Claims, rules: PriceRules) -> Claims:
    return any_of(
        all_of(below(facts["r_7d"], 0.0), in_progress),
        at_most(facts["shock_24h"], rules.weak_shock_24h),
    )


def _downtrend(facts: dict[str, Floats], lower_low: Claims, rules: PriceRules) -> Claims:
    deep = at_most(facts["drawdown_7d"], rules.downtrend_drawdown_sigmas * facts["sigma_1d"])
    return any_of(
        all_of(below(facts["r_7d"], 0.0), lower_low),
        all_of(below(facts["price_usd"], facts["mean_7d_usd"]), deep),
    )


def _broken(price: Prices, facts: dict[str, Floats], rules: PriceRules) -> Claims:
    low, after = price.swings.low_to_lose, price.swung_by_bar
    # a bar is held against the low that was known before it closed its hour
    before = low[after - np.diff(price.hours.closed, prepend=0)]
    shocked = (facts["shock_1h"] <= rules.shock_1h) | (facts["shock_4h"] <= rules.shock_4h)
    shocked |= facts["shock_24h"] <= rules.shock_24h
    through = price.usd < before * (1.0 - rules.pivot_margin)
    broken = price.view.kernels.breaks(price.clock.times, price.usd, before, shocked & through, rules)
    # a low that is not known cannot be lost, but nothing is known to hold either
    return np.where(broken, HOLDS, np.where(np.isnan(low[after]), UNKNOWN, FAILS))


def _stabilised(price: Prices, facts: dict[str, Floats], higher_low: Claims, rules: PriceRules) -> Claims:
    times = price.clock.times
    looked = times - times[:1] >= rules.low_window_ms - price.bars["step_ms"]
    holds = claimed(facts["hours_since_low_72h"] >= rules.no_new_low_ms / HOUR_MS)
    seen_whole = times - price.unbroken_since_ms >= rules.no_new_low_ms
    holds = unless(holds, ~looked | ((holds > 0) & ~seen_whole))
    compressed = all_of(
        at_most(facts["range_ratio"], rules.compression_ratio),
        at_most(facts["range_percentile"], rules.compression_percentile),
    )
    return all_of(holds, any_of(higher_low, compressed))
