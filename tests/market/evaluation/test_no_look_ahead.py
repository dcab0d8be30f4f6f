"""What a score is made from is known at its hour: a file that ends there gives the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from market.evaluation.labels import is_sell_off_ahead
from market.evaluation_rules import LabelRules
from market.rules import Rules
from scheduler.gathering import gather
from scheduler.history_files import HistoryFile, read_history
from tests.recorded import sell_off

CUTS = (240, 505, 560)
"""In the calm before 2024-08-05, in its first hours and after them."""


def until(file: HistoryFile, row: int) -> HistoryFile:
    columns = {name: values[:row] for name, values in file.columns.items()}
    return replace(file, opens_ms=file.opens_ms[:row], columns=columns)


@pytest.mark.parametrize("name", ["2024-08-05_BTC", "2021-05-19_ETH"])
def test_features_and_alerts_are_the_same_when_the_file_ends_earlier(name: str, recordings: Path) -> None:
    file = read_history(sell_off(recordings, name))
    whole = gather(file, Rules())
    assert len(whole.columns) > 90
    for row in CUTS:
        part = gather(until(file, row), Rules())
        assert set(part.columns) <= set(whole.columns)
        for column, values in part.columns.items():
            np.testing.assert_array_equal(values, whole.columns[column][:row], err_msg=column)
        unknown = set(whole.columns) - set(part.columns)
        assert all(np.isnan(whole.columns[column][:row]).all() for column in unknown)
        np.testing.assert_array_equal(part.bars.sigma_24h, whole.bars.sigma_24h[:row])
        last_ms = part.bars.close_ms(row - 1)
        assert part.alerts == tuple(alert for alert in whole.alerts if alert.at_ms <= last_ms)
        labels, before = (is_sell_off_ahead(one.bars, LabelRules()) for one in (part, whole))
        assert all(said is None or said is before[place] for place, said in enumerate(labels))
