"""Recorded history: CSV files in the layout of docs/history.md to steps of observations, nothing before it was known.

One row is one bar; an empty cell or a missing column is unknown, never zero. A bar's own values are known when it
closes; daily values from 00 UTC of their day, the last settled funding from 00, 08 and 16 UTC.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from market.observations import (
    DAY_MS,
    HOUR_MS,
    Asset,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    Venue,
)

EIGHT_HOURS_MS = 8 * HOUR_MS
CANDLE_COLUMNS = ("open", "high", "low", "close")
ASSET_IN_NAME = re.compile(r"_([A-Z0-9]{2,12})\.csv(?:\.gz)?$")
DAILY_INTEREST = {"oi_agg_usd_1d_cryptoquant": Venue.CRYPTOQUANT, "oi_agg_usd_1d_coinglass": Venue.COINGLASS}

Step = tuple[int, Asset, tuple[Observation, ...]]
Row = dict[str, float | None]


class BadHistory(Exception):
    """A history file cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A recorded market of one asset: bars by the time they open, ascending, `step_ms` apart."""

    path: Path
    asset: Asset
    step_ms: int
    opens_ms: tuple[int, ...]
    columns: dict[str, list[float | None]] = field(repr=False)

    @property
    def first_close_ms(self) -> int:
        """When the first bar was known."""
        return self.opens_ms[0] + self.step_ms

    @property
    def last_close_ms(self) -> int:
        """When the last bar was known."""
        return self.opens_ms[-1] + self.step_ms

    def steps(self, until_ms: int | None = None) -> Iterator[Step]:
        """One step a bar, at its close, up to `until_ms`; a bar without prices brings only what else it has."""
        told = _Told(self.step_ms)
        names = list(self.columns)
        series = [self.columns[name] for name in names]
        for position, open_ms in enumerate(self.opens_ms):
            close_ms = open_ms + self.step_ms
            if until_ms is not None and close_ms > until_ms:
                return
            row = {name: values[position] for name, values in zip(names, series, strict=True)}
            yield close_ms, self.asset, tuple(_observations(row, open_ms, told))


@dataclass(slots=True)
class _Told:
    """Which daily and settled values have been told already, by column, so that each is told once."""

    step_ms: int
    known_at_ms: dict[str, int] = field(default_factory=dict)

    def is_new(self, column: str, known_at_ms: int) -> bool:
        """Whether this is the first row that shows the value of `known_at_ms`."""
        if self.known_at_ms.get(column) == known_at_ms:
            return False
        self.known_at_ms[column] = known_at_ms
        return True


def read_history(path: Path, asset: Asset | None = None) -> HistoryFile:
    """Read one file; the asset is taken from its name (`..._BTC.csv.gz`) unless given.

    Raises BadHistory where the file is missing, is no such CSV, has no asset or its bars are not in order.
    """
    found = ASSET_IN_NAME.search(path.name)
    named = asset or (found[1] if found else None)
    if named is None:
        raise BadHistory(
            f"{path.name}: no asset in its name. Example: sell_off_BTC.csv.gz, or give --asset BTC"
        )
    table = _read_table(path)
    opens_ms = _opening_times(table, path)
    gaps = [later - earlier for earlier, later in pairwise(opens_ms)]
    if any(gap <= 0 for gap in gaps):
        raise BadHistory(f"{path.name}: bars are not in ascending order of open_time_utc")
    columns = {str(name): _cells(table[name]) for name in table.columns if name != "open_time_utc"}
    return HistoryFile(path, named, min(gaps, default=HOUR_MS), tuple(opens_ms), columns)


def _read_table(path: Path) -> "pd.DataFrame":
    try:
        table = pd.read_csv(path)
    except FileNotFoundError as missing:
        raise BadHistory(f"{path}: no such file") from missing
    except (ValueError, OSError, EOFError) as wrong:
        raise BadHistory(f"{path.name}: not a readable CSV file ({type(wrong).__name__})") from wrong
    lacking = [name for name in ("open_time_utc", *CANDLE_COLUMNS) if name not in table.columns]
    if lacking:
        raise BadHistory(f"{path.name}: column {lacking[0]} is missing")
    if table.empty:
        raise BadHistory(f"{path.name}: no bars in it")
    return table


def _opening_times(table: "pd.DataFrame", path: Path) -> list[int]:
    try:
        times = pd.to_datetime(table["open_time_utc"], utc=True, format="ISO8601")
    except (ValueError, TypeError) as wrong:
        raise BadHistory(
            f"{path.name}: open_time_utc must be ISO 8601, such as 2024-08-05T00:00:00Z"
        ) from wrong
    if times.isna().any():
        raise BadHistory(f"{path.name}: a bar has no open_time_utc")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [int(value) for value in ((times - epoch) // pd.Timedelta(milliseconds=1)).tolist()]


def _cells(column: Any) -> list[float | None]:
    """Numbers, None where the cell is empty or is no number."""
    numbers = pd.to_numeric(column, errors="coerce")
    return [None if isnan(value) else float(value) for value in numbers.tolist()]


def _observations(row: Row, open_ms: int, told: _Told) -> Iterator[Observation]:
    """Everything a row says, each with the time from which it was known."""
    close_ms = open_ms + told.step_ms
    candle = _candle(row, open_ms, told.step_ms)
    if candle is not None:
        yield candle
    price = None if candle is None else candle.mark_close_usd or candle.close_usd
    yield from _funding(row, open_ms, close_ms, told)
    yield from _open_interest(row, open_ms, close_ms, price, told)
    yield from _liquidations(row, close_ms)
    yield from _options(row, open_ms, close_ms, told)


def _candle(row: Row, open_ms: int, step_ms: int) -> Candle | None:
    opened, high, low, closed = (row.get(name) for name in CANDLE_COLUMNS)
    if opened is None or high is None or low is None or closed is None:
        return None
    return Candle(
        Venue.BINANCE,
        open_ms,
        step_ms,
        opened,
        high,
        low,
        closed,
        row.get("mark_close"),
        row.get("volume"),
        row.get("quote_volume"),
    )


def _funding(row: Row, open_ms: int, close_ms: int, told: _Told) -> Iterator[Funding]:
    settled = row.get("funding_8h_last_settled")
    settled_at_ms = open_ms - open_ms % EIGHT_HOURS_MS
    if settled is not None and told.is_new("funding_8h_last_settled", settled_at_ms):
        yield Funding(Venue.BINANCE, settled_at_ms, settled, 8.0)
    hourly = row.get("hl_funding_1h")
    if hourly is not None:
        yield Funding(Venue.HYPERLIQUID, close_ms, hourly, 1.0)


def _open_interest(
    row: Row, open_ms: int, close_ms: int, price_usd: float | None, told: _Told
) -> Iterator[OpenInterest]:
    coins = row.get("oi_binance_coins_1h")
    if coins is not None:
        yield OpenInterest(Venue.BINANCE, close_ms, coins, HOUR_MS)
    if price_usd is None:
        return
    usd = row.get("oi_hyperliquid_usd_1h")
    if usd is not None:
        yield OpenInterest(Venue.HYPERLIQUID, close_ms, usd / price_usd, HOUR_MS)
    day_ms = open_ms - open_ms % DAY_MS
    for column, venue in DAILY_INTEREST.items():
        usd = row.get(column)
        if usd is not None and told.is_new(column, day_ms):
            # US dollars become coins with the close of the first hour that knows them; the coins are then held
            yield OpenInterest(venue, day_ms, usd / price_usd, DAY_MS)


def _liquidations(row: Row, close_ms: int) -> Iterator[Liquidations]:
    longs, shorts = row.get("liq_long_coins_1h"), row.get("liq_short_coins_1h")
    if longs is not None and shorts is not None:
        yield Liquidations(Venue.BINANCE, close_ms, HOUR_MS, longs, shorts)


def _options(row: Row, open_ms: int, close_ms: int, told: _Told) -> Iterator[Observation]:
    day_ms = open_ms - open_ms % DAY_MS
    dvol = row.get("dvol_1d")
    if dvol is not None and told.is_new("dvol_1d", day_ms):
        yield ImpliedVolatility(Venue.DERIBIT, day_ms, DAY_MS, dvol / 100.0)
    skew = row.get("skew25_30d")
    if skew is not None:
        yield Skew(Venue.DERIBIT, close_ms, HOUR_MS, skew, row.get("skew25_7d"), row.get("atm_30d"))


def merge(files: list[HistoryFile], until_ms: int | None = None) -> Iterator[Step]:
    """The steps of several files together, by time; one file an asset."""
    steps = [step for history in files for step in history.steps(until_ms)]
    yield from sorted(steps, key=lambda step: (step[0], step[1]))
