"""The same numbers as market/state and market/signals, recomputed by pandas from the whole history: the usual bot.

Written from the quantitative definitions, not from the live code: a frame of benchmarks/markets.py goes in, the facts
of its last row come out, by "reading.fact". Two ways: as full columns of which the last row is read, as bots that hold
a data frame do, or with everything that can be had from the last window alone (`Ranks.LAST_ROW`), as pandas at its best.
"""

from collections.abc import Callable
from enum import Enum
from typing import cast

import numpy as np
import pandas as pd

from benchmarks.leverage import told_of_interest, told_of_liquidations
from market.observations import DAY_MS
from market.rules import Rules

HOUR, DAY, WEEK, MONTH, QUARTER, YEAR = 1, 24, 168, 720, 2_160, 8_760
BPS, MAD_TO_SIGMA = 10_000.0, 1.4826
Facts = dict[str, float | None]
Rank = Callable[[pd.Series, int], float | None]


class Ranks(Enum):
    """How far a percentile is computed."""

    COLUMN = "full columns"
    LAST_ROW = "last row only"


def recompute(frame: pd.DataFrame, rules: Rules, ranks: Ranks = Ranks.COLUMN) -> Facts:
    """Every fact as of the last row; None where the live windows must not know it either."""
    price = frame["mark"].fillna(frame["close"])
    variance = hourly_variance(frame)
    rank = column_rank if ranks is Ranks.COLUMN else mid_rank
    found = {
        "price": _price(frame, price, variance, rules, rank) | _swings(price, variance, rules),
        "volatility": _volatility(frame, price, variance, rules, rank),
        "funding": _funding(frame, rank),
        "open_interest": _open_interest(frame, price, rank) | told_of_interest(frame, price, variance, rules),
        "liquidations": _liquidations(frame, price, variance, rules, rank),
        "skew": _skew(frame, rank),
    }
    return {f"{reading}.{name}": value for reading, facts in found.items() for name, value in facts.items()}


def hourly_variance(frame: pd.DataFrame) -> pd.Series:
    """EWMA of hourly Rogers-Satchell variance, half-life 3 d (sections 2 and 7a.7)."""
    high, low = frame["high"], frame["low"]
    above = ln(high / frame["close"]) * ln(high / frame["open"])
    below = ln(low / frame["close"]) * ln(low / frame["open"])
    return (above + below).ewm(halflife=72).mean()


def day_range(frame: pd.DataFrame) -> pd.Series:
    """ln(highest / lowest) over 24 h."""
    return ln(frame["high"].rolling(DAY).max() / frame["low"].rolling(DAY).min())


def _price(frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules, rank: Rank) -> Facts:
    spans, ranges = {"1h": 1, "4h": 4, "24h": DAY}, day_range(frame)
    returns = {name: ln(price / price.shift(hours)) for name, hours in spans.items()}
    shocks = {name: returns[name] / root(variance.shift(hours) * hours) for name, hours in spans.items()}
    new_low = price < price.shift(1).rolling(72).min()
    found: Facts = {
        "price_usd": last(price),
        "r_7d": last(ln(price / price.shift(WEEK))),
        "sigma_1d": last(root(variance * DAY)),
        "mean_7d_usd": last(price.ewm(halflife=84).mean()),
        "range_ratio": last(ranges / ranges.shift(1).rolling(MONTH).median()),
        "range_percentile": rank(ranges, MONTH),
        "hours_since_low_72h": float(len(price) - 1 - np.flatnonzero(new_low.to_numpy())[-1]),
    }
    found |= {f"r_{name}": last(series) for name, series in returns.items()}
    found |= {f"shock_{name}": last(series) for name, series in shocks.items()}
    found |= reached(shocks["1h"], shocks["24h"], rules)
    windows = {"7d": WEEK, "30d": MONTH, "90d": QUARTER}
    return found | {
        f"drawdown_{name}": last(price / price.rolling(hours).max() - 1) for name, hours in windows.items()
    }


def _volatility(
    frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules, rank: Rank
) -> Facts:
    limits = rules.volatility
    squares = ln(price / price.shift(1)) ** 2
    weekly = root(squares.rolling(WEEK).mean() * YEAR)
    monthly = root(squares.rolling(MONTH).mean() * YEAR)
    ewma, dvol = root(variance * YEAR), frame["dvol"].ffill()
    legs = pd.concat([ewma, limits.rv_30d_weight * monthly, limits.dvol_weight * dvol], axis=1)
    sigma = legs.max(axis=1)
    reference = last(weekly.shift(1).rolling(YEAR).median())
    size = last(sigma)
    return {
        "sigma": size,
        "value": size,
        "ewma_3d": last(ewma),
        "rv_7d": last(weekly),
        "rv_30d": last(monthly),
        "rv_24h": last(root(squares.rolling(DAY).mean() * YEAR)),
        "rv_24h_fine": 0.0,
        "dvol": last(dvol),
        "vrp": last(dvol - monthly),
        "sigma_ref": reference,
        "ratio": size / reference if size and reference else None,
        "percentile": rank(sigma, YEAR),
    }


def _funding(frame: pd.DataFrame, rank: Rank) -> Facts:
    rate = frame["funding_8h"].ffill()
    # an hour pays the rate that stood when it began
    mean = rate.shift(1).rolling(DAY).mean()
    # equal rates must stay equal in the rank: the rolling mean's rounding is far below the eight decimals of a rate
    ranked = rank(mean.round(12), QUARTER)
    return {"f24": last(mean), "rate_8h": last(rate), "apr": last(mean * 3 * 365), "percentile": ranked}


def _open_interest(frame: pd.DataFrame, price: pd.Series, rank: Rank) -> Facts:
    coins = frame["oi_coins"]
    growth = ln(coins / coins.shift(DAY))
    usd = coins * price
    turnover = usd / (frame["volume_usd"].rolling(MONTH).mean() * DAY)
    return {
        "coins": last(coins),
        "usd": last(usd),
        "change_24h": last(coins / coins.shift(DAY) - 1),
        "change_72h": last(coins / coins.shift(3 * DAY) - 1),
        "z_24h": robust_z(growth, MONTH),
        "from_peak_7d": last(coins / coins.rolling(WEEK).max() - 1),
        "turnover_days": last(turnover),
        "turnover_percentile": rank(turnover, QUARTER),
        "percentile": rank(coins, QUARTER),
    }


def long_share(mine: pd.Series, other: pd.Series) -> pd.Series:
    """A side's share of an hour, drawn to one half by the month's median hourly total (section 3)."""
    usual = (mine + other).shift(1).rolling(MONTH, min_periods=1).median().fillna(0.0)
    return (mine + 0.5 * usual) / (mine + other + usual)


def _liquidations(
    frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules, rank: Rank
) -> Facts:
    if np.isnan(frame["liq_long"].iloc[-1]):
        return {}  # an hour that was not heard: there is nothing to recompute
    longs, shorts = frame["liq_long"] * price, frame["liq_short"] * price
    interest = frame["oi_coins"] * price
    intensity = longs / interest.shift(1) * BPS
    day = whole_days(longs)
    ranges = day_range(frame)
    usual_day = day.shift(1).rolling(MONTH, min_periods=WEEK).median()
    usual_range = ranges.shift(1).rolling(MONTH, min_periods=1).median()
    hours, days = _flagged(longs, shorts, interest, rules)
    hours_short, days_short = _flagged(shorts, longs, interest, rules)
    return {
        "flagged_hours_24": hours,
        "flagged_days_7": days,
        "lc": float(max(hours, days) >= rules.liquidations.cluster_hours),
        "lc_short": float(max(hours_short, days_short) >= rules.liquidations.cluster_hours),
        "long_bps_1h": last(intensity),
        "value": last(intensity),
        "short_bps_1h": last(shorts / interest.shift(1) * BPS),
        "long_usd_1h": last(longs),
        "short_usd_1h": last(shorts),
        "long_usd_24h": last(longs.rolling(DAY, min_periods=1).sum()),
        "short_usd_24h": last(shorts.rolling(DAY, min_periods=1).sum()),
        "long_share": last(long_share(longs, shorts)),
        "rri": last((day / usual_day) / (ranges / usual_range)),
        "percentile": rank(intensity, MONTH),
    } | told_of_liquidations(frame, price, variance, rules, rank)


def _skew(frame: pd.DataFrame, rank: Rank) -> Facts:
    if np.isnan(frame["skew_30d"].iloc[-1]):
        return {}
    points = frame["skew_30d"] * 100
    change = points - points.shift(DAY)
    return {
        "skew_30d_points": last(points),
        "change_24h_points": last(change),
        "z": robust_z(points, MONTH),
        "z_change": robust_z(change, MONTH),
        "percentile": rank(points, MONTH),
    }


def ln(series: pd.Series) -> pd.Series:
    """The natural logarithm of each value."""
    return cast("pd.Series", np.log(series))


def root(series: pd.Series) -> pd.Series:
    """The square root of each value."""
    return cast("pd.Series", np.sqrt(series))


def last(series: pd.Series) -> float | None:
    """The last value, None where it is unknown."""
    value = float(series.iloc[-1])
    return None if np.isnan(value) else value


def mid_rank(series: pd.Series, window: int) -> float | None:
    """Mid-rank of the last value among the `window` before it (section 0)."""
    past, now = _past(series, window)
    if now is None or not len(past):
        return None
    return float(((past < now).sum() + 0.5 * (past == now).sum()) / len(past))


def column_rank(series: pd.Series, window: int) -> float | None:
    """The same mid-rank, computed for every row."""
    rolling = series.rolling(window + 1, min_periods=2)
    return last((rolling.rank() - 1) / (rolling.count() - 1))


def robust_z(series: pd.Series, window: int) -> float | None:
    """(value - median) / (1.4826 MAD) of the last value among the `window` before it (section 0)."""
    past, now = _past(series, window)
    if now is None or not len(past):
        return None
    middle = past.median()
    spread = (past - middle).abs().median()
    return None if spread == 0 else float((now - middle) / (MAD_TO_SIGMA * spread))


def _past(series: pd.Series, window: int) -> tuple[pd.Series, float | None]:
    return series.iloc[-window - 1 : -1].dropna(), last(series)


def _swings(price: pd.Series, variance: pd.Series, rules: Rules) -> Facts:
    """Swings of hourly closes, the slow scale (section 1)."""
    limits = rules.price
    thresholds = (limits.swing_sigmas * root(variance * DAY)).clip(limits.swing_floor, limits.swing_cap)
    lows, highs, in_progress = pivots(price.tolist(), thresholds.tolist())
    last_low, previous = lows[-1], lows[-2]
    return {
        "lower_low": float(last_low < previous * (1 - limits.pivot_margin)),
        "higher_low": float(last_low > previous * (1 + limits.pivot_margin)),
        "lower_low_in_progress": float(in_progress),
        "last_low_usd": last_low,
        "last_high_usd": highs[-1],
        "trend_slow": trend_of(lows, highs, limits.pivot_margin),
    }


def pivots(closes: list[float], thresholds: list[float]) -> tuple[list[float], list[float], bool]:
    """Directional change: it remembers its way, so it is a loop over plain lists. Lows, highs, and a lower low begun."""
    lows, highs = list[float](), list[float]()
    rising, top, bottom = None, closes[0], closes[0]
    for close, threshold in zip(closes, thresholds, strict=True):
        if close > top:
            top = close
        elif close < bottom:
            bottom = close
        if rising is not True and close >= bottom * (1 + threshold):
            lows.append(bottom)
            rising, top, bottom = True, close, close
        elif rising is not False and close <= top * (1 - threshold):
            highs.append(top)
            rising, top, bottom = False, close, close
    return lows, highs, rising is False and bool(lows) and bottom < lows[-1]


def trend_of(lows: list[float], highs: list[float], margin: float) -> float:
    """-1 on a lower low and a lower high, 1 on a higher low and a higher high, else 0 (section 1)."""
    (before, low), (over, high) = lows[-2:], highs[-2:]
    if low < before * (1 - margin) and high < over * (1 - margin):
        return -1.0
    return float(low > before * (1 + margin) and high > over * (1 + margin))


def reached(hours: pd.Series, days: pd.Series, rules: Rules, fives: float = 0.0) -> Facts:
    """How many hours of 24 and days of 7 were flagged by their own shock, and what that adds up to (section 1)."""
    limits, full_days = rules.price, days[days.index.to_numpy() % DAY_MS == 0]
    flagged_hours = float((hours.iloc[-DAY:] <= limits.shock_1h).sum())
    flagged_days = float((full_days.iloc[-7:] <= limits.shock_24h).sum())
    horizon = float(bool(flagged_hours or flagged_days or fives))
    horizon = 2.0 if flagged_hours >= limits.episode_hours else horizon
    horizon = 3.0 if flagged_days >= limits.regime_days else horizon
    return {"flagged_hours_24": flagged_hours, "flagged_days_7": flagged_days, "horizon": horizon}


def _flagged(mine: pd.Series, other: pd.Series, interest: pd.Series, rules: Rules) -> tuple[float, float]:
    """The flagged hours of 24 and days of 7 of a side (section 3); hours with hysteresis, days at 00 UTC."""
    recent = -MONTH - 10 * DAY
    usual = (mine + other).shift(1).rolling(MONTH, min_periods=1).median().fillna(0.0).iloc[recent:]
    mine, other, interest = mine.iloc[recent:], other.iloc[recent:], interest.iloc[recent:]
    hours, flagged = list[bool](), False
    limits = rules.liquidations
    heavy, ranks = _standing_out(mine, other, usual, interest.shift(1), rules)
    for is_heavy, rank in zip(heavy.tolist(), ranks.tolist(), strict=True):
        bound = limits.flagged_percentile_exit if flagged else limits.flagged_percentile
        flagged = is_heavy and rank >= bound
        hours.append(flagged)
    heavy, ranks = _standing_out(whole_days(mine), whole_days(other), usual, interest.shift(DAY), rules)
    days = (heavy & (ranks >= limits.flagged_percentile))[mine.index % DAY_MS == 0]
    return float(sum(hours[-DAY:])), float(days.iloc[-7:].sum())


def whole_days(hours: pd.Series) -> pd.Series:
    """The sum of a day as of the hours that were heard, None where less than nine tenths of the day were."""
    return hours.rolling(DAY, min_periods=22).sum().where(hours.notna())


def _standing_out(
    mine: pd.Series, other: pd.Series, usual: pd.Series, interest: pd.Series, rules: Rules
) -> tuple[pd.Series, pd.Series]:
    """Whether a side's totals are large for open interest and for the side, and how they rank over the month."""
    intensity = mine / interest * BPS
    share = (mine + 0.5 * usual) / (mine + other + usual)
    rolling = intensity.rolling(MONTH + 1, min_periods=WEEK + 1)
    ranks = (rolling.rank() - 1) / (rolling.count() - 1)
    return (intensity >= rules.liquidations.flagged_bps) & (share >= rules.liquidations.share), ranks
