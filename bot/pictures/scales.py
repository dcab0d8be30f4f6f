"""Round numbers and round times to stand beside a field, and how they are written in the style that holds."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from commands.protocol.style import style
from market.observations import DAY_MS, HOUR_MS

THOUSAND, MILLION, BILLION = 1e3, 1e6, 1e9
LONG_COUNT = 1e5
"""Counts from here on are written in thousands; prices are not."""
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_SPANS_MS = tuple(hours * HOUR_MS for hours in (1, 2, 3, 6, 12, 24, 48, 96, 7 * 24, 14 * 24))
_MONTHS = (1, 2, 3, 6, 12)
MOST_YEARS = 60
DUST = 1e-9


@dataclass(frozen=True, slots=True)
class Ticks:
    """Round numbers at equal steps."""

    values: tuple[float, ...]
    step: float


def ticks(low: float, high: float, most: int) -> Ticks:
    """At most `most` round numbers from `low` to `high`, which is the larger."""
    raw = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    for digit in _ROUND:
        step = digit * power
        first, last = math.ceil(low / step - DUST), math.floor(high / step + DUST)
        if last - first < most:
            return Ticks(tuple(number * step for number in range(first, last + 1)), step)
    return Ticks((), raw)


def words(value: float, step: float, unit: str, largest: float) -> str:
    """A round number among others `step` apart, the largest of which is `largest`; units as in Panel."""
    if abs(value) < DUST * step:
        return "0%" if unit == "percent" else "0"
    if unit == "percent":
        return style().number(f"{value * 100.0:.{_digits(step * 100.0)}f}%")
    if unit == "points":
        return style().number(f"{value:+.{_digits(step)}f}")
    divisor, letter = _scale(largest, unit)
    return style().number(f"{value / divisor:,.{_digits(step / divisor)}f}{letter}")


def moments(first_ms: float, last_ms: float, most: int) -> tuple[tuple[int, str], ...]:
    """At most `most` round times (UTC) of a span with their words: hours of a day, days, or months."""
    for span_ms in _SPANS_MS:
        begin = math.ceil(first_ms / span_ms) * span_ms
        if (last_ms - begin) / span_ms < most:
            write = _hour if span_ms < DAY_MS else day
            return tuple((at, write(at)) for at in range(begin, int(last_ms) + 1, span_ms))
    for step in _MONTHS:
        found = _months(first_ms, last_ms, step)
        if len(found) <= most:
            return found
    return ()


def day(at_ms: float) -> str:
    """A day (UTC) as it stands below a field."""
    return style().dated(style().tick, _at(at_ms))


def moment(at_ms: float) -> str:
    """A time as the foot of a picture tells it."""
    return f"{style().dated(style().date, _at(at_ms))} {_hour(at_ms)} UTC"


def _hour(at_ms: float) -> str:
    return f"{_at(at_ms):%H:%M}"


def _at(at_ms: float) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)


def _months(first_ms: float, last_ms: float, step: int) -> tuple[tuple[int, str], ...]:
    """The beginnings of every month, of every second one and so on, within a span."""
    year = _at(first_ms).year
    every = (
        datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for month in range(0, 12 * MOST_YEARS, step)
    )
    begun = ((round(at.timestamp() * 1_000), style().dated(style().year_month, at)) for at in every)
    return tuple((at, said) for at, said in begun if first_ms <= at <= last_ms)


def _scale(largest: float, unit: str) -> tuple[float, str]:
    if largest >= BILLION:
        return BILLION, "B"
    if largest >= MILLION:
        return MILLION, "M"
    return (THOUSAND, "k") if largest >= LONG_COUNT and unit != "usd" else (1.0, "")


def _digits(step: float) -> int:
    """How many decimals tell numbers this far apart."""
    return next((digits for digits in range(8) if abs(round(step, digits) - step) < DUST * step), 8)
