"""What a history may be, and that nothing that runs loads the batch."""

import subprocess
import sys

import pytest
from msgspec.structs import replace

from benchmarks.bars import generated, steps_of
from market.observations import HOUR_MS, MINUTE_MS, Observation
from scheduler.batch.told import tell
from tests.market.feeds import candle, closes, hour, interest

Said = list[tuple[int, list[Observation]]]


def steps(*closing: float) -> Said:
    """One candle an hour that closes at these prices."""
    return [(hour(number), list(said)) for number, said in enumerate(closes(closing), start=1)]


def test_what_cannot_be_true_or_was_not_yet_known_is_left_out() -> None:
    said = steps(100.0, 101.0)
    said[1][1].extend([interest(3, 5.0), replace(interest(2, 5.0), coins=-1.0)])
    told = tell("BTC", said)
    assert len(told.candles) == 2
    assert told.interest == {}


def test_bars_that_overlap_or_are_longer_than_an_hour_are_no_history() -> None:
    with pytest.raises(ValueError, match="bars of an hour or less"):
        tell("BTC", [*steps(100.0, 101.0), (hour(2) + MINUTE_MS, [candle(2, 101.0)])])
    with pytest.raises(ValueError, match="bars of an hour or less"):
        tell("BTC", [(hour(4), [candle(4, 100.0, step_ms=4 * HOUR_MS)])])


def test_steps_that_stand_still_are_no_history() -> None:
    with pytest.raises(ValueError, match="each later than the one before"):
        tell("BTC", [])
    with pytest.raises(ValueError, match="each later than the one before"):
        tell("BTC", [(hour(1), []), (hour(1), [])])


def test_tables_told_step_by_step_are_the_same_tables() -> None:
    made = generated(5, 600)
    again = tell("BTC", steps_of(made))
    assert again.candles["close"].tolist() == made.candles["close"].tolist()
    assert again.depth["bid"].tolist() == made.depth["bid"].tolist()
    assert {venue: len(table) for venue, table in again.books.items()} == {
        venue: len(table) for venue, table in made.books.items()
    }


@pytest.mark.parametrize(
    "module", ["bot.cli", "bot.app", "scheduler.live", "scheduler.cycle", "commands.protocol.dispatch"]
)
def test_what_runs_loads_neither_numpy_nor_the_batch(module: str) -> None:
    asked = (
        f"import sys, {module}; print([name for name in ('numpy', 'scheduler.batch') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
