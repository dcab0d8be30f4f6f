"""Round numbers and times beside a picture, and how they are written."""

import pytest

from bot.pictures.scales import moment, moments, ticks, words
from commands.protocol.style import Style, written_in
from market.observations import DAY_MS, HOUR_MS
from tests.bot.pictures.samples import FIRST_MS


def test_round_numbers_are_at_most_so_many_and_lie_within() -> None:
    assert ticks(58_210.0, 66_900.0, 4).values == (60_000.0, 62_000.0, 64_000.0, 66_000.0)
    assert ticks(-0.0002, 0.0004, 4).step == pytest.approx(0.0002)
    assert ticks(0.0, 1.0, 2).values == (0.0, 1.0)


@pytest.mark.parametrize("span", [1e-9, 3e-5, 0.7, 13.0, 8.8e4, 4.2e9])
def test_there_are_always_some_whatever_the_size(span: float) -> None:
    for most in (2, 3, 4, 7):
        found = ticks(1.3 * span, 2.3 * span, most)
        assert 1 <= len(found.values) <= most


@pytest.mark.parametrize(
    ("value", "step", "unit", "largest", "said"),
    [
        (64_500.0, 500.0, "usd", 66_000.0, "64,500"),
        (2_500_000.0, 500_000.0, "usd", 4e6, "2.5M"),
        (2e9, 1e9, "usd", 2e9, "2B"),
        (210_000.0, 5_000.0, "coins", 215_000.0, "210k"),
        (0.0003, 0.0001, "percent", 0.0004, "0.03%"),
        (-0.05, 0.05, "percent", 0.1, "-5%"),
        (6.0, 2.0, "points", 8.0, "+6"),
        (0.25, 0.25, "bps", 1.0, "0.25"),
        (0.0, 0.25, "points", 1.0, "0"),
    ],
)
def test_a_round_number_is_written_with_as_many_digits_as_its_step_needs(
    value: float, step: float, unit: str, largest: float, said: str
) -> None:
    assert words(value, step, unit, largest) == said


def test_a_day_has_hours_a_week_has_days_and_half_a_year_has_months() -> None:
    said = [[word for _, word in moments(FIRST_MS, FIRST_MS + days * DAY_MS, 7)] for days in (1, 6, 180)]
    assert said[0] == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    assert said[1] == ["11-20", "11-21", "11-22", "11-23", "11-24", "11-25", "11-26"]
    assert said[2] == ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]


def test_times_stand_where_they_are() -> None:
    assert moments(FIRST_MS + 1, FIRST_MS + 6 * HOUR_MS, 7)[0] == (FIRST_MS + HOUR_MS, "01:00")
    assert moments(FIRST_MS, FIRST_MS + 4_000 * DAY_MS, 7) == ()
    assert moment(FIRST_MS + HOUR_MS) == "2025-11-20 01:00 UTC"


def test_numbers_and_days_are_written_as_the_language_of_the_picture_does() -> None:
    spanish = Style(",", ".", date="{day}/{month}/{year}", tick="{day}/{month}", year_month="{month}/{year}")
    with written_in(spanish):
        assert words(64_500.0, 500.0, "usd", 66_000.0) == "64.500"
        assert words(2_500_000.0, 500_000.0, "usd", 4e6) == "2,5M"
        assert moments(FIRST_MS, FIRST_MS + 6 * DAY_MS, 7)[0][1] == "20/11"
        assert moments(FIRST_MS, FIRST_MS + 180 * DAY_MS, 7)[0][1] == "12/2025"
        assert moment(FIRST_MS + HOUR_MS) == "20/11/2025 01:00 UTC"
