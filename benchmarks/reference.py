"""The same numbers as market/state and market/signals, recomputed by pandas from the whole history: the usual bot.

Written from the quantitative definitions, not from the live code: a frame of benchmarks/markets.py goes in, the facts
of its last row come out, by "reading.fact". `recompute` holds what is closed in rolling terms and is what is timed;
`replayed` holds what remembers its own past (swings, flagged hours) and is checked only.
"""

from typing import cast

import numpy as np
import pandas as pd

from market.rules import Rules

HOUR, DAY, WEEK, MONTH, QUARTER, YEAR = 1, 24, 168, 720, 2_160, 8_760
BPS, MAD_TO_SIGMA = 10_000.0, 1.4826
Facts = dict[str, float | None]


def recompute(frame: pd.DataFrame, rules: Rules) -> Facts:
    """Every closed-form fact as of the last row; None where the live windows must not know it either."""
    price = frame["mark"].fillna(frame["close"])
    variance = hourly_variance(frame)
    facts = {f"price.{name}": value for name, value in _price(frame, price, variance).items()}
    facts |= {
        f"volatility.{name}": value for name, value in _volatility(frame, price, variance, rules).items()
    }
    facts |= {f"funding.{name}": value for name, value in _funding(frame).items()}
    facts |= {f"open_interest.{name}": value for name, value in _open_interest(frame, price).items()}
    facts |= {f"liquidations.{name}": value for name, value in _liquidations(frame, price).items()}
    return facts | {f"skew.{name}": value for name, value in _skew(frame).items()}


def hourly_variance(frame: pd.DataFrame) -> pd.Series:
    """EWMA of hourly Rogers-Satchell variance, half-life 3 d (sections 2 and 7a.7)."""
    high, low = frame["high"], frame["low"]
    above = ln(high / frame["close"]) * ln(high / frame["open"])
    below = ln(low / frame["close"]) * ln(low / frame["open"])
    return (above + below).ewm(halflife=72).mean()


def day_range(frame: pd.DataFrame) -> pd.Series:
    """ln(highest / lowest) over 24 h."""
    return ln(frame["high"].rolling(DAY).max() / frame["low"].rolling(DAY).min())


def _price(frame: pd.DataFrame, price: pd.Series, variance: pd.Series) -> Facts:
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
        "range_percentile": mid_rank(ranges, MONTH),
        "hours_since_low_72h": float(len(price) - 1 - np.flatnonzero(new_low.to_numpy())[-1]),
    }
    found |= {f"r_{name}": last(series) for name, series in returns.items()}
    found |= {f"shock_{name}": last(series) for name, series in shocks.items()}
    windows = {"7d": WEEK, "30d": MONTH, "90d": QUARTER}
    return found | {
        f"drawdown_{name}": last(price / price.rolling(hours).max() - 1) for name, hours in windows.items()
    }


def _volatility(frame: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules) -> Facts:
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
        "dvol": last(dvol),
        "sigma_ref": reference,
        "ratio": size / reference if size and reference else None,
        "percentile": mid_rank(sigma, YEAR),
    }


def _funding(frame: pd.DataFrame) -> Facts:
    rate = frame["funding_8h"].ffill()
    # an hour pays the rate that stood when it began
    mean = rate.shift(1).rolling(DAY).mean()
    # equal rates must stay equal in the rank: the rolling mean's rounding is far below the eight decimals of a rate
    ranked = mid_rank(mean.round(12), QUARTER)
    return {"f24": last(mean), "rate_8h": last(rate), "apr": last(mean * 3 * 365), "percentile": ranked}


def _open_interest(frame: pd.DataFrame, price: pd.Series) -> Facts:
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
        "turnover_percentile": mid_rank(turnover, QUARTER),
        "percentile": mid_rank(coins, QUARTER),
    }


def long_share(mine: pd.Series, other: pd.Series) -> pd.Series:
    """A side's share of an hour, drawn to one half by the month's median hourly total (section 3)."""
    usual = (mine + other).shift(1).rolling(MONTH, min_periods=1).median().fillna(0.0)
    return (mine + 0.5 * usual) / (mine + other + usual)


def _liquidations(frame: pd.DataFrame, price: pd.Series) -> Facts:
    if np.isnan(frame["liq_long"].iloc[-1]):
        return {}  # an hour that was not heard: there is nothing to recompute
    longs, shorts = frame["liq_long"] * price, frame["liq_short"] * price
    interest = frame["oi_coins"] * price
    intensity = longs / interest.shift(1) * BPS
    # over what is known of the day, as of the hours that are known
    day = longs.rolling(DAY, min_periods=1).sum().where(longs.notna())
    ranges = day_range(frame)
    usual_day = day.shift(1).rolling(MONTH, min_periods=WEEK).median()
    usual_range = ranges.shift(1).rolling(MONTH, min_periods=1).median()
    return {
        "long_bps_1h": last(intensity),
        "value": last(intensity),
        "short_bps_1h": last(shorts / interest.shift(1) * BPS),
        "long_usd_1h": last(longs),
        "short_usd_1h": last(shorts),
        "long_usd_24h": last(day),
        "short_usd_24h": last(shorts.rolling(DAY, min_periods=1).sum()),
        "long_share": last(long_share(longs, shorts)),
        "rri": last((day / usual_day) / (ranges / usual_range)),
        "percentile": mid_rank(intensity, MONTH),
    }


def _skew(frame: pd.DataFrame) -> Facts:
    points = frame["skew_30d"] * 100
    change = points - points.shift(DAY)
    return {
        "skew_30d_points": last(points),
        "change_24h_points": last(change),
        "z": robust_z(points, MONTH),
        "z_change": robust_z(change, MONTH),
        "percentile": mid_rank(points, MONTH),
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


def replayed(frame: pd.DataFrame, rules: Rules) -> Facts:
    """The facts that depend on the way here: swings and flagged hours of longs."""
    return _swings(frame, rules) | _flagged(frame, rules)


def _swings(frame: pd.DataFrame, rules: Rules) -> Facts:
    """Directional change on hourly closes by a plain loop over arrays (section 1)."""
    limits, price = rules.price, frame["mark"].fillna(frame["close"]).to_numpy()
    sigma = root(hourly_variance(frame) * DAY)
    thresholds = np.clip(limits.swing_sigmas * sigma.to_numpy(), limits.swing_floor, limits.swing_cap)
    lows, rising, top, bottom = list[float](), None, price[0], price[0]
    for close, threshold in zip(price, thresholds, strict=True):
        top, bottom = max(top, close), min(bottom, close)
        if rising is not True and close >= bottom * (1 + threshold):
            lows.append(bottom)
            rising, top, bottom = True, close, close
        elif rising is not False and close <= top * (1 - threshold):
            rising, top, bottom = False, close, close
    lower, higher = (
        lows[-1] < lows[-2] * (1 - limits.pivot_margin),
        lows[-1] > lows[-2] * (1 + limits.pivot_margin),
    )
    return {
        "price.lower_low": float(lower),
        "price.higher_low": float(higher),
        "price.lower_low_in_progress": float(rising is False and bottom < lows[-1]),
    }


def _flagged(frame: pd.DataFrame, rules: Rules) -> Facts:
    """Hours of the last 24 whose long liquidations stood out, with hysteresis (section 3)."""
    limits, price = rules.liquidations, frame["mark"].fillna(frame["close"])
    longs, shorts = frame["liq_long"] * price, frame["liq_short"] * price
    intensity = longs / (frame["oi_coins"] * price).shift(1) * BPS
    if np.isnan(intensity.iloc[-1]):
        return {}
    ranks = (intensity.rolling(MONTH + 1, min_periods=WEEK + 1).rank() - 1) / (
        intensity.rolling(MONTH + 1).count() - 1
    )
    heavy = (intensity >= limits.flagged_bps) & (long_share(longs, shorts) >= limits.share)
    flags, flagged = list[bool](), False
    for rank, is_heavy in zip(ranks.to_numpy(), heavy.to_numpy(), strict=True):
        bound = limits.flagged_percentile_exit if flagged else limits.flagged_percentile
        flagged = bool(is_heavy) and bool(rank >= bound)
        flags.append(flagged)
    return {"liquidations.flagged_hours_24": float(sum(flags[-DAY:]))}
