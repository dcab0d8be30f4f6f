"""Numbers and tables as the document writes them."""

from collections.abc import Iterable, Sequence
from math import isnan

from market.evaluation.bootstrap import Interval


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in markdown."""
    lines = [head, ["-"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float | None, digits: int = 2) -> str:
    """A number, "-" where there is none."""
    return "-" if value is None or isnan(value) else f"{value:.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """A fraction in percent."""
    return "-" if value is None or isnan(value) else f"{value:.{digits}%}"


def with_interval(interval: Interval, digits: int = 3) -> str:
    """A figure and its interval."""
    if isnan(interval.value):
        return "-"
    return (
        f"{number(interval.value, digits)} [{number(interval.low, digits)}, {number(interval.high, digits)}]"
    )
