"""The batch over a whole history tells what the live windows tell bar by bar: every number, rank and flag."""

from pathlib import Path

import pytest

from benchmarks.bars import generated, steps_of
from market.observations import DAY_MS, MINUTE_MS
from scheduler.history_files import read_history
from tests.recorded import SELL_OFFS, sell_off
from tests.scheduler.batch.compared import Step, compared


def recorded(path: Path) -> list[Step]:
    """The steps of a recorded file."""
    return [(now_ms, said) for now_ms, _, said in read_history(path).steps()]


@pytest.mark.parametrize("name", ["2024-08-05_BTC", "2020-03-12_covid_ETH"])
def test_a_recorded_sell_off(name: str, recordings: Path) -> None:
    assert compared(recorded(sell_off(recordings, name))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SELL_OFFS)
def test_every_recorded_sell_off(name: str, recordings: Path) -> None:
    assert compared(recorded(sell_off(recordings, name))) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["2021-01_2025-04_BTC", "2021-01_2025-04_ETH", "2022-01_2025-04_SOL"])
def test_recorded_years(name: str, recordings: Path) -> None:
    steps = recorded(recordings / "history" / "years" / f"{name}.csv.gz")
    assert len(steps) > 29_000
    assert compared(steps) == []


@pytest.mark.parametrize(("seed", "minutes", "days"), [(1, 1, 4), (2, 10, 30), (3, 60, 120)])
def test_generated_bars_with_every_input(seed: int, minutes: int, days: int) -> None:
    step_ms = minutes * MINUTE_MS
    told = generated(seed, days * DAY_MS // step_ms, step_ms)
    assert compared(list(steps_of(told)), "BTC", told) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_month_of_generated_minutes() -> None:
    told = generated(4, 40 * DAY_MS // MINUTE_MS)
    assert compared(list(steps_of(told)), "BTC", told) == []
