"""The chapter of sell-offs: counts, independent ones, and the hours before them."""

import pytest

from evaluation.chapters.events import CHAPTER, clusters_of
from market.evaluation.labels import Event
from market.observations import HOUR_MS
from tests.evaluation.test_before import ONSETS, made, study


def at(*hours: int) -> list[Event]:
    return [Event("BTC", hour * HOUR_MS, hour * HOUR_MS, 100.0, 90.0) for hour in hours]


def test_sell_offs_of_all_assets_within_two_days_are_one() -> None:
    assert clusters_of([at(100, 300), at(120, 148, 400)], 48) == 3  # 100, 120 and 148 hang together
    assert clusters_of([at(100), at(149)], 48) == 2
    assert clusters_of([[], []], 48) == 0


def test_every_label_is_counted_and_the_hours_before() -> None:
    written = CHAPTER.write(study(made(), made("ETH")))
    counts, before = written.facts["counts"], written.facts["hours_before"]
    assert isinstance(counts, dict)
    assert isinstance(before, dict)
    assert (counts["0.07/2.5/BTC"], counts["0.05/0/ETH"], counts["0.12/0/BTC"]) == (4, 4, 0)
    scored = 2_000 - 31 * 24 - 24  # without the warm-up, and without the last day
    assert before["0.07/0/BTC"] == pytest.approx(len(ONSETS) * 24 / scored)
    assert (written.facts["clusters"], written.facts["event_days"]) == (4, 4)
    assert "8 sell-offs of single assets are 4 that begin more than two days apart" in written.text


def test_a_study_of_other_assets_has_no_first_run_beside_it() -> None:
    text = CHAPTER.write(study(made("GEN1"))).text
    assert "(*" not in text
    assert "Where the runs differ" not in text
