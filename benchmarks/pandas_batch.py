"""The same numbers over a whole history of minute bars by pandas, vectorised: full columns, as a backtest with frames does it.

Written from the quantitative definitions, not from the batch. What is of the minute is a column of minutes; what is put on
the hourly grid, ranks above all, is a column of hours: pandas has no rank of a minute among hours. So it has less to do.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from market.observations import HOUR_MS, MINUTE_MS, Venue
from market.rules import Rules
from scheduler.batch.told import Table, Told

HOUR, DAY, WEEK = 60, 1_440, 10_080
DAY_H, WEEK_H, MONTH_H, QUARTER_H, YEAR_H = 24, 168, 720, 2_160, 8_760
BPS, MAD_TO_SIGMA = 10_000.0, 1.4826


@dataclass(frozen=True, slots=True)
class Frames:
    """Columns by "reading.fact": of every minute, and of every full hour."""

    minutes: dict[str, pd.Series]
    hours: dict[str, pd.Series]


def recompute(told: Told, rules: Rules) -> Frames:
    """All of it; the history is one venue's, a bar a minute without a hole."""
    bars = pd.DataFrame(dict(told.candles.numbers), index=pd.Index(told.now_ms))
    price = bars["mark"]
    variance_h = _hourly_variance(bars)
    variance = variance_h.reindex(price.index).ffill()
    minutes, hours = _price(bars, price, variance, rules)
    for part in (
        _volatility(told, price, variance_h, rules),
        _leverage(told, bars, price),
        _liquidations(told, price),
        _funding(told),
        _skew(told),
    ):
        minutes |= part.minutes
        hours |= part.hours
    return Frames(minutes, hours)


def _hourly(values: pd.Series) -> pd.Series:
    return values[values.index % HOUR_MS == 0]


def _hourly_variance(bars: pd.DataFrame) -> pd.Series:
    hours = bars.groupby((bars.index - 1) // HOUR_MS)
    one = hours.agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    above = np.log(one["high"] / one["close"]) * np.log(one["high"] / one["open"])
    below = np.log(one["low"] / one["close"]) * np.log(one["low"] / one["open"])
    mean = (above + below).ewm(halflife=72).mean()
    return mean.set_axis((mean.index + 1) * HOUR_MS)


def _rank(values: pd.Series, window: int) -> pd.Series:
    rolling = values.rolling(window + 1, min_periods=WEEK_H + 1)
    return (rolling.rank() - 1) / (rolling.count() - 1)


def _past(values: pd.Series, window: int, least: int = WEEK_H) -> "pd.api.typing.Rolling":
    return values.shift(1).rolling(window, min_periods=least)


def _robust_z(values: pd.Series, window: int) -> pd.Series:
    middle = _past(values, window).median()
    spread = _past(values, window).apply(_deviation, raw=True)
    return (values - middle) / (MAD_TO_SIGMA * spread)


def _deviation(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(np.abs(known - np.median(known))))


def _price(
    bars: pd.DataFrame, price: pd.Series, variance: pd.Series, rules: Rules
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    spans = {"1h": HOUR, "4h": 4 * HOUR, "24h": DAY, "7d": WEEK}
    found = {f"price.r_{name}": np.log(price / price.shift(span)) for name, span in spans.items()}
    for name, span in list(spans.items())[:3]:
        found[f"price.shock_{name}"] = found[f"price.r_{name}"] / np.sqrt(variance.shift(span) * span / HOUR)
    found["price.sigma_1d"] = np.sqrt(variance * DAY_H)
    for days in (3, 7, 30, 90):
        highest = price.rolling(days * DAY, min_periods=1).max()
        found[f"price.drawdown_{days}d"] = price / highest - 1
    found["price.drawdown_ever"] = price / price.cummax() - 1
    span = np.log(bars["high"].rolling(DAY).max() / bars["low"].rolling(DAY).min())
    usual = _hourly(span).shift(1).rolling(MONTH_H, min_periods=1).median()
    found["price.range_ratio"] = span / usual.reindex(price.index).ffill()
    mean = _hourly(price).ewm(halflife=84).mean()
    found["price.mean_7d_usd"] = mean.reindex(price.index).ffill()
    return found, {"price.range_percentile": _rank(_hourly(span), MONTH_H)}


def _volatility(told: Told, price: pd.Series, variance: pd.Series, rules: Rules) -> Frames:
    limits, hourly = rules.volatility, _hourly(price)
    squares = np.log(hourly / hourly.shift(1)) ** 2
    weekly, monthly = (
        np.sqrt(squares.rolling(window, min_periods=152).mean() * YEAR_H) for window in (WEEK_H, MONTH_H)
    )
    ewma = np.sqrt(variance * YEAR_H)
    dvol = _series(told.implied, "dvol").reindex(variance.index).ffill()
    legs = pd.concat([ewma, limits.rv_30d_weight * monthly, limits.dvol_weight * dvol], axis=1)
    sigma = legs.max(axis=1).where(ewma.expanding().count() >= limits.least_hours)
    fives = price[price.index % (5 * MINUTE_MS) == 0]
    moves = np.log(fives / fives.shift(1))
    fine = (moves**2).rolling(288, min_periods=12).mean() * 288 * 365
    quiet = _past(weekly, YEAR_H, limits.reference_least_hours).median()
    return Frames(
        {},
        {
            "volatility.sigma": sigma,
            "volatility.ewma_3d": ewma,
            "volatility.percentile": _rank(sigma, YEAR_H),
            "volatility.sigma_ref": quiet.fillna(limits.reference_cold[told.asset]),
            "volatility.rv_24h": np.sqrt(_hourly(fine)),
            "volatility.jump_share": _hourly(_jump_share(moves)),
        },
    )


def _jump_share(moves: pd.Series) -> pd.Series:
    pairs = (moves * moves.shift(1)).abs().rolling(287).sum()
    continuous = np.pi / 2 * 288 / 287 * pairs
    return (1 - continuous / (moves**2).rolling(288).sum()).clip(lower=0)


def _series(table: Table, name: str) -> pd.Series:
    return pd.Series(table[name], index=table.known_at_ms)


def _leverage(told: Told, bars: pd.DataFrame, price: pd.Series) -> Frames:
    coins = _series(told.interest[Venue.BINANCE], "coins")
    usd = coins * price
    volume = bars["volume_usd"].groupby((bars.index - 1) // HOUR_MS).sum()
    volume = volume.set_axis((volume.index + 1) * HOUR_MS).rolling(MONTH_H, min_periods=WEEK_H).mean() * DAY_H
    turnover = usd / volume.reindex(usd.index).ffill()
    growth = np.log(coins / coins.shift(DAY))
    found = {
        "open_interest.usd": usd,
        "open_interest.change_24h": np.expm1(growth),
        "open_interest.change_72h": coins / coins.shift(3 * DAY) - 1,
        "open_interest.from_peak_7d": coins / coins.rolling(WEEK, min_periods=1).max() - 1,
        "open_interest.turnover_days": turnover,
    }
    return Frames(
        found,
        {
            "open_interest.percentile": _rank(_hourly(coins), QUARTER_H),
            "open_interest.turnover_percentile": _rank(_hourly(turnover), QUARTER_H),
            "open_interest.z_24h": _robust_z(_hourly(growth), MONTH_H),
        },
    )


def _liquidations(told: Told, price: pd.Series) -> Frames:
    table, usd = told.liquidations, _series(told.interest[Venue.BINANCE], "coins") * price
    longs, shorts = _series(table, "longs") * price, _series(table, "shorts") * price
    hour, hour_short = longs.rolling(HOUR, min_periods=1).sum(), shorts.rolling(HOUR, min_periods=1).sum()
    bps = hour / usd.shift(HOUR) * BPS
    usual = _hourly(hour + hour_short).shift(1).rolling(MONTH_H, min_periods=1).median()
    usual = usual.reindex(hour.index).ffill().fillna(0.0)
    day = longs.rolling(DAY, min_periods=1).sum()
    found = {
        "liquidations.long_usd_1h": hour,
        "liquidations.short_usd_1h": hour_short,
        "liquidations.long_bps_1h": bps,
        "liquidations.short_bps_1h": hour_short / usd.shift(HOUR) * BPS,
        "liquidations.long_usd_24h": day,
        "liquidations.short_usd_24h": shorts.rolling(DAY, min_periods=1).sum(),
        "liquidations.long_share": (hour + 0.5 * usual) / (hour + hour_short + usual),
    }
    return Frames(found, {"liquidations.percentile": _rank(_hourly(bps), MONTH_H)})


def _funding(told: Told) -> Frames:
    table = told.funding[Venue.BINANCE]
    frame = pd.DataFrame(dict(table.numbers), index=table.known_at_ms)
    settled = frame["rate"].where(frame["settled"] > 0).ffill()
    left = (frame["next_at_ms"] - frame.index) / (8 * HOUR_MS)
    blend = (1 - left) * frame["rate"] + left * settled
    rate = blend.where((frame["settled"] == 0) & settled.notna(), frame["rate"])
    rate = rate[~rate.index.duplicated(keep="last")]
    # a minute pays the rate that stood when it began; equal days must stay equal in the rank
    mean = rate.shift(1).rolling(DAY).mean().round(16)
    return Frames(
        {"funding.f24": mean, "funding.rate_8h": rate},
        {"funding.percentile": _rank(_hourly(mean.round(12)), QUARTER_H)},
    )


def _skew(told: Told) -> Frames:
    points = _series(told.skew, "skew_30d") * 100
    change = points - points.shift(96)
    return Frames(
        {},
        {
            "skew.skew_30d_points": _hourly(points),
            "skew.change_24h_points": _hourly(change),
            "skew.percentile": _rank(_hourly(points), MONTH_H),
            "skew.z": _robust_z(_hourly(points), MONTH_H),
        },
    )
