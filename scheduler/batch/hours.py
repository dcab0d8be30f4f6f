"""Closed bars put together into closed hours, and what of them every signal needs: variance, volume, the weekly mean."""

from dataclasses import dataclass
from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS, HOUR_MS
from market.rules import VARIANCE_HALF_LIFE_HOURS
from market.state.market import MONTH_MS
from scheduler.batch.told import Bools, Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.windows import Held, clock, held, window_sum


@dataclass(frozen=True, slots=True)
class Hours:
    """The complete hours: the bar that closed each, its close (UTC ms), Rogers-Satchell variance, price and turnover.

    `by_hour` is the decaying mean of their variances (NaN before enough), `variance` the same by bar; `held` lays out others.
    """

    bar: Ints
    close_ms: Ints
    price: Floats
    volume_usd: Floats
    held: Held
    by_hour: Floats
    variance: Floats

    def sigma(self, hours: float) -> Floats:
        """By bar what so many hours are expected to move."""
        return self.held.of(np.sqrt(np.maximum(self.by_hour, 0.0) * hours))

    @property
    def closed(self) -> Ints:
        """By bar how many hours have closed with it."""
        return self.held.count


def closed_hours(bars: Table, price: Floats, view: View) -> Hours:
    """The hours that bars of an hour or less cover without a hole."""
    close_ms = bars.known_at_ms
    opened = (close_ms - bars["step_ms"].astype(np.int64)) // HOUR_MS
    begins = np.flatnonzero(np.diff(opened, prepend=-1))
    last = np.append(begins[1:], len(bars)) - 1 if len(bars) else begins
    whole = _complete(bars, begins, last)
    begins, last = begins[whole], last[whole]
    high, low = (
        _within(np.maximum, bars["high"], begins, last),
        _within(np.minimum, bars["low"], begins, last),
    )
    opens, closes = bars["open"][begins], bars["close"][last]
    above = np.log(high / closes) * np.log(high / opens)
    drift_free = above + np.log(low / closes) * np.log(low / opens)
    lasting = held(last, len(bars))
    means = view.kernels.decaying_mean(drift_free, VARIANCE_HALF_LIFE_HOURS)
    means[: view.rules.volatility.least_hours - 1] = nan
    volume = _within(np.add, bars["volume_usd"], begins, last)
    return Hours(last, close_ms[last], price[last], volume, lasting, means, lasting.of(means))


def _complete(bars: Table, begins: Ints, last: Ints) -> Bools:
    """Which groups of bars make a whole hour."""
    if not len(begins):
        return np.zeros(0, bool)
    covered = np.add.reduceat(bars["step_ms"], begins)
    return np.asarray((covered == HOUR_MS) & (bars.known_at_ms[last] % HOUR_MS == 0))


def _within(join: np.ufunc, values: Floats, begins: Ints, last: Ints) -> Floats:
    """What a function makes of the values of each group, bars between the groups left out."""
    if not len(begins):
        return np.empty(0)
    bounds = np.stack((begins, last + 1), axis=1).ravel()
    joined = join.reduceat(np.append(values, 0.0), bounds)
    return np.asarray(joined[::2], float)


def average_day_volume(hours: Hours) -> Floats:
    """By bar the mean turnover a day over 30 days, NaN before a week of hours with a volume."""
    known = np.flatnonzero(~np.isnan(hours.volume_usd))
    times = hours.close_ms[known]
    first = clock(times).since(MONTH_MS)
    count = np.arange(len(known)) - first + 1
    mean = np.where(count < LEAST_HOURS, nan, window_sum(hours.volume_usd[known], first) / count * 24.0)
    return held(hours.bar[known], len(hours.variance)).of(mean)


def realised(hours: Hours, days: int, least: float) -> Floats:
    """By closed hour the annualised volatility from hourly returns over so many days, NaN before `least` of them."""
    follows = np.flatnonzero(np.diff(hours.close_ms) == HOUR_MS) + 1
    squares = np.log(hours.price[follows] / hours.price[follows - 1]) ** 2
    first = clock(hours.close_ms[follows]).since(days * DAY_MS)
    count = np.arange(len(follows)) - first + 1
    sigma = np.sqrt(window_sum(squares, first) / count * 8_760.0)
    return held(follows, len(hours.close_ms)).of(np.where(count < least, nan, sigma))
