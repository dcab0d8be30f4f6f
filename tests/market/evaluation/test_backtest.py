"""What a replay of the kept hours came to: episodes, what is judged, and how single warnings turned out."""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from math import nan

import pytest

from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.evaluation.backtest import Backtest, Firing, firing_of, firings_of, outcome_of, scored_from
from market.evaluation.track_record import (
    Unseen,
    Verdict,
    latest,
    moved_since,
    record_of,
    verdict_of,
)
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from market.table import State
from tests.market.evaluation.hourly_bars import FIRST_CLOSE_MS, bars_of


def at(hour: int) -> int:
    return FIRST_CLOSE_MS + hour * HOUR_MS


def fired(
    hour: int, severity: Severity = Severity.WARNING, opened: int | None = None, lowest: float | None = -0.01
) -> Firing:
    begun = hour if opened is None else opened
    return Firing(Kind.CASCADE, severity, at(hour), at(begun), -0.03, lowest)


def record(firings: Sequence[Firing], onsets: Sequence[int] = (), hours: int = 720) -> Backtest:
    onsets_ms = tuple(at(onset) for onset in onsets)
    return Backtest("BTC", 7, at(-240), at(0), at(hours), 0, tuple(firings), onsets_ms)


def alert(hour: int, price_usd: float | None = None, severity: Severity = Severity.WARNING) -> Alert:
    return Alert(
        "c7f2",
        "BTC",
        Kind.CASCADE,
        severity,
        Edge.FIRED,
        Reason.PRICE_SHOCK,
        at(hour),
        at(hour),
        State.MIXED,
        facts={"price_usd": price_usd, "r_24h": None},
    )


def hours_of(closes: Sequence[float]) -> Hourly:
    column = array("d", closes)
    return Hourly(at(len(closes) - 1), column, column[:], column[:], array("d", [nan]) * len(closes))


def test_a_month_of_a_long_past_is_learned_from_and_a_third_of_a_short_one() -> None:
    assert scored_from(at(0), at(180 * 24)) == at(31 * 24)
    assert scored_from(at(0), at(60 * 24)) == at(20 * 24)
    assert scored_from(at(0), at(12 * 24)) == at(7 * 24)
    assert scored_from(at(0), at(7 * 24)) is None


def test_the_vector_of_section_10_is_found_in_a_look_back_as_well() -> None:
    # alerts 94, 97, 150, 205, 296; events 100, 200, 300
    outcome = outcome_of(
        record([fired(hour) for hour in (94, 97, 150, 205, 296)], (100, 200, 300), 744),
        Kind.CASCADE,
        Severity.WATCH,
    )
    assert (outcome.right, outcome.counted, len(outcome.matched.warned_ms)) == (2, 3, 2)
    assert outcome.matched.lead_hours == (4.5, 5.0, 5.5)
    assert outcome.matched.false_a_month() == pytest.approx(1.0)
    assert outcome.right_between == pytest.approx((0.2077, 0.9385), abs=1e-4)


def test_an_episode_counts_once_and_when_it_first_was_so_severe() -> None:
    told = record(
        [
            fired(10, Severity.WATCH),
            fired(14, Severity.WARNING, opened=10),
            fired(20, Severity.CRITICAL, opened=10),
            fired(200, Severity.WATCH),
        ]
    )
    first = {
        least: [(one.at_ms - at(0)) // HOUR_MS for one in firings_of(told, Kind.CASCADE, least)]
        for least in Severity
    }
    assert first == {Severity.WATCH: [10, 200], Severity.WARNING: [14], Severity.CRITICAL: [20]}
    assert firings_of(told, Kind.FUNDING, Severity.WATCH) == ()


def test_what_cannot_be_judged_is_counted_apart_and_is_not_false() -> None:
    outcome = outcome_of(record([fired(100), fired(710, lowest=None)]), Kind.CASCADE, Severity.WATCH)
    assert (outcome.counted, outcome.unjudged, outcome.right) == (1, 1, 0)
    assert (outcome.lost, outcome.lowest) == (-0.03, -0.01)


def test_a_sell_off_after_a_warning_that_is_not_judged_yet_was_warned_of_all_the_same() -> None:
    outcome = outcome_of(record([fired(710, lowest=None)], [715]), Kind.CASCADE, Severity.WATCH)
    assert (outcome.counted, outcome.uncounted, outcome.right) == (0, 1, 0)
    assert len(outcome.matched.warned_ms) == 1
    assert outcome.matched.lead_hours == (5.0, 5.0, 5.0)


def test_twenty_days_with_a_sell_off_are_needed_and_two_on_one_day_are_one() -> None:
    onsets = [24 * day for day in range(19)]
    assert not outcome_of(record([], [*onsets, 1]), Kind.CASCADE, Severity.WATCH).is_established
    assert outcome_of(record([], [*onsets, 24 * 19]), Kind.CASCADE, Severity.WATCH).is_established


def test_a_firing_knows_how_far_price_fell_within_a_day_and_where_it_was_then() -> None:
    bars = bars_of([100.0] * 10 + [95.0] * 20 + [98.0] * 20, lows={12: 90.0})
    firing = firing_of(alert(8), bars, -0.02)
    assert firing.lowest_24h == pytest.approx(-0.1)
    assert firing.after_24h == pytest.approx(-0.02)
    assert firing.lost == -0.02


def test_a_day_that_is_not_over_or_is_hardly_known_is_no_calm_day() -> None:
    bars = bars_of([100.0] * 60)
    assert firing_of(alert(36), bars, None).lowest_24h is None
    assert firing_of(alert(-1), bars, None).lowest_24h is None
    hole = bars_of([100.0] * 60, lows=dict.fromkeys(range(10, 17), nan))
    assert firing_of(alert(5), hole, None).lowest_24h is None
    small = bars_of([100.0] * 60, lows=dict.fromkeys(range(10, 16), nan))
    assert firing_of(alert(5), small, None).lowest_24h == 0.0


def test_a_warning_turned_out_right_false_inside_open_or_unknown() -> None:
    told = record([], (100,))
    assert verdict_of(fired(90), told) is Verdict.RIGHT
    assert verdict_of(fired(70), told) is Verdict.FALSE
    assert verdict_of(fired(110), told) is Verdict.INSIDE
    assert verdict_of(fired(700), told) is Verdict.OPEN
    assert verdict_of(fired(300, lowest=None), told) is Verdict.UNKNOWN
    assert verdict_of(fired(-5), told) is Verdict.UNKNOWN
    assert verdict_of(fired(90), None) is Verdict.UNKNOWN


def test_a_warning_told_in_the_hour_in_which_the_fall_began_came_with_it() -> None:
    late = replace(fired(99), at_ms=at(100) - 40 * MINUTE_MS)
    told = record([late], (100,))
    assert verdict_of(late, told) is Verdict.INSIDE
    assert outcome_of(told, Kind.CASCADE, Severity.WATCH).matched.inside_ms == (late.at_ms,)


def test_the_last_episodes_come_newest_first() -> None:
    told = record([fired(10), fired(60), fired(90)], (100,))
    assert [(one.at_ms, verdict) for one, verdict in latest(told, Kind.CASCADE, 2)] == [
        (at(90), Verdict.RIGHT),
        (at(60), Verdict.FALSE),
    ]


def test_the_price_later_is_the_first_close_after_so_many_hours() -> None:
    hours = hours_of([100.0, 100.0, 99.0, 98.0, 96.0])
    seconds_past = at(1) + 5 * MINUTE_MS
    assert moved_since(hours, seconds_past, 100.0, 1) == pytest.approx(-0.02)
    assert moved_since(hours, at(1), 100.0, 1) == pytest.approx(-0.01)
    assert moved_since(hours, at(1), None, 3) == pytest.approx(-0.04)


def test_what_has_not_closed_yet_is_told_from_what_is_not_known() -> None:
    hours = hours_of([100.0, nan, 99.0])
    assert moved_since(hours, at(1), 100.0, 24) is Unseen.NOT_YET
    assert moved_since(hours, at(0), 100.0, 1) is Unseen.UNKNOWN
    assert moved_since(hours, at(1), None, 1) is Unseen.UNKNOWN
    assert moved_since(hours, at(-9), 100.0, 1) is Unseen.UNKNOWN
    assert moved_since(None, at(1), 100.0, 1) is Unseen.UNKNOWN
    assert moved_since(Hourly(), at(1), 100.0, 1) is Unseen.UNKNOWN


def test_the_record_of_told_warnings_is_counted_as_a_look_back_counts() -> None:
    told = replace(record([], (100,)), scored_ms=at(50))
    hours = hours_of([100.0] * 721)
    alerts = [alert(10), alert(90), alert(300), alert(310, severity=Severity.WATCH), alert(719)]
    outcome = record_of(alerts, hours, told, Kind.CASCADE, Severity.WARNING)
    assert (outcome.right, outcome.counted, outcome.unjudged) == (1, 2, 1)
    assert outcome.matched.hours == 720 - 50 - 24
    assert (told.until_ms - told.scored_ms) / DAY_MS == pytest.approx(670 / 24)
