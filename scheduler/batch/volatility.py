"""Volatility as columns: what sizing uses, its quiet reference and its rank over a year (market/state/volatility.py)."""

from collections.abc import Callable
from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS, THIRD_OF_YEAR_HOURS
from market.observations import DAY_MS, HOUR_MS
from market.rules import VolatilityRules
from market.signals.volatility import NAME
from market.state.volatility import YEAR_MS, least_hours
from scheduler.batch.columns import (
    Columns,
    Freshness,
    any_of,
    at_least,
    number_of,
    or_fails,
    settled,
    times_to_live,
)
from scheduler.batch.hours import realised
from scheduler.batch.price import Prices
from scheduler.batch.ranking import Grid, grid
from scheduler.batch.told import Bools, Floats, Ints, Table
from scheduler.batch.view import View
from scheduler.batch.windows import Held, Places, at, clock, counted, seen, window_sum

DAYS_A_WEEK, DAYS_A_MONTH = 7, 30


def read(price: Prices) -> Columns:
    """The volatility reading at every step."""
    view, hours = price.view, price.hours
    rules, fresh = view.rules.volatility, view.rules.freshness
    implied = newer(view.told.implied)
    asked, closed = seen(implied.step, len(view)), seen(price.bars.step[hours.bar], len(view))
    dvol = _fresh(implied, asked.of, view.now_ms, view)
    ewma = price.steps(hours.sigma(8_760.0))
    rv_7d, rv_30d = (
        closed.of(realised(hours, days, least_hours(24 * days, rules)))
        for days in (DAYS_A_WEEK, DAYS_A_MONTH)
    )
    sigma = _sizing(ewma, rv_30d, dvol, rules)
    turns, asof = view.turns, closed.times(hours.close_ms)
    is_alive = view.grid_ms - asof[turns] <= DAY_MS
    then = _sizing(
        ewma[turns],
        rv_30d[turns],
        _fresh(implied, lambda said: at(said, asked.rows[turns]), view.grid_ms, view),
        rules,
    )
    rank, count = _ranked(view, sigma, then, is_alive)
    reference, is_cold = _reference(view, rv_7d[turns], is_alive, rules)
    ratio = sigma / reference
    ranked_high, ranked_exit = (
        or_fails(at_least(rank, needed)) for needed in (rules.high_percentile, rules.high_percentile_exit)
    )
    step_ms = np.maximum(price.steps(price.bars["step_ms"]), HOUR_MS)
    ttl_ms = times_to_live(fresh.price_ttl_ms, step_ms, fresh.cadence_factor)
    return settled(
        NAME,
        Freshness(~np.isnan(sigma), asof, view.now_ms, ttl_ms, fresh.absent_after_ms),
        sigma,
        {
            "sigma": sigma,
            "ewma_3d": ewma,
            "dvol": dvol,
            "sigma_ref": reference,
            "sigma_ref_cold": is_cold,
            "ratio": ratio,
            **_finest(price, closed, dvol, rules),
            **_jumps(price, rules),
        },
        {"vol_hi": any_of(at_least(ratio, rules.high_ratio), ranked_high)},
        percentile=rank,
        quality=np.where(count >= THIRD_OF_YEAR_HOURS, 1.0, fresh.learning_quality),
        stays={"vol_hi": any_of(at_least(ratio, rules.high_ratio_exit), ranked_exit)},
    )


def newer(table: Table) -> Table:
    """The rows that are newer than all before them: of others a state takes no notice."""
    known_ms = table.known_at_ms
    if bool((known_ms[:1] > 0).all() and (known_ms[1:] > known_ms[:-1]).all()):
        return table
    before = np.maximum.accumulate(np.concatenate((np.zeros(1, np.int64), known_ms)))[:-1]
    return table.kept(known_ms > before)


def _finest(price: Prices, closed: Places, dvol: Floats, rules: VolatilityRules) -> dict[str, Floats]:
    """At each step realised volatility as finely as each hour is known, and how many of the hours were known in five minutes."""
    hours, fives = price.hours, price.fives
    by_close = at(fives.hour_variance, fives.place[hours.bar])
    is_now = at(fives.times.astype(float), fives.place[hours.bar]) == hours.close_ms
    fine = np.where(is_now, by_close, nan)
    square = np.full(len(hours.price), nan)
    square[1:] = np.where(
        np.diff(hours.close_ms) == HOUR_MS, np.log(hours.price[1:] / hours.price[:-1]) ** 2, nan
    )
    variance = np.where(np.isnan(fine), square, fine)
    facts = dict[str, Floats]()
    for name, days in (("24h", 1), ("7d", DAYS_A_WEEK), ("30d", DAYS_A_MONTH)):
        first = clock(hours.close_ms).since(days * DAY_MS)
        count, fines = (_between(one, first) for one in (~np.isnan(variance), ~np.isnan(fine)))
        mean = window_sum(np.nan_to_num(variance), first) / np.where(count > 0, count, nan)
        enough = count >= least_hours(24 * days, rules)
        facts[f"rv_{name}"] = closed.of(np.where(enough, np.sqrt(mean * 8_760.0), nan))
        facts[f"rv_{name}_fine"] = closed.of(fines / np.where(count > 0, count, nan))
    facts["vrp"] = dvol - facts["rv_30d"]
    return facts


def _between(known: Bools, first: Ints) -> Ints:
    """At each place how many are known from place `first` up to it."""
    total = counted(known)
    return np.asarray(total[1:] - total[first])


def _jumps(price: Prices, rules: VolatilityRules) -> dict[str, Floats]:
    """At each step the share of the day's variance that came in jumps, and whether that is more than chance."""
    share, z = (price.steps(price.fives.now(one)) for one in price.fives.jumps)
    return {"jump_share": share, "jump_z": z, "jumped": number_of(at_least(z, rules.jump_z))}


def _fresh(implied: Table, now: Callable[[Floats], Floats], now_ms: Ints, view: View) -> Floats:
    """The implied volatility, NaN where it is too old at those times."""
    fresh = view.rules.freshness
    ttl_ms = times_to_live(fresh.options_ttl_ms, implied["cadence_ms"], fresh.cadence_factor)
    until_ms = now(implied.known_at_ms + ttl_ms)
    return np.where(now_ms <= until_ms, now(implied["dvol"]), nan)


def _sizing(ewma: Floats, rv_30d: Floats, dvol: Floats, rules: VolatilityRules) -> Floats:
    """max(EWMA, 0.8 RV_30d, 0.8 DVOL) of what is known, NaN without the first."""
    floors = np.fmax(rules.rv_30d_weight * rv_30d, rules.dvol_weight * dvol)
    return np.where(np.isnan(ewma), nan, np.fmax(ewma, floors))


def _ranked(view: View, sigma: Floats, then: Floats, is_alive: Bools) -> tuple[Floats, Ints]:
    """The rank over a year at each step, NaN before a week of hours, and how many hours it is over."""
    sizes, offered = _offers(view, then, is_alive)
    window = sizes.window(offered.count, np.zeros(1, np.int64))
    rank = view.kernels.ranks(sigma, window, sizes.values)
    return window.learned(rank, LEAST_HOURS), window.count


def _reference(view: View, weekly: Floats, is_alive: Bools, rules: VolatilityRules) -> tuple[Floats, Floats]:
    """The quiet volatility at each step, and 1.0 where it is a cold default."""
    weeks, offered = _offers(view, weekly, is_alive)
    own = weeks.own()
    middle, _ = view.kernels.medians(weeks.values, own, False)
    usual = np.where((own.count < rules.reference_least_hours) | (middle == 0.0), nan, middle)
    known = offered.of(usual)
    cold = rules.reference_cold.get(view.told.asset, rules.reference_cold_other)
    return np.where(np.isnan(known), cold, known), np.isnan(known).astype(float)


def _offers(view: View, values: Floats, is_alive: Bools) -> tuple[Grid, Held]:
    """What is known of `values` on the hours that anything is known of, and how long each is the last."""
    known = np.flatnonzero(is_alive & ~np.isnan(values))
    return grid(view.grid_ms[known], values[known], YEAR_MS), view.held(view.turns[known])
