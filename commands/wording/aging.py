"""Lines of which nothing but an age changes while a snapshot stays: made once for it, with their ages for each answer."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

Line: TypeAlias = str | Callable[[int], str]
"""A whole line, or what makes one of the time (UTC ms) from which ages are counted; none of these holds a snapshot."""


def aged(lines: Iterable[Line], at_ms: int) -> tuple[str, ...]:
    """The lines as they are at `at_ms`."""
    return tuple([line if isinstance(line, str) else line(at_ms) for line in lines])
