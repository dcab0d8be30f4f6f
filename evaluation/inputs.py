"""Inputs of scores that the engine has not: made of what was known at each close, and of nothing after it."""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS, Asset
from scheduler.history_files import read_history

DAY, WEEK = 24, 168
HOURS_A_YEAR = 8_760.0
MEMORY_HOURS = (72.0, 336.0)
"""How fast a past fall is forgotten, as two mean lives."""

TOLD = (
    "price.shock_1h", "price.shock_4h", "price.shock_24h", "price.drawdown_7d", "price.drawdown_30d", "price.sigma_1d",
    "price.r_24h", "price.r_7d", "price.range_ratio", "price.lower_low_in_progress", "volatility.ewma_3d", "volatility.rv_24h",
    "volatility.rv_7d", "volatility.rv_30d", "volatility.ratio", "volatility.percentile", "volatility.dvol",
    "funding.f24", "funding.percentile", "open_interest.percentile", "open_interest.change_24h",
    "open_interest.change_72h", "regime.score", "flag.fe", "flag.fn", "flag.fr", "flag.fd", "flag.oe", "flag.oc", "flag.ou",
    "flag.pd", "flag.stab", "flag.brk", "flag.nc", "flag.vol_hi", "regime.protip",
)  # fmt: skip
"""Columns of the engine that scores may take as they are."""


def inputs_of(study: Study) -> dict[Asset, dict[str, Floats]]:
    """Every input of every market, a value a row of its bars, NaN where unknown."""
    found = {one.asset: _own(study, one) for one in study.recorded}
    _put_across(study, found)
    return found


def _own(study: Study, one: Recorded) -> dict[str, Floats]:
    told = {name: study.column(one, name) for name in TOLD}
    close = np.frombuffer(one.bars.close_usd)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_price = np.log(close)
        r_1h = change(log_price, 1)
        return (
            told
            | _shocks(log_price, told)
            | _volatility(one, told, study.label)
            | _shape(r_1h)
            | _range(one, told["price.sigma_1d"])
            | _past(study, one)
            | venue_of(study, one)
        )


def venue_of(study: Study, one: Recorded) -> dict[str, Floats]:
    """What the recorded files have and the engine does not take: premium and who took volume, means of 24 h.

    Unknown throughout where the study has no files.
    """
    found = {name: np.full(len(one.bars), np.nan) for name in ("premium_24h", "taker_sold_24h")}
    paths = (
        [] if study.home is None else sorted((study.home / "history" / "years").glob(f"*_{one.asset}.csv.gz"))
    )
    for path in paths:
        history = read_history(path)
        row = (np.array(history.opens_ms) + HOUR_MS - one.bars.first_close_ms) // HOUR_MS
        inside = (row >= 0) & (row < len(one.bars))
        series = {}
        for name in ("premium_index_close", "volume", "taker_buy_volume"):
            series[name] = np.full(len(one.bars), np.nan)
            cells = np.array(history.columns.get(name, [None] * len(row)), np.float64)
            series[name][row[inside]] = cells[inside]
        volume = over(series["volume"], DAY)
        with np.errstate(divide="ignore", invalid="ignore"):
            found["taker_sold_24h"] = 1.0 - over(series["taker_buy_volume"], DAY) / volume
        found["premium_24h"] = over(series["premium_index_close"], DAY) / DAY
    return found


def change(values: Floats, hours: int) -> Floats:
    """How much a series changed over so many rows."""
    changed = np.full(len(values), np.nan)
    changed[hours:] = values[hours:] - values[:-hours]
    return changed


def _shocks(log_price: Floats, told: Mapping[str, Floats]) -> dict[str, Floats]:
    """Moves over longer horizons, each in sigmas known before it, and the drawdowns in sigmas of now."""
    sigma_1d = told["price.sigma_1d"]
    found = {}
    for hours in (72, WEEK):
        before = np.full(len(sigma_1d), np.nan)
        before[hours:] = sigma_1d[:-hours]
        found[f"shock_{hours}h"] = change(log_price, hours) / (before * sqrt(hours / DAY))
    found["fall_7d_sigmas"] = told["price.drawdown_7d"] / sigma_1d
    found["fall_30d_sigmas"] = told["price.drawdown_30d"] / sigma_1d
    found["shock_24h_over_6h"] = over(told["price.shock_24h"], 6) / 6.0
    found["move_24h_sigmas_now"] = told["price.r_24h"] / sigma_1d
    return found


def _volatility(one: Recorded, told: Mapping[str, Floats], label: LabelRules) -> dict[str, Floats]:
    """What the label asks for in sigmas of now, and how other horizons of volatility stand to the one it takes."""
    sigma = np.frombuffer(one.bars.sigma_24h)
    ewma = told["volatility.ewma_3d"]
    found = {
        f"log_{name}_of_ewma": np.log(told[f"volatility.{name}"] / ewma)
        for name in ("rv_24h", "rv_7d", "rv_30d")
    }
    found["log_dvol_of_ewma"] = np.log(told["volatility.dvol"] / ewma)
    found["log_asked_sigmas"] = np.log(np.maximum(label.fall, label.sigmas * sigma) / sigma)
    found["log_sigma"] = np.log(sigma)
    found["ewma"] = ewma
    return found


def _range(one: Recorded, sigma_1d: Floats) -> dict[str, Floats]:
    """The range of the last day in sigmas of a day, and how far up in it the close stands."""
    columns = (one.bars.high_usd, one.bars.low_usd, one.bars.close_usd)
    high, low, close = (np.frombuffer(column) for column in columns)
    highest, lowest = _extreme(high, np.max), _extreme(low, np.min)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "range_sigmas": np.log(highest / lowest) / sigma_1d,
            "bounce_24h": (close - lowest) / (highest - lowest),
        }


def _extreme(values: Floats, pick: Callable[..., Floats]) -> Floats:
    """The highest or lowest of the last day; NaN where one hour is unknown."""
    padded = np.concatenate([np.full(DAY - 1, np.nan), values])
    return pick(np.lib.stride_tricks.sliding_window_view(padded, DAY), axis=1)


def _shape(r_1h: Floats) -> dict[str, Floats]:
    """Of the last day and week: the share of falling moves in the squares, skew, and the share of the largest move."""
    found = {}
    for name, hours in (("24h", DAY), ("7d", WEEK)):
        square = over(r_1h**2, hours)
        found[f"down_share_{name}"] = over(np.where(r_1h < 0.0, r_1h**2, 0.0 * r_1h), hours) / square
        found[f"skew_{name}"] = over(r_1h**3, hours) / hours / (square / hours) ** 1.5
        bipower = np.pi / 2.0 * over(np.abs(r_1h) * np.abs(shifted(r_1h, 1)), hours)
        found[f"jump_share_{name}"] = np.maximum(0.0, 1.0 - bipower / square)
    return found


def over(values: Floats, hours: int) -> Floats:
    """The sum over the last so many rows; NaN where one of them is unknown."""
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    unknown = np.concatenate([[0], np.cumsum(~np.isfinite(values))])
    found = np.full(len(values), np.nan)
    whole = unknown[hours:] == unknown[:-hours]
    found[hours - 1 :] = np.where(whole, sums[hours:] - sums[:-hours], np.nan)
    return found


def shifted(values: Floats, rows: int) -> Floats:
    """The series so many rows later: what was so long ago."""
    found = np.full(len(values), np.nan)
    found[rows:] = values[:-rows]
    return found


def _past(study: Study, one: Recorded) -> dict[str, Floats]:
    """How fresh the memory of falls is that are over: each counts from the close at which it was deep enough."""
    fallen = fallen_at(one, study.label)
    begun = fallen & ~np.concatenate([[False], fallen[:-1]])
    return {f"memory_{hours:g}h": remembered(begun.astype(np.float64), hours) for hours in MEMORY_HOURS}


def fallen_at(one: Recorded, label: LabelRules) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Closes that lie a sell-off's fall below the highest close of the day before, by the volatility of that day before."""
    close = np.frombuffer(one.bars.close_usd)
    padded = np.concatenate([np.full(DAY - 1, np.nan), close])
    days = np.lib.stride_tricks.sliding_window_view(padded, DAY)
    highest = np.max(np.where(np.isfinite(days), days, -np.inf), axis=1)
    sigma = shifted(np.frombuffer(one.bars.sigma_24h), DAY)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(close / highest - 1.0 <= -np.maximum(label.fall, label.sigmas * sigma), np.bool_)


def remembered(told: Floats, mean_life: float) -> Floats:
    """Each value counts fully when it is told and e times less every mean life."""
    keep = float(np.exp(-1.0 / mean_life))
    found, memory = np.zeros(len(told)), 0.0
    for row, value in enumerate(told):
        memory = memory * keep + value
        found[row] = memory
    return found


def _put_across(study: Study, found: Mapping[Asset, dict[str, Floats]]) -> None:
    """What the other markets did at the same close: the mean and the worst of their shocks, BTC's, and how many fell."""
    first = min(one.bars.first_close_ms for one in study.recorded)
    last = max(one.bars.close_ms(len(one.bars) - 1) for one in study.recorded)
    hours = (last - first) // HOUR_MS + 1
    at = {
        one.asset: slice((start := (one.bars.first_close_ms - first) // HOUR_MS), start + len(one.bars))
        for one in study.recorded
    }
    for name in ("price.shock_24h", "price.shock_4h", "fall_7d_sigmas", "memory_72h", "memory_336h"):
        grid = np.full((len(study.recorded), hours), np.nan)
        for place, one in enumerate(study.recorded):
            grid[place, at[one.asset]] = found[one.asset][name]
        for place, one in enumerate(study.recorded):
            others = np.delete(grid, place, axis=0)[:, at[one.asset]]
            short = name.removeprefix("price.")
            found[one.asset] |= {f"others_{short}": _mean(others), f"worst_{short}": _least(others)}
            if name == "price.shock_24h":
                found[one.asset]["breadth"] = _mean(
                    np.where(np.isfinite(others), (others <= -1.0) * 1.0, np.nan)
                )
                found[one.asset]["leader_shock_24h"] = grid[0, at[one.asset]]


def _mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0))


def _least(values: Floats) -> Floats:
    least = np.min(np.where(np.isfinite(values), values, np.inf), axis=0, initial=np.inf)
    return np.asarray(np.where(np.isfinite(least), least, np.nan))
