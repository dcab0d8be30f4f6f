"""The liquidations reading as columns: intensity against open interest, bursts, flagged hours and clusters (section 3)."""

from math import nan

import numpy as np

from market.evidence_rules import THIRD_OF_MONTH_HOURS
from market.observations import HOUR_MS
from market.signals.liquidations import NAME
from scheduler.batch import branching
from scheduler.batch.buckets import Buckets
from scheduler.batch.bursts import Bursts
from scheduler.batch.columns import (
    Columns,
    Freshness,
    at_least,
    settled,
    times_to_live,
)
from scheduler.batch.interest import Interest, marks
from scheduler.batch.judging import judged
from scheduler.batch.leverage import Leverage
from scheduler.batch.sides import USUAL_HOUR_TOLERANCE_MS, Liquidated, Side
from scheduler.batch.spot import Spot
from scheduler.batch.told import Floats, Ints
from scheduler.batch.turnover import turnover
from scheduler.batch.windows import at


def read(known: Interest, bursts: Bursts, steps: Ints, spot: Spot) -> Columns:
    """The liquidations reading at every step; `steps` are those at which five minutes are told anew."""
    price, view = known.price, known.price.view
    both, longs, shorts = _taken(known, bursts.told)
    told, fresh, rules = both.told, view.rules.freshness, view.rules.liquidations
    usual = both.usual_total[both.offered(both.totals[1])]
    sums = {name: told.place.of(one) for name, one in _sums(told).items()}
    share = longs.share(sums["long_usd_1h"], sums["short_usd_1h"], usual)
    share_short = longs.share(sums["short_usd_1h"], sums["long_usd_1h"], usual)
    hour_ago = both.noted_before(np.arange(len(view)), HOUR_MS, USUAL_HOUR_TOLERANCE_MS)
    bps, rank, burst = longs.now(hour_ago, share, ranked=True)
    bps_short, _, burst_short = shorts.now(hour_ago, share_short, ranked=False)
    cluster, hours, days, flagged = longs.cluster()
    learned = view.offered(both.hours.step[both.learned])
    rri = _range_relative(both, price.steps(price.range_24h), price.steps(price.usual_range))
    percentile = np.where(told.place.whether(told.hour_is_whole), rank, nan)
    held = Leverage(
        bursts, both, longs, shorts, price, turnover(price.bars), spot, rri, percentile, steps
    ).told()
    facts = {
        "long_bps_1h": bps,
        "short_bps_1h": bps_short,
        **sums,
        "long_share": share,
        "covered_hours_24": told.place.of(told.covered_ms) / HOUR_MS,
        "flagged_hours_24": hours.astype(float),
        "flagged_days_7": days.astype(float),
        "rri": rri,
        "learned_hours": learned.astype(float),
        **held,
        **branching.facts(view),
    }
    claims = {
        "lc": cluster,
        "lb": burst,
        "lc_short": shorts.cluster()[0],
        "lb_short": burst_short,
        "rri_high": at_least(rri, rules.range_relative),
        "ldr_high": at_least(held["ldr"], rules.leverage_to_spot),
        "flagged": flagged,
    }
    trust = np.where(learned >= THIRD_OF_MONTH_HOURS, 1.0, fresh.learning_quality)
    return settled(NAME, _freshness(told), bps, facts, claims, percentile=percentile, quality=trust)


def _taken(known: Interest, told: Buckets) -> tuple[Liquidated, Side, Side]:
    """What was told of both sides, and each of them: longs and shorts."""
    rules = known.price.view.rules.liquidations
    noted = marks(known, np.nan_to_num(told.place.of(told.venue), nan=-1.0).astype(np.int64))
    both = Liquidated(known.price.view, told, judged(known.price.view, told), noted)
    longs = Side(both, told.long_hour, told.long_day, told.short_hour, told.short_day, rules)
    return both, longs, Side(both, told.short_hour, told.short_day, told.long_hour, told.long_day, rules)


def _freshness(told: Buckets) -> Freshness:
    view, place = told.price.view, told.place
    rules, step_ms = view.rules.freshness, place.of(told.table["step_ms"])
    ttl_ms = times_to_live(rules.liquidations_ttl_ms, step_ms, rules.cadence_factor)
    asof_ms = place.times(told.table.known_at_ms)
    return Freshness(place.known, asof_ms, view.now_ms, ttl_ms, rules.absent_after_ms)


def _sums(told: Buckets) -> dict[str, Floats]:
    return {
        "long_usd_1h": told.long_hour,
        "short_usd_1h": told.short_hour,
        "long_usd_24h": told.long_day,
        "short_usd_24h": told.short_day,
    }


def _range_relative(both: Liquidated, span: Floats, usual_range: Floats) -> Floats:
    """RRI at each step: the day's long liquidations against their usual, over the day's range against its usual."""
    usual = at(both.usual_long_day, both.offered(both.long_days[1]) - 1)
    place = both.told.place
    whole = place.whether(both.told.day_is_whole)
    ratio = (place.of(both.told.long_day) / usual) / (span / usual_range)
    return np.where(whole & (span > 0.0) & (usual_range > 0.0), ratio, nan)
