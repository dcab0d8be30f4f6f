"""What the skew reading tells beside its score: the smile's shape, the term, and whether fear leaves."""

import msgspec
import pytest

from market.observations import HOUR_MS, Skew, Venue
from market.state import MarketState
from market.state.skew import SkewWindows
from store.codec import Kind, encode
from store.codec import read as read_back
from tests.market.feeds import closes, fed, hour, read, skewed


def market(points: list[float]) -> MarketState:
    """A market whose skew was so at each hour, the last one now."""
    steps = closes([100.0] * len(points))
    return fed(
        [*step, skewed(number, value)]
        for number, (step, value) in enumerate(zip(steps, points, strict=True), start=1)
    )


def test_the_shape_of_the_smile_is_told_and_what_is_not_known_is_none() -> None:
    state = market([3.0])
    state.skew.observe(
        Skew(Venue.DERIBIT, hour(1) + 1, HOUR_MS, 0.0791, 0.09, 0.5808, 1.0, 0.64, 0.027, 0.0967),
        10 * HOUR_MS,
    )
    facts = read(state, "skew").facts
    assert facts["skew_over_atm"] == pytest.approx(0.13619, abs=1e-4)
    assert facts["term_inversion_points"] == pytest.approx(5.92)
    assert facts["butterfly_30d_points"] == pytest.approx(2.7)
    assert facts["skew_30d_adjusted_points"] == pytest.approx(9.67)
    assert facts["atm_iv_7d"] == 0.64
    bare = read(market([3.0]), "skew").facts
    assert {name: bare[name] for name in ("skew_over_atm", "term_inversion_points", "atm_iv_7d")} == {
        "skew_over_atm": None,
        "term_inversion_points": None,
        "atm_iv_7d": None,
    }


@pytest.mark.parametrize(
    ("points", "normalising"),
    [
        ([4.0] * 30 + [10.0] + [4.9] * 20 + [4.8], 0.0),  # half is gone, yet it is no lower than a day ago
        ([10.0] * 30 + [4.9], 1.0),
        ([10.0] * 30 + [5.1], 0.0),
        ([-2.0] * 30 + [-3.0], 0.0),  # there was no fear that could leave
        ([10.0] * 10 + [4.0], None),  # no day is known yet
    ],
)
def test_fear_leaves_when_half_of_the_weeks_peak_is_gone_and_the_day_is_lower(
    points: list[float], normalising: float | None
) -> None:
    assert read(market(points), "skew").facts["normalising"] == normalising


def test_the_peak_is_the_weeks_and_no_older() -> None:
    assert read(market([12.0] + [6.0] * 100), "skew").facts["peak_7d_points"] == pytest.approx(12.0)
    assert read(market([12.0] + [6.0] * 200), "skew").facts["peak_7d_points"] == pytest.approx(6.0)


def test_a_peak_of_this_minute_counts_before_its_hour_is_over() -> None:
    state = market([6.0] * 30)
    state.skew.observe(Skew(Venue.DERIBIT, hour(30) + 1, HOUR_MS, 0.11), 10 * HOUR_MS)
    facts = read(state, "skew").facts
    assert facts["peak_7d_points"] == pytest.approx(11.0)
    assert facts["from_peak_7d"] == pytest.approx(0.0)


def test_after_a_long_gap_the_peak_begins_anew() -> None:
    windows = SkewWindows()
    windows.observe(skewed(1, 20.0), 10 * HOUR_MS)
    windows.rank_hour(hour(1))
    windows.observe(skewed(100, 4.0), 10 * HOUR_MS)
    assert windows.peak_7d() == pytest.approx(0.04)


def test_an_empty_window_has_no_peak() -> None:
    assert SkewWindows().peak_7d() is None


def test_a_checkpoint_of_before_there_were_peaks_is_read_and_goes_on() -> None:
    kind = Kind("skew windows", 1, SkewWindows)
    windows = market([10.0] * 30).skew
    schema, kept = msgspec.msgpack.decode(encode(kind, windows))
    del kept["peaks"]
    older = read_back(kind, msgspec.msgpack.encode((schema, kept)))
    assert older == windows
    assert older.peak_7d() == pytest.approx(0.10)
    older.observe(skewed(31, 4.9), 10 * HOUR_MS)
    older.rank_hour(hour(31))
    assert older.peak_7d() == pytest.approx(0.10)  # the hours of the ranks are known, and so is their highest
    assert read_back(kind, encode(kind, windows)) == windows
