"""Open interest: how much leverage stands, and whether it grows or leaves, always in coins (quant.md section 4)."""

from math import expm1

from market.evidence_rules import A_THIRD, LEAST_HOURS
from market.formulas.logic import all_of, any_of, at_least, at_most
from market.formulas.statistics import freshness_quality
from market.observations import DAY_MS
from market.reading import (
    Because,
    Condition,
    Facts,
    Reading,
    Signal,
    absent,
    claim,
    learning,
    measure,
    presence_of,
)
from market.rules import OpenInterestRules, Rules
from market.state import MarketState
from market.state.open_interest import OpenInterestSeries, ttl_of

NAME, UNIT = "open_interest", "coins"
WEEK_DAYS, LEARNED_DAYS, QUARTER_DAYS = 7, 89, 90
"""A week of samples ranks, a quarter is all; a window within a day of that has learned what it can."""


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read open interest in coins, ranked over 90 days; changes are fractions of coins."""
    series = state.open_interest.primary(now_ms, rules.freshness)
    if series is None:
        return absent(NAME, UNIT)
    ttl_ms = ttl_of(series, rules.freshness)
    learned, least = len(series.levels.ordered), series.least_samples
    rank = series.levels.rank(series.coins) if learned >= least else None
    facts = _facts(state, series)
    return Reading(
        NAME,
        UNIT,
        presence_of(series.at_ms, now_ms, ttl_ms, rules.freshness.absent_after_ms),
        _because(series, rank),
        value=series.coins,
        percentile=rank,
        quality=_quality(series, now_ms, ttl_ms, rules),
        asof_ms=series.at_ms,
        ttl_ms=ttl_ms,
        facts=facts,
        conditions=_conditions(facts, rank, rules.open_interest),
        learning=None
        if learned * WEEK_DAYS > LEARNED_DAYS * least
        else learning(learned, least, QUARTER_DAYS * least // WEEK_DAYS, least / WEEK_DAYS),
    )


def _because(series: OpenInterestSeries, rank: float | None) -> Because:
    if rank is None:
        return Because.LEARNING
    return Because.DAILY_SERIES if series.cadence_ms >= DAY_MS else Because.MEASURED


def _quality(series: OpenInterestSeries, now_ms: int, ttl_ms: int, rules: Rules) -> float:
    """Freshness, halved for a daily series, and halved until a third of the window has been seen."""
    quality = freshness_quality(now_ms - series.at_ms, ttl_ms)
    if series.cadence_ms >= rules.freshness.slow_cadence_ms:
        quality *= rules.freshness.slow_quality
    third_ms = series.levels.span_ms // A_THIRD
    return (
        quality
        if series.at_ms - series.first_at_ms >= third_ms
        else quality * rules.freshness.learning_quality
    )


def _facts(state: MarketState, series: OpenInterestSeries) -> dict[str, float | None]:
    price = state.price.price_usd
    growth = series.growth(series.day)
    three_days = series.growth(series.three_days)
    peak = series.peak_7d.largest
    volume = state.average_day_volume_usd()
    turnover = None if price is None or not volume else series.coins * price / volume
    enough = len(series.growths) >= min(series.least_samples, LEAST_HOURS)
    return {
        "coins": series.coins,
        "usd": None if price is None else series.coins * price,
        "change_24h": None if growth is None else expm1(growth),
        "change_72h": None if three_days is None else expm1(three_days),
        "z_24h": series.growths.robust_z(growth) if growth is not None and enough else None,
        "from_peak_7d": None if not peak else series.coins / peak - 1.0,
        "turnover_days": turnover,
        "turnover_percentile": _turnover_rank(series, turnover),
        "learned_days": (series.at_ms - series.first_at_ms) / DAY_MS,
        **state.told_of_interest,
    }


def _turnover_rank(series: OpenInterestSeries, turnover: float | None) -> float | None:
    if turnover is None or len(series.turnovers) < series.least_samples:
        return None
    return series.turnovers.rank(turnover)


def _conditions(facts: Facts, rank: float | None, rules: OpenInterestRules) -> tuple[Condition, ...]:
    turnover, change, z, three_days = (
        facts["turnover_percentile"],
        facts["change_24h"],
        facts["z_24h"],
        facts["change_72h"],
    )
    # a turnover or a z that is not learned yet leaves the OR: the other leg decides alone
    turning = at_least(turnover, rules.turnover_percentile) or False
    kept_turning = at_least(turnover, rules.turnover_percentile_exit) or False
    jumping = at_least(z, rules.rising_z) or False
    falling = all_of(
        at_most(facts["from_peak_7d"], rules.rolling_from_peak), None if change is None else change < 0.0
    )
    return (
        Condition(
            "oe",
            any_of(at_least(rank, rules.elevated_percentile), turning),
            any_of(at_least(rank, rules.elevated_percentile_exit), kept_turning),
            measures=(
                measure("oi_percentile", rank, rules.elevated_percentile, "rank"),
                measure("turnover_percentile", turnover, rules.turnover_percentile, "rank"),
            ),
        ),
        Condition(
            "ou",
            any_of(at_least(change, rules.rising_24h), jumping),
            any_of(at_least(change, rules.rising_24h_exit), jumping),
            measures=(measure("oi_change_24h", change, rules.rising_24h, "fraction"),),
        ),
        Condition(
            "oc",
            at_most(three_days, rules.compressing_72h),
            at_most(three_days, rules.compressing_72h_exit),
            measures=(measure("oi_change_72h", three_days, rules.compressing_72h, "fraction", above=False),),
        ),
        claim("off_peak", falling),
    )


SIGNAL = Signal(NAME, order=3, weight=0.20, read=read)
