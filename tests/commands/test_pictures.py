"""Panels made of closed hours: what is known is drawn, what is not is a gap, and the words say the same numbers."""

from math import nan

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.picture import Ink, Mark, Rule
from commands.wording.pictures import (
    LEAST_OF_WEEK,
    WEEK_HOURS,
    alt,
    hours_panel,
    picture,
    series,
    states_panel,
    value_words,
    weekly_panel,
)
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS
from market.table import CODED, State
from tests.commands.markets import calm

ENGLISH = phrases_in("en")
MIDNIGHT_MS = 20_000 * DAY_MS


def hours_of(count: int, first_close_ms: int = MIDNIGHT_MS + HOUR_MS) -> Hourly:
    """So many hours whose price is their number."""
    hours = Hourly()
    for number in range(count):
        price = float(number + 1)
        hours.close_hour(first_close_ms + number * HOUR_MS, price, price, price, None)
    return hours


def said(hours: Hourly, *states: State) -> Hourly:
    for number, state in enumerate(states):
        hours.set_state(hours.first_close_ms + number * HOUR_MS, CODED.index(state))
    return hours


def test_a_panel_holds_the_last_week_and_ends_with_the_last_closed_hour() -> None:
    hours = hours_of(200)
    panel = hours_panel("Price", "usd", hours, (series("price", hours.close_usd),))
    assert panel.series[0].values == tuple(float(number) for number in range(33, 201))
    assert panel.first_ms + (WEEK_HOURS - 1) * panel.step_ms == hours.last_close_ms
    assert panel.says == "200.0"


def test_fewer_hours_make_a_shorter_panel() -> None:
    hours = hours_of(5)
    panel = hours_panel("Price", "usd", hours, (series("price", hours.close_usd),))
    assert (len(panel.series[0].values), panel.first_ms) == (5, hours.first_close_ms)


def test_what_is_not_known_is_a_gap_and_is_said() -> None:
    hours = hours_of(3)
    hours.set_liquidated(hours.first_close_ms, 4_120_000.0, 0.0)
    lines = (
        series("long", hours.long_liquidated_usd, Mark.BARS, Ink.STRESS),
        series("short", hours.short_liquidated_usd, Mark.BARS),
    )
    panel = hours_panel("Liquidations", "usd", hours, lines)
    assert panel.series[0].values == (4_120_000.0, None, None)
    assert panel.says == "long ?, short ?"
    assert alt("T", (panel,), ENGLISH) == (
        "T. Liquidations: long last ?, lowest 4.12M, highest 4.12M, 2 of 3 not known; "
        "short last ?, lowest 0, highest 0, 2 of 3 not known."
    )


def test_a_series_of_which_nothing_is_known_says_so() -> None:
    hours = hours_of(3)
    panel = hours_panel("Skew", "points", hours, (series("skew", hours.skew_points),))
    assert alt("T", (panel,), ENGLISH) == "T. Skew: not known."


def test_a_line_across_is_named_with_its_number() -> None:
    hours = hours_of(3)
    rules = (Rule(0.0003, "high"), Rule(2.0, "now", is_upright=True))
    panel = hours_panel("Funding", "percent", hours, (series("funding", [0.0001, 0.0002, nan]),), rules)
    assert alt("T", (panel,), ENGLISH) == (
        "T. Funding: last ?, lowest .010%, highest .020%, 1 of 3 not known; high .030%."
    )


def test_a_day_is_the_state_that_most_of_it_was_and_of_equals_the_severer() -> None:
    day = [State.HEALTHY] * 12 + [State.UNWINDING] * 12
    hours = said(hours_of(72), *day, *[State.CROWDING] * 13, *[State.HEALTHY] * 11, State.INSUFFICIENT_DATA)
    panel = states_panel("States", hours, ENGLISH)
    assert panel.band is not None
    names = [None if cell is None else panel.band.keys[cell][0] for cell in panel.band.cells]
    assert names == ["CAPITULATION/UNWINDING", "CROWDING", None]
    assert [ink for _, ink in panel.band.keys] == [Ink.CAUTION, Ink.STRESS]
    assert (panel.first_ms, panel.step_ms, panel.says) == (MIDNIGHT_MS, DAY_MS, "not known")
    assert alt("T", (panel,), ENGLISH) == "T. States: CROWDING 1, CAPITULATION/UNWINDING 1, not known 1."


def test_a_week_is_added_up_where_nine_tenths_of_it_are_known() -> None:
    hours = hours_of(2 * WEEK_HOURS + 10)
    for row in range(len(hours)):
        hours.set_liquidated(hours.first_close_ms + row * HOUR_MS, 2.0, 0.0)
    for row in range(10 + WEEK_HOURS, 10 + WEEK_HOURS + WEEK_HOURS - LEAST_OF_WEEK):
        hours.long_liquidated_usd[row] = nan
    panel = weekly_panel("Weeks", "long", hours, hours.long_liquidated_usd)
    assert panel.series[0].values == (2.0 * WEEK_HOURS, 2.0 * LEAST_OF_WEEK)
    assert panel.first_ms + panel.step_ms == hours.last_close_ms
    hours.long_liquidated_usd[-1] = nan
    assert weekly_panel("Weeks", "long", hours, hours.long_liquidated_usd).series[0].values[-1] is None


def test_two_pictures_of_the_same_have_one_key_and_a_late_number_makes_another() -> None:
    hours = hours_of(30)

    def drawn() -> str:
        panel = hours_panel("Price", "usd", hours, (series("price", hours.close_usd),))
        return picture("price", "BTC", calm(), hours, (panel,), ENGLISH).key

    first = drawn()
    assert first == drawn()
    assert first.startswith(f"price:live:BTC:{hours.last_close_ms}:")
    hours.close_usd[3] = 5.0
    assert drawn() != first


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("usd", 64_210.0, "64,210"),
        ("usd", 4_120_000.0, "4.12M"),
        ("coins", 214_000.0, "214k"),
        ("percent", 0.00031, ".031%"),
        ("percent", -0.0521, "-5.21%"),
        ("points", 6.1, "+6.1"),
        ("bps", 12.0, "12"),
        ("number", 0.5, "0.50"),
        ("usd", None, "?"),
    ],
)
def test_a_number_is_said_in_its_unit(unit: str, value: float | None, words: str) -> None:
    assert value_words(unit, value) == words
