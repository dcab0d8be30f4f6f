"""What stood before sell-offs: by a market of a thousand hours that can be counted by hand."""

from array import array

import pytest

from evaluation.chapters.before import CHAPTER, write
from evaluation.study import Study
from market.evaluation.recorded import Bars, Recorded
from market.evaluation_rules import EvidenceRules
from market.observations import HOUR_MS

FIRST_MS = 1_700_006_400_000  # a day begins
ROWS = 2_000
ONSETS = (900, 1_100, 1_300, 1_500)


def made(asset: str = "BTC", *, with_columns: bool = True) -> Recorded:
    """Falls of 10 % at four hours; a shock stood in the day before two of them, dear funding always."""
    price, low = array("d", [100.0] * ROWS), array("d", [100.0] * ROWS)
    for onset in ONSETS:
        for row in range(onset, onset + 30):
            price[row] = low[row] = 90.0
    bars = Bars(asset, FIRST_MS + HOUR_MS, price[:], low, price, array("d", [0.01] * ROWS))
    shock = array("d", [0.0] * ROWS)
    shock[890] = shock[1_076] = -1.2  # ten hours before one, and the first hour of the day before another
    shock[1_275] = -1.7  # an hour too early
    columns = {"price.shock_24h": shock, "flag.fe": array("d", [1.0] * ROWS)}
    return Recorded(bars, columns if with_columns else {})


def study(*recorded: Recorded) -> Study:
    return Study(recorded, evidence=EvidenceRules(repetitions=50))


def test_the_day_before_an_onset_is_its_twenty_four_closes_before_it() -> None:
    facts = write(study(made())).facts["conditions"]
    assert isinstance(facts, dict)
    told = facts["shock <= -1"]["BTC"]
    assert (told["cases"], told["onsets"]) == (4, 0.5)
    scored = ROWS - 31 * 24
    assert told["windows"] == pytest.approx(3 * 24 / scored)
    assert facts["shock <= -1.5"]["BTC"]["onsets"] == 0.0


def test_few_event_days_and_no_column_are_not_established() -> None:
    text = write(study(made())).text
    line = next(line for line in text.splitlines() if line.startswith("| shock <= -1 |"))
    assert "50 / 6" in line
    assert line.endswith("| not established (4 event-days) |")
    assert "| oe | no data | not established: no column |" in text


def test_what_always_stands_leaves_no_quiet_day() -> None:
    facts = write(study(made())).facts["conditions"]
    assert isinstance(facts, dict)
    assert facts["none of shock <= -1, fe, protip"]["BTC"]["onsets"] == 0.0


def test_markets_are_added_up_and_one_without_a_column_is_left_out() -> None:
    facts = write(study(made(), made("ETH", with_columns=False))).facts["conditions"]
    assert isinstance(facts, dict)
    assert set(facts["shock <= -1"]) == {"BTC", "all"}
    assert facts["shock <= -1"]["all"]["cases"] == 4
    # without any sign to see, every day of ETH is a quiet one
    assert facts["none of shock <= -1, fe, protip"]["all"]["onsets"] == 0.5


def test_every_condition_is_counted_as_tried() -> None:
    one = study(made())
    CHAPTER.write(one)
    assert one.tried == {"conditions before onsets": 10}
