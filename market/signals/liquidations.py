"""Liquidations: are positions closed by force again and again, against the leverage that stood (quant.md section 3)."""

from collections import deque
from math import sqrt

from market.evidence_rules import LEAST_HOURS, THIRD_OF_MONTH_HOURS
from market.formulas.liquidations import (
    intensity_bps,
    is_down_day_on_modest_spot,
    is_fading,
    liquidations_to_volume,
    relative_to_usual,
)
from market.formulas.logic import all_of, any_of, as_number, at_least, at_most
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.observations import HOUR_MS
from market.reading import (
    DAY_HOURS,
    LEARNED_MONTH,
    MONTH_HOURS,
    Condition,
    Facts,
    Reading,
    Signal,
    absent,
    because_of,
    claim,
    learning,
    measure,
    presence_of,
)
from market.rules import LiquidationRules, Rules
from market.state import MarketState
from market.state.liquidations import BPS, LiquidationWindows, SideWindows, if_whole, stands_out

NAME, UNIT = "liquidations", "bps/h"
NOT_ESTIMATED: Facts = dict.fromkeys(
    ("branching", "branching_deviation", "branching_percentile", "branching_events")
)


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read long liquidations of the last hour in bps of the open interest an hour ago, ranked over 30 days."""
    windows, fresh = state.liquidations, rules.freshness
    if windows.at_ms is None:
        return absent(NAME, UNIT)
    ttl_ms = time_to_live_ms(fresh.liquidations_ttl_ms, windows.step_ms, fresh.cadence_factor)
    hour_ago_usd = state.open_interest.usd_hour_ago.before(now_ms)
    long_bps, rank = _intensity(windows, hour_ago_usd)
    quality = freshness_quality(now_ms - windows.at_ms, ttl_ms)
    learned = len(windows.longs.intensities.ordered)
    return Reading(
        NAME,
        UNIT,
        presence_of(windows.at_ms, now_ms, ttl_ms, fresh.absent_after_ms),
        because_of(rank),
        value=long_bps,
        percentile=rank,
        quality=quality
        if windows.learned_hours >= THIRD_OF_MONTH_HOURS
        else quality * fresh.learning_quality,
        asof_ms=windows.at_ms,
        ttl_ms=ttl_ms,
        facts=(facts := _facts(state, now_ms, long_bps, rank, hour_ago_usd, rules)),
        conditions=_conditions(state, facts, rank, hour_ago_usd, rules.liquidations),
        learning=None if learned > LEARNED_MONTH else learning(learned, LEAST_HOURS, MONTH_HOURS),
    )


def _intensity(windows: LiquidationWindows, hour_ago_usd: float | None) -> tuple[float | None, float | None]:
    """The last hour's long total in bps of open interest, and its rank once a week has been seen.

    A part of an hour is told, as a floor, and not ranked.
    """
    if not hour_ago_usd:
        return None, None
    past, bps = windows.longs.intensities, windows.longs.hour.total / hour_ago_usd * BPS
    return bps, past.rank(bps) if len(past) >= LEAST_HOURS and windows.is_hour_whole else None


def _facts(
    state: MarketState,
    now_ms: int,
    long_bps: float | None,
    rank: float | None,
    hour_ago_usd: float | None,
    rules: Rules,
) -> dict[str, float | None]:
    windows = state.liquidations
    longs, shorts = windows.longs, windows.shorts
    rri = _range_relative(state)
    return {
        "long_bps_1h": long_bps,
        "short_bps_1h": shorts.hour.total / hour_ago_usd * BPS if hour_ago_usd else None,
        "long_usd_1h": longs.hour.total,
        "short_usd_1h": shorts.hour.total,
        "long_usd_24h": longs.day.total,
        "short_usd_24h": shorts.day.total,
        "long_share": windows.share(longs),
        "covered_hours_24": windows.covered.total / HOUR_MS,
        "flagged_hours_24": float(longs.hours.count(True)),
        "flagged_days_7": float(longs.days.count(True)),
        "rri": rri,
        "learned_hours": float(windows.learned_hours),
        **_by_window(state, now_ms),
        **_against_others(state, now_ms, rri, rank, rules),
        **_branching(state, now_ms),
    }


def _branching(state: MarketState, now_ms: int) -> Facts:
    """How many liquidations one brings about, while the estimate is of this hour: corroboration, and part of no flag."""
    last = state.branching.fresh(now_ms)
    if last is None:
        return NOT_ESTIMATED
    return {
        "branching": last.ratio,
        "branching_deviation": last.deviation,
        "branching_percentile": state.branching.rank(),
        "branching_events": float(last.events),
    }


def _by_window(state: MarketState, now_ms: int) -> dict[str, float | None]:
    """Five minutes and a day beside the hour, in bps of open interest at their start, and all three in bps of volume."""
    windows, traded = state.liquidations, state.turnover
    longs, shorts, fives = windows.longs, windows.shorts, windows.bursts
    long_5m, short_5m = (fives.longs[-1], fives.shorts[-1]) if fives.longs else (None, None)
    five_usd, hour_usd, day_usd = traded.five_usd, traded.hour_usd(), traded.day_usd()
    day_ago_usd = state.open_interest.usd_day_ago.before(now_ms)
    return {
        "long_usd_5m": long_5m,
        "short_usd_5m": short_5m,
        "long_bps_5m": fives.long_bps,
        "short_bps_5m": fives.short_bps,
        "long_percentile_5m": fives.rank,
        "printing_buckets_12": float(fives.printing) if fives.longs else None,
        "long_bps_24h": intensity_bps(longs.day.total, day_ago_usd),
        "short_bps_24h": intensity_bps(shorts.day.total, day_ago_usd),
        "long_percentile_24h": longs.day_rank,
        "long_bps_of_volume_5m": None if long_5m is None else intensity_bps(long_5m, five_usd),
        "short_bps_of_volume_5m": None if short_5m is None else intensity_bps(short_5m, five_usd),
        "long_bps_of_volume_1h": intensity_bps(longs.hour.total, hour_usd),
        "short_bps_of_volume_1h": intensity_bps(shorts.hour.total, hour_usd),
        "long_bps_of_volume_24h": intensity_bps(longs.day.total, day_usd),
        "short_bps_of_volume_24h": intensity_bps(shorts.day.total, day_usd),
    }


def _against_others(
    state: MarketState, now_ms: int, rri: float | None, rank: float | None, rules: Rules
) -> dict[str, float | None]:
    """What the day's closing is beside spot volume, its own week, the price that fell and the way it went."""
    windows, limits = state.liquidations, rules.liquidations
    spot = state.spot.relative(now_ms)
    usual = windows.long_days.median() if len(windows.long_days) >= LEAST_HOURS else None
    day_usd = windows.longs.day.total if windows.is_day_whole else None
    peak_usd = windows.long_peak_7d.largest
    relative = None if day_usd is None else relative_to_usual(day_usd, usual)
    return {
        "ldr": liquidations_to_volume(relative, spot),
        "fading": None
        if day_usd is None or peak_usd is None
        else as_number(is_fading(day_usd, peak_usd, rank, limits.fading_share, limits.fading_percentile)),
        "down_day_modest_spot": None
        if spot is None
        else as_number(
            is_down_day_on_modest_spot(
                has_fallen=_has_fallen(state, rules),
                percentile=windows.longs.day_rank,
                rare=limits.modest_spot_percentile,
                spot=spot,
                modest=limits.modest_spot_ratio,
            )
        ),
        "leverage_unwind": as_number(_is_unwinding(state, rri, rules)),
    }


def _is_unwinding(state: MarketState, rri: float | None, rules: Rules) -> bool | None:
    """Whether leverage unwinds; the shock is looked for only where the rest does not rule it out."""
    limits = rules.liquidations
    is_stretched = at_least(rri, limits.range_relative)
    is_printing = state.liquidations.bursts.is_printing(limits.printing_buckets)
    if False in (is_stretched, is_printing):
        return False
    return all_of(is_stretched, _is_shocked(state, rules), is_printing)


def _has_fallen(state: MarketState, rules: Rules) -> bool | None:
    """Whether it is a down day: by half of what a day moves, or more."""
    change, variance = (
        state.price.log_return(state.price.day.price),
        state.volatility.hourly_variance(rules.volatility),
    )
    if change is None or variance is None:
        return None
    return change <= rules.liquidations.down_day_sigmas * sqrt(max(0.0, variance) * DAY_HOURS)


def _is_shocked(state: MarketState, rules: Rules) -> bool | None:
    """Whether price fell faster than had been priced, over an hour, four or a day."""
    price, limits = state.price, rules.price
    return any_of(
        at_most(price.shock(price.hour), limits.shock_1h),
        at_most(price.shock(price.four_hours), limits.shock_4h),
        at_most(price.shock(price.day), limits.shock_24h),
    )


def _range_relative(state: MarketState) -> float | None:
    """RRI: the day's long liquidations against their usual, over the day's range against its usual."""
    totals, ranges = state.liquidations.long_days, state.price.ranges
    usual_total, usual_range, span = totals.median(), ranges.median(), state.price.range_24h()
    if not usual_total or not usual_range or not span or len(totals) < LEAST_HOURS:
        return None
    if not state.liquidations.is_day_whole:
        return None
    return (state.liquidations.longs.day.total / usual_total) / (span / usual_range)


def _conditions(
    state: MarketState, facts: Facts, rank: float | None, hour_ago_usd: float | None, rules: LiquidationRules
) -> tuple[Condition, ...]:
    windows = state.liquidations
    cluster, cluster_short = _cluster(windows.longs, rules), _cluster(windows.shorts, rules)
    burst = _burst(windows, windows.longs, facts["long_share"], hour_ago_usd, rules)
    burst_short = _burst(windows, windows.shorts, windows.share(windows.shorts), hour_ago_usd, rules)
    rri = facts["rri"]
    stretched = at_least(rri, rules.range_relative)
    leveraged = at_least(facts["ldr"], rules.leverage_to_spot)
    flagged = _at_least(windows.longs.hours, 1)
    return (
        Condition(
            "lc",
            cluster,
            cluster,
            measures=(
                measure("flagged_hours_24", facts["flagged_hours_24"], rules.cluster_hours, "h"),
                measure("flagged_days_7", facts["flagged_days_7"], rules.cluster_days, "d"),
            ),
        ),
        Condition(
            "lb",
            burst,
            burst,
            measures=(
                measure("long_bps_1h", facts["long_bps_1h"], rules.burst_bps, "bps"),
                measure("long_bps_percentile", rank, rules.burst_percentile, "rank"),
            ),
        ),
        claim("lc_short", cluster_short),
        claim("lb_short", burst_short),
        claim("rri_high", stretched),
        claim("ldr_high", leveraged),
        claim("flagged", flagged),
    )


def _cluster(side: SideWindows, rules: LiquidationRules) -> bool | None:
    """Three flagged hours of 24, or three flagged days of 7; unknown ones may still make it."""
    return any_of(_at_least(side.hours, rules.cluster_hours), _at_least(side.days, rules.cluster_days))


def _at_least(flags: deque[bool | None], needed: int) -> bool | None:
    flagged = flags.count(True)
    if flagged >= needed:
        return True
    return None if flagged + flags.count(None) >= needed else False


def _burst(
    windows: LiquidationWindows,
    side: SideWindows,
    share: float | None,
    hour_ago_usd: float | None,
    rules: LiquidationRules,
) -> bool | None:
    found = stands_out(
        side.hour.total,
        hour_ago_usd,
        share,
        side.intensities,
        rules.burst_percentile,
        rules.burst_bps,
        rules.share,
    )
    return if_whole(found, whole=windows.is_hour_whole)


SIGNAL = Signal(NAME, order=2, weight=0.25, read=read)
