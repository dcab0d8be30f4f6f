"""What a position held for days comes to at any leverage, on bars made by hand, and what a rule is compared with."""

from array import array

import numpy as np
import pytest
from numpy.typing import NDArray

from market.evaluation.bootstrap import draw_days
from market.evaluation.recorded import Bars
from market.evaluation.sizing import Constants, Entries, hold, of_equal_mean
from market.evaluation_rules import EvidenceRules, HoldRules
from market.observations import HOUR_MS, Side

RULES = HoldRules(hours=3)
KEEPS = 1.0 - 0.0055
Floats = NDArray[np.float64]


def bars(closes: list[float], lows: list[float] | None = None, highs: list[float] | None = None) -> Bars:
    """Hours whose first closes at 01:00 UTC."""
    unknown = array("d", [0.5] * len(closes))
    return Bars(
        "BTC", HOUR_MS, array("d", highs or closes), array("d", lows or closes), array("d", closes), unknown
    )


def unpaid(hours: int) -> Floats:
    return np.zeros(hours)


def test_a_long_is_closed_by_force_where_a_low_leaves_less_than_maintenance_and_fee() -> None:
    held = hold(bars([100.0] * 6, [100.0, 100.0, 80.0, 100.0, 100.0, 100.0]), unpaid(6), rules=RULES)
    assert held.needed[0] == pytest.approx(1.0 - KEEPS * 0.8)
    assert held.is_closed(1.0 / held.needed[0])[0]
    assert not held.is_closed(4.89)[0]
    assert held.result(5.0)[0] == -1.0


def test_the_low_of_the_hour_of_entry_was_before_it() -> None:
    held = hold(bars([100.0] * 6, [100.0, 100.0, 80.0, 100.0, 100.0, 100.0]), unpaid(6), rules=RULES)
    assert held.needed[2] == pytest.approx(1.0 - KEEPS)


def test_what_is_left_is_price_less_both_fees() -> None:
    held = hold(bars([100.0, 101.0, 102.0, 110.0]), unpaid(4), rules=RULES)
    assert held.gained[0] == pytest.approx(0.10 - 0.0005 * 2.1)
    assert held.result(2.0)[0] == pytest.approx(2.0 * held.gained[0])


def test_a_short_is_closed_by_force_by_a_high() -> None:
    held = hold(bars([100.0] * 6, highs=[100.0, 120.0, *[100.0] * 4]), unpaid(6), Side.SHORT, RULES)
    assert held.needed[0] == pytest.approx(1.2 * 1.0055 - 1.0)


def test_funding_is_paid_by_longs_and_received_by_shorts_when_it_is_settled() -> None:
    # the row that closes at 09:00 tells what was settled at 08:00, which the one entered at 07:00 pays
    settled = np.full(12, 0.01)
    long, short = (hold(bars([100.0] * 12), settled, side, RULES) for side in (Side.LONG, Side.SHORT))
    assert long.gained[6] == pytest.approx(-0.01 - 0.001)
    assert short.gained[6] == pytest.approx(0.01 - 0.001)
    assert long.gained[7] == pytest.approx(-0.001)
    assert long.needed[6] == pytest.approx(1.0 - KEEPS + 0.01)


def test_an_outcome_is_unknown_where_hours_or_funding_ahead_are() -> None:
    settled = np.full(12, 0.0)
    settled[8] = np.nan
    held = hold(bars([100.0] * 12), settled, rules=RULES)
    assert held.is_known.tolist() == [True] * 4 + [False] * 3 + [True] * 2 + [False] * 3
    lows = [100.0] * 12
    lows[5] = float("nan")
    assert not hold(bars([100.0] * 12, lows), np.zeros(12), rules=RULES).is_known[2:5].any()
    assert not hold(bars([100.0] * 2), np.zeros(2), rules=RULES).is_known.any()


def test_leverages_are_brought_to_a_mean_under_a_ceiling() -> None:
    assert of_equal_mean(np.array([1.0, 1.0, 2.0]), 1.5, 2.0) == pytest.approx(1.25)
    assert of_equal_mean(np.array([1.0, 3.0]), 1.0) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="mean of 2"):
        of_equal_mean(np.array([1.0, 1.0]), 2.0, 2.0)


def fallen_each_week(weeks: int = 30) -> tuple[Entries, NDArray[np.bool_]]:
    """A market that falls by a quarter within a day at the end of each week, and comes back; and which hours lie before."""
    week = np.full(168, 100.0)
    week[150:160] = 75.0
    closes = np.tile(week, weeks)
    held = hold(bars(closes.tolist()), unpaid(len(closes)), rules=HoldRules(hours=12))
    day = np.arange(len(closes)) // 24
    return Entries(held, held.is_known, day, int(day[-1]) + 1), held.needed > 0.2


def test_a_constant_leverage_does_as_well_as_itself() -> None:
    entries, _ = fallen_each_week()
    draws = draw_days(entries.days, 7, EvidenceRules(repetitions=200))
    found = Constants([entries], draws).against([np.full(len(entries.day), 5.0)])
    assert (found.ratio.value, found.closed) == (1.0, found.closed_by_constant)
    assert found.ratio.low == pytest.approx(found.ratio.high)
    assert found.gain.value == pytest.approx(0.0)


def test_a_rule_that_knows_the_hours_before_a_fall_has_no_forced_close() -> None:
    entries, before = fallen_each_week()
    draws = draw_days(entries.days, 7, EvidenceRules(repetitions=200))
    found = Constants([entries], draws).against([np.where(before, 2.0, 5.0)])
    assert (found.closed, found.ratio.value) == (0, 0.0)
    assert found.closed_by_constant == before.sum()
    assert found.gain.value > 0.0
