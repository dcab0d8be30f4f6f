"""How far the shocks of all horizons reach: the flagged buckets of five minutes, hours and days (section 1)."""

from math import nan

import numpy as np

from market.formulas.horizons import Horizon
from market.observations import DAY_MS, HOUR_MS
from market.rules import PriceRules
from market.state.price import DAYS_A_WEEK, HOURS_A_DAY
from scheduler.batch.columns import Claims, number_of
from scheduler.batch.fives import Fives
from scheduler.batch.hours import Hours
from scheduler.batch.told import Floats, Ints
from scheduler.batch.windows import held


def facts(hours: Hours, fives: Fives, shocks: dict[str, Floats], rules: PriceRules) -> dict[str, Floats]:
    """By bar what five minutes tell, how many hours and days are flagged, and what that adds up to."""
    days = np.flatnonzero(hours.close_ms % DAY_MS == 0)
    flagged, unknown = _counts(
        hours.close_ms, shocks["shock_1h"][hours.bar], rules.shock_1h, HOUR_MS, HOURS_A_DAY
    )
    flagged_days, unknown_days = _counts(
        hours.close_ms[days], shocks["shock_24h"][hours.bar[days]], rules.shock_24h, DAY_MS, DAYS_A_WEEK
    )
    flagged, unknown = (np.repeat(one, hours.held.lengths) for one in (flagged, unknown))
    lengths = held(hours.bar[days], len(hours.variance)).lengths
    flagged_days, unknown_days = (np.repeat(one, lengths) for one in (flagged_days, unknown_days))
    fine = _fine(fives)
    any_flagged = (np.nan_to_num(fine["flagged_5m_24h"]) > 0) | (flagged > 0) | (flagged_days > 0)
    horizon = np.where(any_flagged, Horizon.NOISE, Horizon.QUIET).astype(float)
    unsure = (flagged + unknown >= rules.episode_hours) | (flagged_days + unknown_days >= rules.regime_days)
    horizon[unsure] = nan
    horizon[flagged >= rules.episode_hours] = Horizon.EPISODE
    horizon[flagged_days >= rules.regime_days] = Horizon.REGIME
    counts = {"flagged_hours_24": flagged.astype(float), "flagged_days_7": flagged_days.astype(float)}
    return {**fine, **counts, "horizon": horizon}


def _counts(times: Ints, shock: Floats, limit: float, step_ms: int, kept: int) -> tuple[Ints, Ints]:
    """After none, one, two ... buckets how many of the last `kept` are flagged, and how many nobody knows."""
    first = np.searchsorted(times, times - kept * step_ms, "right")
    flagged, known = (
        np.concatenate((np.zeros(1, np.int64), np.cumsum(one))) for one in (shock <= limit, ~np.isnan(shock))
    )
    return (
        np.concatenate((np.zeros(1, np.int64), flagged[1:] - flagged[first])),
        np.concatenate((np.full(1, kept), kept - (known[1:] - known[first]))),
    )


def _fine(fives: Fives) -> dict[str, Floats]:
    """By bar what closes of five minutes tell."""
    swings = fives.swings
    lower, progress, higher = (
        fives.now(_claims(one)) for one in (swings.lower_low, swings.in_progress, swings.higher_low)
    )
    return {
        "r_5m": fives.now(fives.change),
        "sigma_5m": fives.now(fives.sigma),
        "shock_5m": fives.now(fives.shock),
        "flagged_5m_24h": fives.now(fives.flagged.astype(float)),
        "trend_fast": fives.now(swings.trend[1:]),
        "fast_lower_low": lower,
        "fast_lower_low_in_progress": progress,
        "fast_higher_low": higher,
        "fast_low_usd": fives.now(swings.last_low[1:]),
        "fast_high_usd": fives.now(swings.last_high[1:]),
        "fast_swing_at_ms": fives.now(swings.confirmed_ms[1:]),
    }


def _claims(claims: Claims) -> Floats:
    return number_of(claims[1:])
