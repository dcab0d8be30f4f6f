"""Volatility: how far price moves by itself, and whether that is much for this asset (quant.md section 2)."""

from market.evidence_rules import LEAST_HOURS, THIRD_OF_YEAR_HOURS
from market.formulas.logic import any_of, at_least
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.observations import HOUR_MS
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
    known = windows.facts(state.asset, limits, state.implied_volatility(now_ms, rules))
    sigma, ratio, rank = known["sigma"], known["ratio"], windows.told_rank
    if sigma is None or ratio is None:
        return absent(NAME, UNIT)
    ttl_ms = time_to_live_ms(fresh.price_ttl_ms, max(state.price.step_ms, HOUR_MS), fresh.cadence_factor)
    learned = len(windows.sizing.ordered)
    quality = freshness_quality(now_ms - windows.last_close_at_ms, ttl_ms)
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
        facts=known | _jumps(state, limits),
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
