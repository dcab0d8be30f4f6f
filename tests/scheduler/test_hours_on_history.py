"""The closed hours of a recorded sell-off: each holds what its row of the file says, and what was said at its close."""

import csv
import gzip
from collections.abc import Iterable
from math import nan
from pathlib import Path

import pytest

from market.hourly import known
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import CODED
from scheduler.engine import Engine
from scheduler.history_files import merge, read_history
from tests.recorded import sell_off

Number = float | None


def number(cell: str) -> Number:
    return float(cell) if cell else None


def rows_of(path: Path) -> list[dict[str, Number]]:
    """The file as it stands, its times left out."""
    with gzip.open(path, "rt") as file:
        return [
            {name: number(cell) for name, cell in row.items() if name != "open_time_utc"}
            for row in csv.DictReader(file)
        ]


def near(numbers: Iterable[Number], digits: float) -> object:
    """These numbers to so many digits, NaN where one is not known."""
    return pytest.approx([nan if one is None else one for one in numbers], rel=digits, nan_ok=True)


def in_usd(row: dict[str, Number], column: str) -> Number:
    coins, price = row[column], row["mark_close"] or row["close"]
    return None if coins is None or price is None else coins * price


def test_hours_are_the_rows_of_the_file_and_what_was_said_at_each_close(recordings: Path) -> None:
    path = sell_off(recordings, "2024-08-05_BTC")
    engine = Engine("BTC", Rules(), "history")
    said: list[Snapshot] = [
        engine.step(now_ms, observations)[0] for now_ms, _, observations in merge([read_history(path)])
    ]
    rows, hours = rows_of(path), engine.state.market.hours
    assert len(hours) == len(rows) == len(said)
    for column, name in (
        (hours.long_liquidated_usd, "liq_long_coins_1h"),
        (hours.short_liquidated_usd, "liq_short_coins_1h"),
    ):
        assert list(column) == near((in_usd(row, name) for row in rows), 1e-6)
    assert list(hours.volume_usd) == near((row["quote_volume"] for row in rows), 1e-6)
    assert list(hours.funding_8h) == near((one.fact("funding", "f24") for one in said), 1e-5)
    assert [CODED[int(code)] for code in hours.state_code] == [one.regime.state for one in said]
    assert set(known(hours.skew_points)) == {None}
