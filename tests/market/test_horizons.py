"""How far flagged buckets reach in time, and what nobody saw of them (quant.md section 1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.formulas.horizons import Horizon, horizon_of
from market.observations import DAY_MS, HOUR_MS
from market.rules import PriceRules
from market.state.flagged import Flagged

RULES = PriceRules()
NONE = (0, 0)


def horizon(
    fives: int | None = 0, hours: tuple[int, int] = NONE, days: tuple[int, int] = NONE
) -> Horizon | None:
    return horizon_of(fives, hours, days, RULES.episode_hours, RULES.regime_days)


@pytest.mark.parametrize(
    ("fives", "hours", "days", "reached"),
    [
        (0, (0, 0), (0, 0), Horizon.QUIET),
        (7, (0, 0), (0, 0), Horizon.NOISE),
        (7, (2, 0), (2, 0), Horizon.NOISE),
        (0, (3, 0), (0, 0), Horizon.EPISODE),
        (0, (0, 0), (3, 0), Horizon.REGIME),
        (9, (9, 0), (3, 0), Horizon.REGIME),
    ],
)
def test_five_minutes_are_noise_three_hours_an_episode_three_days_a_regime(
    fives: int, hours: tuple[int, int], days: tuple[int, int], reached: Horizon
) -> None:
    assert horizon(fives, hours, days) is reached


def test_a_source_without_five_minutes_leaves_the_or() -> None:
    assert horizon(None) is Horizon.QUIET
    assert horizon(None, (1, 0)) is Horizon.NOISE
    assert horizon(None, (3, 0)) is Horizon.EPISODE


def test_what_nobody_saw_could_have_made_an_episode() -> None:
    assert horizon(hours=(1, 2)) is None
    assert horizon(hours=(1, 1)) is Horizon.NOISE
    assert horizon(days=(0, 3)) is None


def test_an_episode_stands_although_it_may_be_a_regime() -> None:
    assert horizon(hours=(3, 0), days=(0, 7)) is Horizon.EPISODE


counts = st.tuples(st.integers(0, 7), st.integers(0, 7))


@given(st.integers(0, 288), counts, counts)
def test_seeing_more_never_takes_back_what_was_asserted(
    fives: int, hours: tuple[int, int], days: tuple[int, int]
) -> None:
    told = horizon(fives, hours, days)
    worst = horizon(fives, (hours[0] + hours[1], 0), (days[0] + days[1], 0))
    assert worst is not None
    assert told is None or told <= worst


def test_hours_that_nobody_saw_are_unknown_and_not_unflagged() -> None:
    hours = Flagged(HOUR_MS, 24)
    hours.close(100 * HOUR_MS, True)
    assert hours.counts == (1, 23)
    hours.close(101 * HOUR_MS, False)
    assert hours.counts == (1, 22)
    hours.close(111 * HOUR_MS, True)
    assert hours.counts == (2, 21)
    assert [found for found in hours.found if found is not None] == [True, False, True]


def test_a_flag_leaves_with_its_window_however_long_nobody_looked() -> None:
    days = Flagged(DAY_MS, 7)
    for number in range(1, 8):
        days.close(number * DAY_MS, number == 1)
    assert days.counts == (1, 0)
    days.close(8 * DAY_MS, False)
    assert days.counts == (0, 0)
    days.close(10_000 * DAY_MS, True)
    assert days.counts == (1, 6)
    assert len(days.found) == 7


def test_an_hour_closes_once() -> None:
    hours = Flagged(HOUR_MS, 24)
    hours.close(100 * HOUR_MS, True)
    hours.close(100 * HOUR_MS, False)
    hours.close(99 * HOUR_MS, False)
    assert hours.counts == (1, 23)
