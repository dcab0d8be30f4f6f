"""Liquidations: are positions closed by force again and again, against the leverage that stood (quant.md section 3)."""

from collections import deque

from market.evidence_rules import LEAST_HOURS, THIRD_OF_MONTH_HOURS
from market.formulas.logic import any_of, at_least
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.observations import HOUR_MS
from market.reading import (
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
from market.state.leverage import range_relative
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
    long_bps, rank = windows.long_intensity(hour_ago_usd)
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
        facts=(facts := _facts(state, now_ms, long_bps, hour_ago_usd)),
        conditions=_conditions(state, facts, rank, hour_ago_usd, rules.liquidations),
        learning=None if learned > LEARNED_MONTH else learning(learned, LEAST_HOURS, MONTH_HOURS),
    )


def _facts(
    state: MarketState, now_ms: int, long_bps: float | None, hour_ago_usd: float | None
) -> dict[str, float | None]:
    windows = state.liquidations
    longs, shorts = windows.longs, windows.shorts
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
        "rri": range_relative(windows, state.price),
        "learned_hours": float(windows.learned_hours),
        **state.told_of_liquidations,
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


def _conditions(
    state: MarketState, facts: Facts, rank: float | None, hour_ago_usd: float | None, rules: LiquidationRules
) -> tuple[Condition, ...]:
    windows = state.liquidations
    cluster, cluster_short = _cluster(windows.longs, rules), _cluster(windows.shorts, rules)
    burst = _burst(windows, windows.longs, facts["long_share"], hour_ago_usd, rules)
    burst_short = _burst(windows, windows.shorts, windows.share(windows.shorts), hour_ago_usd, rules)
    rri = facts["rri"]
    stretched = at_least(rri, rules.range_relative)
    leveraged = at_least(facts.get("ldr"), rules.leverage_to_spot)
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
