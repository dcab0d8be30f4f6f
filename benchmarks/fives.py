"""What bars of five minutes tell, recomputed by pandas from the whole history, and markets of such bars to check it on.

Written from the quantitative definitions (sections 1 and 2), as benchmarks/reference.py is for hourly bars.
"""

from collections.abc import Iterator
from math import gamma, pi

import numpy as np
import pandas as pd

from benchmarks.markets import FIRST_HOUR_MS
from benchmarks.reference import (
    DAY,
    MONTH,
    WEEK,
    YEAR,
    Facts,
    hourly_variance,
    last,
    ln,
    pivots,
    root,
    trend_of,
)
from market.observations import HOUR_MS, MINUTE_MS, Candle, Venue
from market.rules import Rules

FIVE_MS = 5 * MINUTE_MS
AN_HOUR, A_DAY = 12, 288
LEAST_HOURS = 24
TRIPOWER = (gamma(0.5) / (2.0 ** (2.0 / 3.0) * gamma(7.0 / 6.0))) ** 3


def generated_fives(seed: int, days: int) -> pd.DataFrame:
    """Bars of five minutes with volatility in clusters, fat tails and some leaps; the index is when each was known."""
    dice = np.random.default_rng(seed)
    count = days * A_DAY
    index = pd.Index(FIRST_HOUR_MS + FIVE_MS * np.arange(1, count + 1), name="known_at_ms")
    sigma = 0.002 * np.exp(0.5 * np.sin(np.arange(count) / 200.0))
    returns = sigma * dice.standard_t(4, count) / np.sqrt(2.0)
    returns[dice.random(count) < 0.001] *= 10.0
    close = 50_000.0 * np.exp(np.cumsum(returns))
    frame = pd.DataFrame({"close": close}, index=index)
    frame["open"] = np.concatenate(([50_000.0], close[:-1]))
    reach = np.abs(dice.normal(0.0, 0.6, (2, count))) * sigma
    frame["high"] = frame[["open", "close"]].max(axis=1) * np.exp(reach[0])
    frame["low"] = frame[["open", "close"]].min(axis=1) * np.exp(-reach[1])
    frame["mark"] = close * np.exp(dice.normal(0.0, 1e-5, count))
    return frame


def bars_of(frame: pd.DataFrame) -> Iterator[tuple[int, tuple[Candle, ...]]]:
    """Each row as the candle of its five minutes, with the time it was known."""
    names = ("open", "high", "low", "close", "mark")
    rows = zip(frame.index.to_list(), frame[list(names)].to_numpy().tolist(), strict=True)
    for now_ms, (opened, high, low, close, mark) in rows:
        yield now_ms, (Candle(Venue.BINANCE, now_ms - FIVE_MS, FIVE_MS, opened, high, low, close, mark),)


def recompute_fives(frame: pd.DataFrame, rules: Rules) -> Facts:
    """The facts of five minutes as of the last row."""
    price = frame["mark"]
    returns = ln(price / price.shift(1))
    variance = _known_variance(frame)
    found = {
        "price": _price(price, returns, variance, rules),
        "volatility": _jumps(returns.iloc[-A_DAY:].dropna().to_numpy(), rules) | _realised(returns),
    }
    return {f"{reading}.{name}": value for reading, facts in found.items() for name, value in facts.items()}


def _hours(frame: pd.DataFrame) -> "pd.core.groupby.DataFrameGroupBy[int, bool]":
    """Rows by the hour they close in, named by its close."""
    return frame.groupby(-(-frame.index.to_numpy() // HOUR_MS) * HOUR_MS)


def _known_variance(frame: pd.DataFrame) -> pd.Series:
    """An hour's variance as it was known at each row: that of the last whole hour, its own at its close."""
    hours = _hours(frame).agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    variance = hourly_variance(hours)
    variance.iloc[: LEAST_HOURS - 1] = np.nan
    return variance.reindex(frame.index).ffill()


def _price(price: pd.Series, returns: pd.Series, variance: pd.Series, rules: Rules) -> Facts:
    limits = rules.price
    sigma = root(variance.shift(1) / AN_HOUR)
    shocks = returns / sigma
    thresholds = (limits.swing_sigmas * root(variance * 4.0)).clip(
        limits.fast_swing_floor, limits.fast_swing_cap
    )
    known = thresholds.notna()
    lows, highs, in_progress = pivots(price[known].tolist(), thresholds[known].tolist())
    return {
        "r_5m": last(returns),
        "sigma_5m": last(sigma),
        "shock_5m": last(shocks),
        "flagged_5m_24h": float((shocks.iloc[-A_DAY:] <= limits.shock_5m).sum()),
        "fast_lower_low": float(lows[-1] < lows[-2] * (1 - limits.pivot_margin)),
        "fast_higher_low": float(lows[-1] > lows[-2] * (1 + limits.pivot_margin)),
        "fast_lower_low_in_progress": float(in_progress),
        "fast_low_usd": lows[-1],
        "fast_high_usd": highs[-1],
        "trend_fast": trend_of(lows, highs, limits.pivot_margin),
    }


def _jumps(returns: np.ndarray, rules: Rules) -> Facts:
    count, sizes = len(returns), np.abs(returns)
    variance = float((returns**2).sum())
    bipower = pi / 2 * count / (count - 1) * float((sizes[1:] * sizes[:-1]).sum())
    triples = float(((sizes[2:] * sizes[1:-1] * sizes[:-2]) ** (4 / 3)).sum())
    quarticity = count * TRIPOWER * count / (count - 2) * triples
    spread = (pi**2 / 4 + pi - 5) / count * max(1.0, quarticity / bipower**2)
    z = (1 - bipower / variance) / spread**0.5
    return {
        "jump_share": max(0.0, 1 - bipower / variance),
        "jump_z": z,
        "jumped": float(z >= rules.volatility.jump_z),
    }


def _realised(returns: pd.Series) -> Facts:
    """Of closed hours only; an hour without one of its twelve returns is not known."""
    squares = _hours((returns**2).to_frame("square"))["square"]
    hours = squares.sum(min_count=AN_HOUR).dropna()
    spans = {"24h": DAY, "7d": WEEK, "30d": MONTH}
    found: Facts = {
        f"rv_{name}": float(hours.iloc[-span:].mean() * YEAR) ** 0.5 for name, span in spans.items()
    }
    return found | {f"rv_{name}_fine": 1.0 for name in spans}
