"""Funding: who pays to stay in, and whether they still pay (quant.md section 5). Fractions per eight hours."""

from market.evidence_rules import A_THIRD
from market.formulas.funding import apr
from market.formulas.logic import all_of, any_of, at_least
from market.formulas.statistics import freshness_quality
from market.reading import (
    DAY_HOURS,
    LEARNED_QUARTER,
    QUARTER_HOURS,
    Because,
    Condition,
    Learning,
    Reading,
    Signal,
    absent,
    claim,
    learning,
    measure,
    presence_of,
)
from market.rules import FundingRules, Rules
from market.state import MarketState
from market.state.funding import FundingSeries, ttl_of

NAME, UNIT = "funding", "/8h"
AT_CAP = (claim("at_cap", holds=True),)
"""Said only where it is so: where no venue tells its cap, nothing is claimed of it."""


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read f24, the mean rate over a day per eight hours, ranked over 90 days."""
    series = state.funding.primary(now_ms, rules.freshness)
    mean = None if series is None else series.mean_24h(now_ms)
    if series is None or mean is None:
        return absent(NAME, UNIT)
    ttl_ms = ttl_of(series, rules.freshness)
    learned = series.settlements >= rules.funding.least_settlements
    rank = series.means.rank(mean) if learned else None
    return Reading(
        NAME,
        UNIT,
        presence_of(series.at_ms, now_ms, ttl_ms, rules.freshness.absent_after_ms),
        Because.MEASURED if learned else Because.LEARNING,
        value=mean,
        percentile=rank,
        quality=_quality(series, now_ms, ttl_ms, rules),
        asof_ms=series.at_ms,
        ttl_ms=ttl_ms,
        facts={
            "f24": mean,
            "rate_8h": series.rates[-1],
            "settled_8h": series.settled_8h,
            "interval_hours": series.interval_hours,
            "apr": apr(mean, 8.0),
            "settlements": float(series.settlements),
            "flipped": _flipped(series, rules.funding),
            "dispersion": state.funding.spread(now_ms, rules.freshness),
            "at_cap": 1.0 if series.is_capped else None,
        },
        conditions=_conditions(mean, rank, rules.funding) + (AT_CAP if series.is_capped else ()),
        learning=None
        if learned and len(series.means.ordered) > LEARNED_QUARTER
        else _learning(series, rules.funding),
    )


def _quality(series: FundingSeries, now_ms: int, ttl_ms: int, rules: Rules) -> float:
    """Freshness, halved until a third of the window has been seen."""
    quality = freshness_quality(now_ms - series.at_ms, ttl_ms)
    seen_ms = series.at_ms - series.first_at_ms
    return (
        quality if seen_ms >= series.means.span_ms // A_THIRD else quality * rules.freshness.learning_quality
    )


def _learning(series: FundingSeries, rules: FundingRules) -> Learning:
    """Settlements are counted until there are enough of them, then the hours that the mean is ranked over."""
    least, a_day = rules.least_settlements, DAY_HOURS / series.interval_hours
    if series.settlements < least:
        return learning(series.settlements, least, round(QUARTER_HOURS / series.interval_hours), a_day)
    needed = int(least * series.interval_hours)
    return learning(max(len(series.means), needed), needed, QUARTER_HOURS)


def _flipped(series: FundingSeries, rules: FundingRules) -> float | None:
    """1.0 where shorts paid at each of the last settlements; None before so many were seen."""
    if series.signed_settlements < rules.flipped_settlements:
        return None
    return float(series.negative_settlements >= rules.flipped_settlements)


def _conditions(mean: float, rank: float | None, rules: FundingRules) -> tuple[Condition, ...]:
    is_material, is_reset, is_unreset = mean >= rules.material, mean <= rules.reset, mean > rules.not_reset
    negative = mean <= rules.deeply_negative
    if rank is not None:
        negative = negative or (rank <= rules.negative_percentile and mean < rules.negative)
    return (
        Condition(
            "fe",
            _elevated(mean, rank, rules.elevated, rules.elevated_percentile, rules.material),
            _elevated(mean, rank, rules.elevated_exit, rules.elevated_percentile_exit, rules.material),
            measures=(measure("f24", mean, _elevated_from(rank, rules), "/8h"),),
        ),
        Condition("fn", is_unreset, is_unreset, measures=(measure("f24", mean, rules.not_reset, "/8h"),)),
        Condition(
            "fr",
            is_reset,
            is_reset,
            enter_after_ms=rules.reset_after_ms,
            measures=(measure("f24", mean, rules.reset, "/8h", above=False),),
        ),
        Condition(
            "fd",
            negative,
            negative,
            measures=(measure("f24", mean, rules.deeply_negative, "/8h", above=False),),
        ),
        Condition(
            "material", is_material, is_material, measures=(measure("f24", mean, rules.material, "/8h"),)
        ),
    )


def _elevated(mean: float, rank: float | None, level: float, percentile: float, floor: float) -> bool | None:
    """High by itself, or high for this market and not small; without a rank the level alone decides."""
    ranked = False if rank is None else all_of(at_least(rank, percentile), mean >= floor)
    return any_of(mean >= level, ranked)


def _elevated_from(rank: float | None, rules: FundingRules) -> float:
    """The rate that counts as high at this rank: one that is rare for this market needs only be material."""
    is_rare = rank is not None and rank >= rules.elevated_percentile
    return rules.material if is_rare else rules.elevated


SIGNAL = Signal(NAME, order=4, weight=0.20, read=read)
