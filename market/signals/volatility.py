"""Volatility: how far price moves by itself, and whether that is much for this asset (quant.md section 2)."""

from market.evidence_rules import LEAST_HOURS, THIRD_OF_YEAR_HOURS
from market.formulas.logic import any_of, at_least
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.reading import (
    LEARNED_YEAR,
    YEAR_HOURS,
    Condition,
    Reading,
    Signal,
    absent,
    because_of,
    learning,
    measure,
    presence_of,
)
from market.rules import Rules, VolatilityRules
from market.state import MarketState

NAME, UNIT = "volatility", "1/y"


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read the volatility that sizing uses: annualised decimal, ranked over a year, beside its quiet reference.

    It rests on hourly bars and DVOL; the realised volatilities beside it are as fine as the bars were, and no part of it.
    `vrp` is what options ask above the month's.
    """
    windows, limits, fresh = state.volatility, rules.volatility, rules.freshness
    dvol = state.implied_volatility(now_ms, rules)
    sigma = windows.sizing_sigma(limits, dvol)
    if sigma is None:
        return absent(NAME, UNIT)
    ttl_ms = time_to_live_ms(fresh.price_ttl_ms, max(state.price.step_ms, 3_600_000), fresh.cadence_factor)
    learned = len(windows.sizing.ordered)
    rank = windows.sizing.rank(sigma) if learned >= LEAST_HOURS else None
    reference, is_cold = sigma_reference(state, limits)
    variance = windows.hourly_variance(limits)
    quality = freshness_quality(now_ms - windows.last_close_at_ms, ttl_ms)
    ratio = sigma / reference
    realised = windows.finest.facts(limits)
    month = realised["rv_30d"]
    return Reading(
        NAME,
        UNIT,
        presence_of(windows.last_close_at_ms, now_ms, ttl_ms, fresh.absent_after_ms),
        because_of(rank),
        value=sigma,
        percentile=rank,
        quality=quality if learned >= THIRD_OF_YEAR_HOURS else quality * fresh.learning_quality,
        asof_ms=windows.last_close_at_ms,
        ttl_ms=ttl_ms,
        facts={
            "sigma": sigma,
            "ewma_3d": None if variance is None else (max(0.0, variance) * 8_760.0) ** 0.5,
            "dvol": dvol,
            "sigma_ref": reference,
            "sigma_ref_cold": float(is_cold),
            "ratio": ratio,
            **realised,
            "vrp": None if dvol is None or month is None else dvol - month,
            **_jumps(state, limits),
        },
        conditions=(_high(ratio, rank, limits),),
        learning=None if learned > LEARNED_YEAR else learning(learned, LEAST_HOURS, YEAR_HOURS),
    )


def _jumps(state: MarketState, rules: VolatilityRules) -> dict[str, float | None]:
    """The share of the day's variance that came in jumps; `jumped` 1 where that is more than chance. None in coarser bars."""
    fives = state.closes
    if not fives.is_current(state.price.price_at_ms):
        return _NO_JUMPS
    z = fives.jump_z
    return {
        "jump_share": fives.jump_share,
        "jump_z": z,
        "jumped": None if z is None else float(z >= rules.jump_z),
    }


_NO_JUMPS: dict[str, float | None] = dict.fromkeys(("jump_share", "jump_z", "jumped"))


def sigma_reference(state: MarketState, rules: VolatilityRules) -> tuple[float, bool]:
    """The quiet volatility of this asset (annualised decimal) and whether it is a cold default."""
    weekly = state.volatility.weekly
    usual = weekly.median()
    if usual and len(weekly) >= rules.reference_least_hours:
        return usual, False
    return rules.reference_cold.get(state.asset, rules.reference_cold_other), True


def _high(ratio: float, rank: float | None, rules: VolatilityRules) -> Condition:
    """`vol_hi`; before there is a rank the ratio alone decides."""
    enters, stays = ratio >= rules.high_ratio, ratio >= rules.high_ratio_exit
    return Condition(
        "vol_hi",
        enters if rank is None else any_of(enters, at_least(rank, rules.high_percentile)),
        stays if rank is None else any_of(stays, at_least(rank, rules.high_percentile_exit)),
        measures=(
            measure("volatility_ratio", ratio, rules.high_ratio, "ratio"),
            measure("volatility_percentile", rank, rules.high_percentile, "rank"),
        ),
    )


SIGNAL = Signal(NAME, order=6, weight=0.0, read=read)
