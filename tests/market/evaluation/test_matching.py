"""Matching alerts with events, by the vector of section 10 and at every edge of its windows."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.evaluation.matching import Matched, match, refracted
from market.evaluation_rules import MatchRules
from market.observations import HOUR_MS, MINUTE_MS

EVENTS, ALERTS, MONTH = (100, 200, 300), (94, 97, 150, 205, 296), 720.0
ONSET = 1_000 * HOUR_MS


def hours(*places: float) -> tuple[int, ...]:
    return tuple(int(place * HOUR_MS) for place in places)


def vector(refractory_hours: float | None = None) -> Matched:
    return match(hours(*ALERTS), hours(*EVENTS), MONTH, refractory_hours=refractory_hours)


def one(lead_ms: int) -> Matched:
    """A single alert so long before a single onset."""
    return match([ONSET - lead_ms], [ONSET], MONTH)


def test_the_vector_of_section_10() -> None:
    found = vector()
    assert found.dropped_ms == hours(97)
    assert found.inside_ms == hours(205)
    assert found.kept_ms == hours(94, 150, 296)
    assert (found.right_ms, found.false_ms) == (hours(94, 296), hours(150))
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.leads_ms == hours(6, 4)
    assert found.false_a_month() == 1.0
    assert found.alerts_a_month() == 3.0


def test_the_vector_has_a_median_lead_of_five_hours_between_its_quartiles() -> None:
    assert vector().lead_hours == (4.5, 5.0, 5.5)


def test_by_episode_the_vector_loses_nothing_more() -> None:
    assert vector(24).kept_ms == hours(94, 150, 296)


def test_without_a_refractory_time_one_sell_off_makes_two_right_alerts_and_one_warned_event() -> None:
    found = vector(0)
    assert found.right_ms == hours(94, 97, 296)
    assert found.warned_ms == hours(100, 300)
    assert found.leads_ms == hours(6, 4)  # of the first alert


def test_the_order_in_which_alerts_come_does_not_matter() -> None:
    assert match(hours(296, 94, 205, 97, 150), hours(300, 100, 200), MONTH) == vector()


@pytest.mark.parametrize(
    ("lead_ms", "side"),
    [
        (24 * HOUR_MS, "right_ms"),
        (24 * HOUR_MS + 1, "false_ms"),
        (15 * MINUTE_MS, "right_ms"),
        (15 * MINUTE_MS - 1, "inside_ms"),
        (0, "inside_ms"),
        (-24 * HOUR_MS, "inside_ms"),
        (-24 * HOUR_MS - 1, "false_ms"),
    ],
)
def test_an_alert_is_right_from_a_day_to_a_quarter_of_an_hour_before_and_neither_for_a_day_after(
    lead_ms: int, side: str
) -> None:
    found = one(lead_ms)
    assert getattr(found, side) == (ONSET - lead_ms,)
    assert len(found.right_ms) + len(found.false_ms) + len(found.inside_ms) == 1


def test_an_alert_too_close_to_one_onset_is_right_of_the_next_where_that_is_near() -> None:
    # the merging of onsets keeps such a pair apart; other labels may not
    found = match([ONSET - MINUTE_MS], [ONSET, ONSET + 20 * HOUR_MS], MONTH)
    assert found.right_ms == (ONSET - MINUTE_MS,)
    assert found.warned_ms == (ONSET + 20 * HOUR_MS,)


def test_an_alert_during_one_sell_off_is_no_warning_of_the_next() -> None:
    assert match([ONSET + HOUR_MS], [ONSET, ONSET + 20 * HOUR_MS], MONTH).inside_ms == (ONSET + HOUR_MS,)


def test_an_alert_within_the_hour_of_an_onset_is_inside_where_onsets_are_known_to_the_hour() -> None:
    early, late = ONSET - 61 * MINUTE_MS, ONSET - 50 * MINUTE_MS
    found = match([early, late], [ONSET], MONTH, refractory_hours=0, bar_ms=HOUR_MS)
    assert (found.right_ms, found.inside_ms) == ((early,), (late,))
    assert found.leads_ms == (HOUR_MS,)


def test_a_dropped_alert_starts_no_new_refractory_time() -> None:
    assert refracted(hours(0, 4, 8), 6) == (hours(0, 8), hours(4))


def test_an_alert_exactly_at_the_end_of_the_refractory_time_counts() -> None:
    assert refracted(hours(0, 6), 6) == (hours(0, 6), ())


def test_nothing_is_claimed_of_nothing() -> None:
    silent = match([], hours(100), MONTH)
    assert (silent.precision, silent.recall, silent.lead_hours) == (None, 0.0, None)
    calm = match(hours(5), [], MONTH)
    assert (calm.precision, calm.recall) == (0.0, None)
    assert match([], [], 0.0).false_a_month() is None
    assert match([], [], 0.0).alerts_a_month() is None


def test_one_lead_is_all_its_quartiles() -> None:
    assert one(3 * HOUR_MS).lead_hours == (3.0, 3.0, 3.0)


def test_the_rules_move_the_windows() -> None:
    rules = MatchRules(longest_lead_hours=5, refractory_hours=1)
    found = match(hours(*ALERTS), hours(*EVENTS), MONTH, rules)
    assert found.right_ms == hours(97, 296)
    assert found.false_ms == hours(94, 150)


@given(
    st.lists(st.integers(0, 2_000), max_size=30),
    st.lists(st.integers(0, 2_000), max_size=10, unique=True),
    st.sampled_from([0.0, 6.0, 24.0]),
)
def test_every_alert_is_of_one_fate_and_every_warned_event_has_its_lead(
    alerts: list[int], events: list[int], refractory_hours: float
) -> None:
    found = match(hours(*alerts), hours(*events), MONTH, refractory_hours=refractory_hours)
    fates = (found.right_ms, found.false_ms, found.inside_ms, found.dropped_ms)
    assert sorted(at for fate in fates for at in fate) == sorted(hours(*alerts))
    assert set(found.warned_ms) <= set(found.onsets_ms)
    assert len(found.leads_ms) == len(found.warned_ms) <= len(found.right_ms)
    assert all(15 * MINUTE_MS <= lead <= 24 * HOUR_MS for lead in found.leads_ms)
    assert all(
        list(getattr(found, one.name)) == sorted(getattr(found, one.name)) for one in fields(found)[1:7]
    )
