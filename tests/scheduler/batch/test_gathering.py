"""The quick way to a recorded market gives what the engine gives bar by bar."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from market.evaluation.recorded import Bars, Recorded
from market.observations import MINUTE_MS
from market.rules import Rules
from scheduler.batch.gathering import gather_columns
from scheduler.gathering import gather
from scheduler.history_files import HistoryFile, read_history
from tests.recorded import sell_off

WANTED = (
    "price.shock_24h",
    "price.r_24h",
    "price.drawdown_7d",
    "volatility.ewma_3d",
    "funding.f24",
    "funding.percentile",
    "open_interest.percentile",
    "liquidations.percentile",
    "skew.z",
)


def cut(file: HistoryFile, first: int, after: int) -> HistoryFile:
    """Some rows of a file."""
    columns = {name: values[first:after] for name, values in file.columns.items()}
    return replace(file, opens_ms=file.opens_ms[first:after], columns=columns)


def assert_same_bars(one: Bars, other: Bars) -> None:
    assert (one.asset, one.first_close_ms, len(one)) == (other.asset, other.first_close_ms, len(other))
    for name in ("high_usd", "low_usd", "close_usd", "sigma_24h"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9, err_msg=name)


def assert_same(quick: Recorded, slow: Recorded) -> None:
    assert_same_bars(quick.bars, slow.bars)
    assert set(quick.columns) == set(WANTED) & set(slow.columns)
    for name, column in quick.columns.items():
        np.testing.assert_allclose(column, slow.columns[name], rtol=1e-7, atol=1e-12, err_msg=name)


def test_it_is_what_the_engine_gathers(recordings: Path) -> None:
    file = read_history(sell_off(recordings, "2024-08-05_BTC"))
    quick = gather_columns([file], WANTED, Rules())
    assert "skew.z" not in quick.columns
    assert len(quick.columns) == len(WANTED) - 1
    assert_same(quick, gather(file, Rules(), with_size=False))


def test_files_that_adjoin_are_one_market(recordings: Path) -> None:
    file = read_history(sell_off(recordings, "2024-08-05_BTC"))
    parts = [cut(file, 0, 200), cut(file, 200, 625)]
    assert_same(gather_columns(parts, WANTED, Rules()), gather(file, Rules(), with_size=False))


def test_hours_that_are_left_out_are_unknown_rows() -> None:
    opens = tuple(3_600_000 * hour for hour in range(100) if hour not in {50, 51})
    prices = [100.0 + hour % 7 for hour in range(98)]
    columns: dict[str, list[float | None]] = {
        "open": [*prices],
        "high": [price + 1 for price in prices],
        "low": [price - 1 for price in prices],
        "close": [*prices],
    }
    file = HistoryFile(Path("a_BTC.csv"), "BTC", 3_600_000, opens, columns)
    quick, slow = gather_columns([file], WANTED, Rules()), gather(file, Rules(), with_size=False)
    assert len(quick.bars) == 100
    assert np.isnan(quick.bars.close_usd[50:52]).all()
    assert_same_bars(quick.bars, slow.bars)


def test_bars_of_another_length_are_refused() -> None:
    opens = tuple(15 * MINUTE_MS * bar for bar in range(8))
    same: dict[str, list[float | None]] = {name: [1.0] * 8 for name in ("open", "high", "low", "close")}
    file = HistoryFile(Path("a_BTC.csv"), "BTC", 15 * MINUTE_MS, opens, same)
    with pytest.raises(ValueError, match=r"a_BTC\.csv: bars of an hour are scored, not of 15 minutes"):
        gather_columns([file], WANTED, Rules())
