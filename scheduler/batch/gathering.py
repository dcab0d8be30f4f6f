"""A recorded market as `market.evaluation` takes it, made at once: bars and the columns that are asked for, no alerts, no state."""

from array import array
from collections.abc import Iterable, Sequence
from math import sqrt

import numpy as np

from market.evaluation.recorded import Bars, Doubles, Recorded
from market.observations import HOUR_MS
from market.rules import Rules
from scheduler.batch.columns import Columns
from scheduler.batch.reading import read_columns
from scheduler.batch.told import Floats, Ints, tell
from scheduler.history_files import HistoryFile


def gather_columns(files: Sequence[HistoryFile], wanted: Iterable[str], rules: Rules) -> Recorded:
    """Files of one asset that adjoin, oldest first, as one market: what `scheduler.gathering.gather` gives, to rounding.

    `wanted` are names of `Recorded.columns` of readings; what was never known is left out. Raises ValueError for bars of
    another length than an hour.
    """
    asset, first_ms = files[0].asset, files[0].first_close_ms
    for file in files:
        if file.step_ms != HOUR_MS:
            raise ValueError(
                f"{file.path.name}: bars of an hour are scored, not of {file.step_ms / 60_000:g} minutes"
            )
    told = tell(asset, ((now_ms, said) for file in files for now_ms, _, said in file.steps()))
    readings = read_columns(told, rules)
    place = (told.now_ms - first_ms) // HOUR_MS
    rows = int(place[-1]) + 1
    columns = {name: _spread(_column(readings, name), place, rows) for name in wanted}
    known = {name: column for name, column in columns.items() if bool(np.isfinite(column).any())}
    candles = told.candles
    at = place[candles.step]
    high, low = (_spread(candles[name], at, rows) for name in ("high", "low"))
    close = _spread(np.where(np.isnan(candles["mark"]), candles["close"], candles["mark"]), at, rows)
    sigma = _spread(readings["volatility"].facts["ewma_3d"], place, rows) / sqrt(365.0)
    bars = Bars(asset, first_ms, *(_doubles(column) for column in (high, low, close, sigma)))
    return Recorded(bars, {name: _doubles(column) for name, column in known.items()})


def _column(readings: dict[str, Columns], name: str) -> Floats:
    """A reading's own value, its rank, or one of its facts."""
    reading, _, fact = name.partition(".")
    columns = readings[reading]
    own = {"value": columns.value, "percentile": columns.percentile}
    return own[fact] if fact in own else columns.facts[fact]


def _spread(values: Floats, at: Ints, rows: int) -> Floats:
    """The values at their rows, NaN at hours that are left out."""
    column = np.full(rows, np.nan)
    column[at] = values
    return column


def _doubles(column: Floats) -> Doubles:
    return array("d", column.tobytes())
