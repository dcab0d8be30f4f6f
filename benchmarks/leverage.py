"""What is told of leverage, recomputed by pandas as in benchmarks/reference.py: windows, spot, stories, splits, digestion."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from market.formulas.open_interest import QUADRANTS, Quadrant
from market.rules import Rules

DAY, WEEK, MONTH = 24, 168, 720
BPS, MAD_TO_SIGMA = 10_000.0, 1.4826
SPANS = {"1h": 1, "24h": DAY, "72h": 3 * DAY}
Facts = dict[str, float | None]
Rank = Callable[[pd.Series, int], float | None]


def told_of_interest(frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules) -> Facts:
    """Of open interest (section 4), as of the last row; {} where none was told in it."""
    coins, limits = frame["oi_coins"], rules.open_interest
    if np.isnan(coins.iloc[-1]):
        return {}
    found: Facts = {"change_1h": _last(coins / coins.shift(1) - 1)}
    for span, hours in SPANS.items():
        before, then = coins.shift(hours), price.shift(hours)
        found[f"usd_change_{span}"] = _last(coins * price / (before * then) - 1)
        found[f"positioning_usd_{span}"] = _last(then * (coins - before))
        found[f"revaluation_usd_{span}"] = _last(coins * (price - then))
    for span in ("1h", "24h"):
        found[f"quadrant_{span}"] = _story(coins, price, variance, SPANS[span], rules)
    off_peak = _last(coins / coins.rolling(WEEK).max() - 1)
    if off_peak is not None:
        found["flushed"] = float(off_peak <= limits.flushed_from_peak)
    spot = frame["spot_usd"].rolling(DAY, min_periods=22).sum()
    found["spot_usd_24h"] = _last(spot)
    found["spot_relative"] = _last(_over_usual(spot))
    return found | _digestion(coins, price, variance, rules)


def told_of_liquidations(
    frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules, rank: Rank
) -> Facts:
    """Of liquidations (section 3), as of the last row, in which some were told. Hours say nothing of five minutes."""
    longs, shorts = frame["liq_long"] * price, frame["liq_short"] * price
    interest, volume = (frame["oi_coins"] * price).shift(DAY), frame["volume_usd"]
    heard, heard_short = (one.rolling(DAY, min_periods=1).sum() for one in (longs, shorts))
    day = longs.rolling(DAY, min_periods=22).sum().where(longs.notna())
    spot = frame["spot_usd"].rolling(DAY, min_periods=22).sum()
    limits = rules.liquidations
    day_rank = rank(day / interest * BPS, MONTH)
    hour_rank = rank(longs / (frame["oi_coins"] * price).shift(1) * BPS, MONTH)
    fallen = _last(np.log(price / price.shift(DAY)) - limits.down_day_sigmas * np.sqrt(variance * DAY))
    today, peak, relative = (
        _last(day),
        _last(day.rolling(WEEK, min_periods=1).max()),
        _last(_over_usual(spot)),
    )
    found: Facts = {
        "long_bps_24h": _last(heard / interest * BPS),
        "short_bps_24h": _last(heard_short / interest * BPS),
        "long_percentile_24h": day_rank,
        "long_bps_of_volume_1h": _last(longs / volume * BPS),
        "short_bps_of_volume_1h": _last(shorts / volume * BPS),
        "long_bps_of_volume_24h": _last(heard / volume.rolling(DAY).sum() * BPS),
        "short_bps_of_volume_24h": _last(heard_short / volume.rolling(DAY).sum() * BPS),
        "long_usd_5m": None,
        "printing_buckets_12": None,
        "ldr": _last(_over_usual(day) / _over_usual(spot)),
    }
    if today is not None and peak is not None and hour_rank is not None:
        fades = today < limits.fading_share * peak and hour_rank < limits.fading_percentile
        found["fading"] = float(fades)
    if fallen is not None and day_rank is not None and relative is not None:
        rare, modest = day_rank >= limits.modest_spot_percentile, relative <= limits.modest_spot_ratio
        found["down_day_modest_spot"] = float(fallen <= 0.0 and rare and modest)
    return found


def _story(coins: pd.Series, price: pd.Series, variance: pd.Series, hours: int, rules: Rules) -> float | None:
    growths = np.log(coins / coins.shift(hours))
    past, growth = growths.iloc[-MONTH - 1 : -1].dropna(), _last(growths)
    moved, hourly = _last(np.log(price / price.shift(hours))), _last(variance)
    if growth is None or moved is None or hourly is None or len(past) < WEEK:
        return None
    limits, spread = rules.open_interest, float((past - past.median()).abs().median())
    if spread == 0.0:
        return None
    is_still = abs(moved) < limits.quadrant_price_sigmas * float(np.sqrt(hourly * hours))
    if is_still or abs(growth) < limits.quadrant_interest_sigmas * MAD_TO_SIGMA * spread:
        return float(QUADRANTS.index(Quadrant.NEUTRAL))
    rising = (Quadrant.NEW_LONGS, Quadrant.SHORT_COVERING)
    falling = (Quadrant.BUILDING_PRESSURE, Quadrant.UNWINDING)
    return float(QUADRANTS.index((rising if moved > 0.0 else falling)[growth < 0.0]))


def _digestion(coins: pd.Series, price: pd.Series, variance: pd.Series, rules: Rules) -> Facts:
    limits, hourly = rules.open_interest, _last(variance)
    if hourly is None:
        return {}
    moved = np.log(price / price.shift(1)).iloc[-limits.digest_hours :]
    changed = np.log(coins / coins.shift(1)).iloc[-limits.digest_hours :]
    moved = moved.where(changed.notna())
    band = limits.digest_move_sigmas * np.sqrt(hourly)
    fell, rose = changed[moved < -band], changed[moved > band]
    found: Facts = {
        "digest_falling_hours": float(len(fell)),
        "digest_rising_hours": float(len(rose)),
        "digest_falling": None,
        "digest_rising": None,
        "digesting": None,
    }
    if min(len(fell), len(rose)) >= limits.digest_least_hours:
        down, up = float(fell.mean()), float(rose.mean())
        holds = up >= -limits.digest_hold_share * abs(down)
        found |= {
            "digest_falling": down,
            "digest_rising": up,
            "digesting": float(down < limits.digest_decline and holds),
        }
    return found


def _over_usual(days: pd.Series) -> pd.Series:
    """Over the median of the month before."""
    return days / days.shift(1).rolling(MONTH, min_periods=WEEK).median()


def _last(series: pd.Series) -> float | None:
    value = float(series.iloc[-1])
    return None if np.isnan(value) else value
