"""Numbers as a trader reads them."""

import pytest

from commands.protocol.style import Style, written_in
from commands.wording import numbers
from commands.wording.columns import COLUMNS, fit, folded, sides
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (64_210.0, "64,210"), (1_234.5, "1,234"), (145.26, "145.3"), (5.824, "5.824"), (0.5, "0.5000"),
        (0.00001234, "0.00001234"), (0.0, "0"), (None, "?"), (2.5e9, "2.50B"),
    ],
)  # fmt: skip
def test_a_price_has_the_digits_that_matter(usd: float | None, told: str) -> None:
    assert numbers.price(usd) == told


@pytest.mark.parametrize(
    ("fraction", "told"), [(-0.021, "-2.1%"), (0.05, "+5.0%"), (0.0, "0.0%"), (-0.0001, "0.0%"), (None, "?")]
)
def test_a_percentage_shows_its_sign_and_no_negative_nothing(fraction: float | None, told: str) -> None:
    assert numbers.percent(fraction) == told


@pytest.mark.parametrize(
    ("fraction", "told"),
    [
        (0.00031, ".031%/8h"), (-0.0002, "-.020%/8h"), (0.000053, ".0053%/8h"), (0.00005, ".005%/8h"), (0.02, "2.000%/8h"),
        (0.0, ".000%/8h"),
    ],
)  # fmt: skip
def test_a_rate_is_told_per_eight_hours(fraction: float, told: str) -> None:
    assert numbers.rate(fraction) == told


def test_a_language_that_leaves_no_number_without_its_zero_has_it_wherever_there_is_room() -> None:
    with written_in(Style(decimal=",", thousands=".", leading_zero=True)):
        assert numbers.rate(0.00031) == "0,031%/8h"
        assert numbers.rate_short(0.00031) == ",031%/8h"
        assert numbers.bare(0.75) == "0,75"
        assert numbers.rate(None) == numbers.rate_short(None) == "?"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (214_000.0, "214k"), (1_234_000.0, "1.23M"), (79_900.0, "79.9k"), (999_950.0, "1.00M"), (412e6, "412M"),
        (0.0, "0"), (3.14159, "3.14"), (1e30, "1e+30"), (None, "?"),
    ],
)  # fmt: skip
def test_an_amount_is_short(value: float | None, told: str) -> None:
    assert numbers.short(value) == told


@pytest.mark.parametrize(
    ("leverage", "told"), [(1.875, "1.8x"), (5.0, "5.0x"), (9.4473, "9.4x"), (0.99, "0.9x")]
)
def test_a_cap_is_shown_rounded_down(leverage: float, told: str) -> None:
    assert numbers.times(leverage) == told


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (4 * SECOND_MS, "4s"), (2 * MINUTE_MS, "2min"), (119 * MINUTE_MS, "119min"), (3 * HOUR_MS, "3h"),
        (47 * HOUR_MS, "47h"), (5 * DAY_MS, "5d"), (-5, "0s"), (None, "-"),
    ],
)  # fmt: skip
def test_an_age_has_one_unit(ms: int | None, told: str) -> None:
    assert numbers.age(ms) == told


def test_a_daily_value_says_so() -> None:
    assert numbers.age(19 * HOUR_MS, daily=True) == "19h daily"
    assert numbers.age(HOUR_MS, daily=True) == "1h daily"
    assert numbers.age(59 * MINUTE_MS, daily=True) == "59m daily"


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (6 * HOUR_MS + 20 * MINUTE_MS, "6 h 20 min"), (28 * HOUR_MS + 20 * MINUTE_MS, "28 h 20 min"),
        (3 * DAY_MS + 4 * HOUR_MS, "3 d 4 h"), (2 * DAY_MS, "2 d"), (HOUR_MS, "1 h"), (50 * SECOND_MS, "50 s"), (59 * MINUTE_MS, "59 min"),
    ],
)  # fmt: skip
def test_a_duration_reads_as_words(ms: int, told: str) -> None:
    assert numbers.duration(ms) == told


def test_times_are_told_in_utc() -> None:
    assert numbers.clock(1_722_823_450_000) == "02:04:10 UTC"
    assert numbers.date_and_clock(1_722_823_450_000) == "2024-08-05 02:04 UTC"


@pytest.mark.parametrize(("percentile", "told"), [(0.88, "p88"), (1.0, "p99"), (0.0, "p0"), (None, "-")])
def test_a_rank_never_claims_to_be_above_all(percentile: float | None, told: str) -> None:
    assert numbers.rank(percentile) == told


def test_a_chance_that_rounds_to_nothing_is_not_said_to_be_nothing() -> None:
    assert numbers.chance(0.0001) == "<0.1%"
    assert numbers.chance(0.33) == "33.0%"


def test_lines_are_cut_folded_and_set_apart() -> None:
    assert fit("x" * 40) == "x" * 36 + "…"
    assert sides("left", "right") == "left" + " " * 28 + "right"
    assert len(sides("l" * 60, "right")) == COLUMNS
    assert all(len(line) <= COLUMNS for line in folded("many words " * 20, "  "))


def test_an_amount_that_has_to_be_there_is_never_a_little_too_small() -> None:
    assert [numbers.enough(usd) for usd in (16_666.2, 6_000.000_000_1, 12.341, 999.999)] == [
        "16,667",
        "6,000",
        "12.35",
        "1,000",
    ]
    assert [numbers.enough_times(multiple) for multiple in (1.3611, 1.4, 2.0)] == ["1.4", "1.4", "2.0"]


def test_a_share_that_somebody_set_has_no_more_decimals_than_it_has() -> None:
    assert [numbers.share(one) for one in (0.05, 0.025, 0.0002, 1.0, None)] == [
        "5%",
        "2.5%",
        "0.02%",
        "100%",
        "?",
    ]
