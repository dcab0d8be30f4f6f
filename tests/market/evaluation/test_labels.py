"""Which hours lie before a sell-off, and when it began: by bars that can be checked by hand."""

from math import isnan, nan

import pytest

from market.evaluation.labels import (
    Event,
    events_of,
    falls_ahead,
    is_sell_off_ahead,
    lowest_ahead,
    onset_ahead,
)
from market.evaluation.recorded import Bars
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS
from tests.market.evaluation.hourly_bars import FIRST_CLOSE_MS, bars_of, falling, without

SEVEN = LabelRules(fall=0.07, sigmas=0.0)
PRIMARY = LabelRules()
STEPS = (98, 96, 94, 92, 90)


def rows_of(bars: Bars, events: tuple[Event, ...]) -> list[int]:
    return [bars.row_at(event.onset_ms) for event in events]


def test_a_row_is_the_hour_that_was_closed_last() -> None:
    bars = bars_of([1, 2, 3])
    assert bars.close_ms(2) == FIRST_CLOSE_MS + 2 * HOUR_MS
    assert bars.row_at(bars.close_ms(2)) == 2
    assert bars.row_at(bars.close_ms(2) - 1) == 1
    assert bars.row_at(FIRST_CLOSE_MS - 1) == -1


def test_the_lowest_low_ahead_is_of_the_hours_after_and_the_later_of_two_equal_ones_is_not_hidden() -> None:
    assert lowest_ahead([5, 4, 6, 3, 7], 2) == [1, 3, 3, 4, -1]


def test_an_unknown_low_is_no_lowest() -> None:
    assert lowest_ahead([5, nan, 6, nan, nan], 2) == [2, 2, -1, -1, -1]


def test_the_own_hours_low_is_not_ahead() -> None:
    bars = bars_of([100.0] * 30, lows={0: 50.0})
    assert falls_ahead(bars, 24)[0] == 0.0


def test_a_fall_is_measured_from_the_close_to_the_lowest_low_of_the_day() -> None:
    bars = bars_of([100.0] * 30, lows={24: 91.0, 25: 80.0})
    falls = falls_ahead(bars, 24)
    assert falls[0] == pytest.approx(-0.09)
    assert falls[1] == pytest.approx(-0.20)


def test_what_a_day_will_bring_is_unknown_until_the_day_is_over() -> None:
    falls = falls_ahead(bars_of([100.0] * 30, lows={29: 50.0}), 24)
    assert [isnan(fall) for fall in falls] == [False] * 6 + [True] * 24
    assert falls[5] == pytest.approx(-0.5)
    assert is_sell_off_ahead(bars_of([100.0] * 30), SEVEN)[6:] == [None] * 24


def test_without_a_close_there_is_no_fall_and_without_volatility_no_sigma_leg() -> None:
    closes = without([100.0] * 30, [2])
    assert isnan(falls_ahead(bars_of(closes), 24)[2])
    bars = bars_of([100.0] * 30, lows={10: 90.0}, sigma=[nan, *[0.02] * 29])
    assert is_sell_off_ahead(bars, PRIMARY)[:2] == [None, True]
    assert is_sell_off_ahead(bars, SEVEN)[0] is True


@pytest.mark.parametrize(
    ("low", "sigma", "counts"),
    [
        (92.99, 0.02, True),
        (93.01, 0.02, False),
        (92.99, 0.029, False),
        (92.49, 0.03, True),
        (92.51, 0.03, False),
    ],
)
def test_a_sell_off_is_seven_percent_and_two_and_a_half_sigmas(
    low: float, sigma: float, counts: bool
) -> None:
    bars = bars_of([100.0] * 30, lows={10: low}, sigma=sigma)
    assert is_sell_off_ahead(bars, PRIMARY)[0] is counts


def test_a_sell_off_begins_where_two_fifths_of_its_fall_are_done() -> None:
    # from 100 to 90: 96 is the line
    bars = bars_of(falling(30, STEPS, 40))
    (event,) = events_of(bars, SEVEN)
    assert bars.row_at(event.onset_ms) == 31
    assert (event.high_usd, event.low_usd) == (100.0, 90.0)
    assert event.low_ms == bars.close_ms(34)
    assert event.fall == pytest.approx(-0.1)


def test_the_high_is_of_the_six_hours_before() -> None:
    spike = falling(30, STEPS, 40)
    near = bars_of(spike, highs={29: 110.0})
    (event,) = events_of(near, SEVEN)
    # the deepest fall is seen first from row 10 on, all of 100 to 90: the spike to 110 is not behind it
    assert (event.high_usd, near.row_at(event.onset_ms)) == (100.0, 31)
    close = [100.0] * 29 + [101.0] + spike[30:]
    (later,) = events_of(bars_of(close, highs={24: 110.0}), SEVEN)
    # from 101 at row 29, whose six hours have the spike: 110 to 90, 102 is the line
    assert (later.high_usd, near.row_at(later.onset_ms)) == (110.0, 30)
    (outside,) = events_of(bars_of(close, highs={23: 110.0}), SEVEN)
    assert outside.high_usd == 101.0


def test_of_onsets_within_two_days_the_one_of_the_deepest_fall_is_the_sell_off() -> None:
    closes = falling(30, STEPS, 30) + [78.0] * 40
    bars = bars_of(closes)
    (event,) = events_of(bars, SEVEN)
    assert bars.row_at(event.onset_ms) == 65  # 90 to 78 is deeper than 100 to 90, which began at row 31
    assert (event.high_usd, event.low_usd, event.low_ms) == (90.0, 78.0, bars.close_ms(65))


def test_a_warning_sign_before_the_deep_fall_is_no_onset_of_it() -> None:
    # a day of unrest begins with 7.2 % and half a day later falls by a fifth
    bars = bars_of([100.0] * 30 + [92.8] * 12 + [96.0] + [76.0] * 40)
    (event,) = events_of(bars, SEVEN)
    assert bars.row_at(event.onset_ms) == 43
    assert (event.high_usd, event.low_usd) == (100.0, 76.0)  # two fifths of it: 90.4


def test_onsets_two_days_apart_are_two() -> None:
    closes = falling(30, [90.0], 47) + [81.0] + [81.0] * 40
    bars = bars_of(closes)
    assert rows_of(bars, events_of(bars, SEVEN)) == [30, 78]


def test_hours_that_are_missing_in_a_fall_do_not_hide_it() -> None:
    bars = bars_of(without(falling(30, STEPS, 40), [31, 32]))
    (event,) = events_of(bars, SEVEN)
    assert bars.row_at(event.onset_ms) == 33


def test_of_a_day_with_missing_hours_only_a_fall_that_was_seen_is_known() -> None:
    closes = without([100.0] * 30 + [90.0] * 60, [28, 70])
    ahead = is_sell_off_ahead(bars_of(closes), SEVEN)
    assert ahead[10:28] == [True] * 18  # the fall of row 30 is seen, whatever row 28 was
    assert ahead[4:6] == [None] * 2  # row 28 lies ahead, row 30 does not
    assert ahead[:4] == [False] * 4
    assert (ahead[28], ahead[29]) == (None, True)
    assert ahead[46:65] == [None] * 19  # row 70 lies ahead
    assert ahead[30:46] == [False] * 16


def test_hours_that_are_missing_before_a_fall_leave_the_highs_that_are_known() -> None:
    bars = bars_of(without(falling(30, STEPS, 40), range(20, 29)))
    assert rows_of(bars, events_of(bars, SEVEN)) == [31]


def test_a_calm_market_and_one_without_prices_have_no_sell_offs() -> None:
    assert events_of(bars_of([100.0] * 200), SEVEN) == ()
    assert events_of(bars_of([nan] * 200), SEVEN) == ()
    assert events_of(bars_of([100.0]), SEVEN) == ()


def test_a_fall_whose_day_is_cut_off_by_the_end_counts_from_the_hours_whose_day_is_whole() -> None:
    early = bars_of(falling(30, STEPS, 0))
    assert rows_of(early, events_of(early, SEVEN)) == [
        31
    ]  # row 10 has its whole day: it sees the low of row 34
    assert events_of(bars_of(falling(10, STEPS, 0)), SEVEN) == ()


def test_the_first_hour_of_a_file_may_lie_before_a_sell_off() -> None:
    bars = bars_of(falling(1, STEPS, 40))
    assert rows_of(bars, events_of(bars, SEVEN)) == [2]


def test_a_score_counts_a_day_before_an_onset_and_not_in_it_nor_where_the_future_is_unknown() -> None:
    bars = bars_of(falling(60, STEPS, 60))
    events = events_of(bars, SEVEN)
    (onset,) = rows_of(bars, events)
    ahead = onset_ahead(bars, events, SEVEN)
    assert ahead[: onset - 24] == [False] * (onset - 24)
    assert ahead[onset - 24 : onset] == [True] * 24
    assert ahead[onset : onset + 25] == [None] * 25
    assert ahead[-24:] == [None] * 24
    assert ahead[onset + 25 : -24] == [False] * (len(bars) - 24 - onset - 25)


def test_the_hours_before_a_first_onset_are_no_negative_rows_beyond_the_file() -> None:
    bars = bars_of(falling(1, STEPS, 60))
    ahead = onset_ahead(bars, events_of(bars, SEVEN), SEVEN)
    assert ahead[:3] == [True, True, None]


def test_before_missing_hours_no_onset_is_denied() -> None:
    bars = bars_of(without(falling(60, STEPS, 100), [20, 130]))
    events = events_of(bars, SEVEN)
    (onset,) = rows_of(bars, events)
    ahead = onset_ahead(bars, events, SEVEN)
    assert onset == 61
    assert ahead[:20] == [None] * 20
    assert ahead[20:37] == [False] * 17
    assert ahead[37:61] == [True] * 24
    assert ahead[86:106] == [False] * 20
    assert ahead[106:130] == [None] * 24
    assert ahead[130] is False
