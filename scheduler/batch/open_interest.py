"""The open interest reading as columns: how much leverage stands, and whether it grows or leaves (section 4)."""

from collections.abc import Callable
from math import nan

import numpy as np

from market.evidence_rules import LEAST_HOURS
from market.observations import DAY_MS
from market.rules import OpenInterestRules
from market.signals.open_interest import NAME
from scheduler.batch import stories
from scheduler.batch.columns import (
    Claims,
    Columns,
    Freshness,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    or_fails,
    settled,
)
from scheduler.batch.interest import Interest, Series
from scheduler.batch.ranking import Grid, robust_z
from scheduler.batch.spot import Spot
from scheduler.batch.told import Floats, Ints
from scheduler.batch.windows import Held

ALL = np.zeros(1, np.int64)
"""The one life of a series that was never begun anew within itself."""


def read(known: Interest, steps: Ints, spot: Spot) -> Columns:
    """The open interest reading at every step, of the series that is read there; `steps` are those of five minutes."""
    view = known.price.view
    fresh = view.rules.freshness
    told = [_facts(one) for one in known.series]
    joined = (
        {name: known.of([facts[name] for facts in told]) for name in told[0]} if told else _nothing(known)
    )
    asof = np.where(known.primary < 0, 0.0, joined.pop("asof_ms"))
    percentile, quality, ttl_ms = (joined.pop(name) for name in ("percentile", "quality", "ttl_ms"))
    joined |= stories.told(known, steps, spot)
    claims, stays = _claims(joined, percentile, view.rules.open_interest)
    return settled(
        NAME,
        Freshness(known.primary >= 0, asof.astype(np.int64), view.now_ms, ttl_ms, fresh.absent_after_ms),
        joined["coins"],
        joined,
        claims,
        percentile=percentile,
        quality=quality,
        stays=stays,
    )


FACTS = (
    *(
        "coins",
        "usd",
        "change_24h",
        "change_72h",
        "z_24h",
        "from_peak_7d",
        "turnover_days",
        "turnover_percentile",
    ),
    *("learned_days", "asof_ms", "percentile", "quality", "ttl_ms"),
)


def _nothing(known: Interest) -> dict[str, Floats]:
    return {name: np.full(len(known.primary), nan) for name in FACTS}


def _facts(series: Series) -> dict[str, Floats]:
    """Every number of one series at every step, and what its reading stands on."""
    now, coins = series.place.of, series.table["coins"]
    price, volume = series.price.by_step, series.price.day_volume
    growth = series.day_growth
    standing = now(coins)
    turnover = standing * price / np.where(volume == 0.0, nan, volume)
    first_ms, known_ms = float(series.table.known_at_ms[0]), series.table.known_at_ms.astype(float)
    percentile = _rank(series, standing, series.levels)
    return {
        "coins": standing,
        "usd": standing * price,
        "change_24h": now(np.expm1(growth)),
        "change_72h": now(np.expm1(series.growth(3))),
        "z_24h": _z(series, growth, now),
        "from_peak_7d": now(series.off_peak),
        "turnover_days": turnover,
        "turnover_percentile": _rank(series, turnover, series.offers(turnover[series.view.turns])),
        "learned_days": now((known_ms - first_ms) / DAY_MS),
        "asof_ms": now(known_ms),
        "percentile": percentile,
        "quality": now(_trust(series, known_ms - first_ms)),
        "ttl_ms": now(series.ttl_ms(series.view.rules.freshness)),
    }


def _rank(series: Series, asked: Floats, offers: tuple[Grid, Held]) -> Floats:
    """The rank among what was offered, NaN before seven days of samples."""
    made, offered = offers
    window = made.window(offered.count, ALL)
    rank = series.view.kernels.ranks(asked, window, made.values)
    return window.learned(rank, series.place.of(series.least.astype(float)))


def _z(series: Series, growth: Floats, now: Callable[[Floats], Floats]) -> Floats:
    """The day's growth as a robust score over a month of them."""
    past = series.growths
    least, counted = now(np.minimum(series.least, LEAST_HOURS).astype(float)), past.offered.of
    scored = robust_z(now(growth), counted(past.middle), counted(past.deviation))
    scored[~(counted(past.count.astype(float)) >= least)] = nan
    return scored


def _claims(
    facts: dict[str, Floats], rank: Floats, rules: OpenInterestRules
) -> tuple[dict[str, Claims], dict[str, Claims]]:
    """The flags as they enter and as they stay; a leg that is not learned yet leaves the OR."""
    turnover, change, three_days = facts["turnover_percentile"], facts["change_24h"], facts["change_72h"]
    jumping = or_fails(at_least(facts["z_24h"], rules.rising_z))
    enters = {
        "oe": any_of(
            at_least(rank, rules.elevated_percentile), or_fails(at_least(turnover, rules.turnover_percentile))
        ),
        "ou": any_of(at_least(change, rules.rising_24h), jumping),
        "oc": at_most(three_days, rules.compressing_72h),
        "off_peak": all_of(at_most(facts["from_peak_7d"], rules.rolling_from_peak), below(change, 0.0)),
    }
    stays = {
        "oe": any_of(
            at_least(rank, rules.elevated_percentile_exit),
            or_fails(at_least(turnover, rules.turnover_percentile_exit)),
        ),
        "ou": any_of(at_least(change, rules.rising_24h_exit), jumping),
        "oc": at_most(three_days, rules.compressing_72h_exit),
    }
    return enters, stays


def _trust(series: Series, seen_ms: Floats) -> Floats:
    """What quality is multiplied by: a daily series is worth half, and so is one that has not seen a third of the window."""
    fresh = series.view.rules.freshness
    slow = np.where(series.table["cadence_ms"] >= fresh.slow_cadence_ms, fresh.slow_quality, 1.0)
    return slow * np.where(seen_ms >= 90 * DAY_MS // 3, 1.0, fresh.learning_quality)
