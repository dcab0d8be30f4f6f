"""The single signals that alerts are made of to compare with: price, volatility, funding, open interest, flow, and a naive vote.

Each is a column a market, higher is worse, made of nothing that was not known at the close. What the engine does not keep
(volume, taker flow, premium) is read from the recorded file again; without a file it is unknown.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.observations import HOUR_MS, Asset
from scheduler.history_files import read_history

DAY, RANKED_HOURS, MEDIAN_DAYS = 24, 90 * 24, 30
CHUNK = 4_096
BASE = "shock_24h"
"""The baseline all others are held against."""

Scores = Mapping[Asset, Floats]

COLUMNS: Mapping[str, tuple[str, float]] = {
    BASE: ("price.shock_24h", -1.0),
    "shock_4h": ("price.shock_4h", -1.0),
    "shock_1h": ("price.shock_1h", -1.0),
    "24 h return": ("price.r_24h", -1.0),
    "drawdown_7d": ("price.drawdown_7d", -1.0),
    "range ratio": ("price.range_ratio", 1.0),
    "volatility EWMA": ("volatility.ewma_3d", 1.0),
    "volatility to its reference": ("volatility.ratio", 1.0),
    "DVOL": ("volatility.dvol", 1.0),
    "funding level (24 h mean)": ("funding.f24", 1.0),
    "funding percentile": ("funding.percentile", 1.0),
    "open interest percentile": ("open_interest.percentile", 1.0),
    "open interest +24 h": ("open_interest.change_24h", 1.0),
    "open interest +72 h": ("open_interest.change_72h", 1.0),
    "open interest turnover percentile": ("open_interest.turnover_percentile", 1.0),
    "liquidations percentile": ("liquidations.percentile", 1.0),
    "skew z": ("skew.z", 1.0),
    "regime score": ("regime.score", 1.0),
}
"""Signals that are a column of the engine, and its sign."""


def signals(study: Study) -> dict[str, Scores]:
    """Every single signal by its name: a column for each asset, NaN where unknown."""
    found = {one.asset: _of(study, one) for one in study.recorded}
    names = next(iter(found.values()))
    return {name: {asset: own[name] for asset, own in found.items()} for name in names}


def _of(study: Study, one: Recorded) -> dict[str, Floats]:
    told = {name: sign * study.column(one, column) for name, (column, sign) in COLUMNS.items()}
    raw = recorded_columns(study, one)
    sigma_1d = study.column(one, "price.sigma_1d")
    with np.errstate(divide="ignore", invalid="ignore"):
        told["drawdown_7d / sigma"] = told["drawdown_7d"] / sigma_1d
        volume = summed(raw["volume"], DAY)
        told["taker-sell share 24 h"] = 1.0 - summed(raw["taker_buy_volume"], DAY) / volume
        told["volume spike"] = volume / _median_before(volume)
    premium = summed(raw["premium_index_close"], DAY) / DAY
    told["premium 24 h"] = premium
    told["premium percentile"] = ranked(premium, RANKED_HOURS)
    told["2-of-5 vote"] = _vote(study, one)
    return told


@cache
def _file(path: Path, first_close_ms: int, rows: int) -> dict[str, Floats]:
    history = read_history(path)
    at = (np.asarray(history.opens_ms, np.int64) + history.step_ms - first_close_ms) // HOUR_MS
    inside = (at >= 0) & (at < rows)
    found = {}
    for name in ("volume", "taker_buy_volume", "premium_index_close"):
        column = np.full(rows, np.nan)
        values = np.array([np.nan if value is None else value for value in history.columns.get(name, ())])
        if len(values):
            column[at[inside]] = values[inside]
        found[name] = column
    return found


def recorded_columns(study: Study, one: Recorded) -> Mapping[str, Floats]:
    """Columns of a market's recorded file that the engine does not keep, by row; NaN throughout where there is no file."""
    years = None if study.home is None else study.home / "history" / "years"
    for path in [] if years is None else sorted(years.glob(f"*_{one.asset}.csv.gz")):
        return _file(path, one.bars.first_close_ms, len(one.bars))
    unknown = np.full(len(one.bars), np.nan)
    return dict.fromkeys(("volume", "taker_buy_volume", "premium_index_close"), unknown)


def summed(values: Floats, rows: int) -> Floats:
    """The sum of so many rows up to each; NaN where one of them is unknown."""
    return _trailing(values, rows, lambda window: np.asarray(window.sum(axis=1)))


def ranked(values: Floats, rows: int) -> Floats:
    """The share of the values of so many rows before each that it is at or above; NaN where a third is unknown."""

    def rank(window: Floats) -> Floats:
        past, now = window[:, :-1], window[:, -1:]
        known = np.isfinite(past).sum(axis=1)
        share = (past <= now).sum(axis=1) / np.maximum(known, 1)
        return np.where((known >= rows * 2 // 3) & np.isfinite(now[:, 0]), share, np.nan)

    return _trailing(values, rows + 1, rank)


def _trailing(values: Floats, rows: int, reduce: Callable[[Floats], Floats]) -> Floats:
    """Something of the rows up to each, worked out piece by piece so that memory stays small; NaN before there are enough."""
    found = np.full(len(values), np.nan)
    if len(values) < rows:
        return found
    windows = sliding_window_view(values, rows)
    for start in range(0, len(windows), CHUNK):
        piece = windows[start : start + CHUNK]
        found[start + rows - 1 : start + rows - 1 + len(piece)] = reduce(piece)
    return found


def _median_before(values: Floats) -> Floats:
    """The median of the values a day, two days and so on to thirty days ago."""
    before = np.full((MEDIAN_DAYS, len(values)), np.nan)
    for day in range(1, MEDIAN_DAYS + 1):
        before[day - 1, day * DAY :] = values[: max(0, len(values) - day * DAY)]
    return np.asarray(np.median(before, axis=0))


def _vote(study: Study, one: Recorded) -> Floats:
    """The second highest of five ranks: two of the five inputs stand at least so high. What is not seen does not vote.

    Price has no rank of its own; its shock is read as a normal one.
    """
    normal = NormalDist()
    shock = study.column(one, "price.shock_24h")
    told = ("liquidations", "open_interest", "funding", "skew")
    ranks = [
        np.array([normal.cdf(-value) if np.isfinite(value) else np.nan for value in shock.tolist()]),
        *(study.column(one, f"{name}.percentile") for name in told),
    ]
    seen = np.where(np.isfinite(ranks), ranks, -np.inf)
    second = np.sort(seen, axis=0)[-2]
    return np.where(np.isfinite(second), second, np.nan)
