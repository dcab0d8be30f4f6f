"""The closed hours of an asset: what a position's odds and the map of leverage are counted from (sections 8.10 and 9)."""

from array import array
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, TypeAlias

from market.observations import HOUR_MS

if TYPE_CHECKING:
    Doubles: TypeAlias = array[float]
else:
    # before Python 3.12 an array takes no type in brackets
    Doubles = array

KEPT_HOURS = 180 * 24


def _column() -> Doubles:
    return array("d")


@dataclass(slots=True)
class Hourly:
    """Hours oldest first, one a row and none left out: what is unknown of one is NaN, never the value before it.

    The last row closed at `last_close_ms` (UTC ms, a full hour; 0 while there is none). Prices in US dollars, open interest in
    coins at the close of the hour: unknown where it is old, and in the one hour at which another venue's sum begins, so that
    a difference of two hours in a row is always a change of the same thing. At most `KEPT_HOURS` rows are kept.
    """

    last_close_ms: int = 0
    high_usd: Doubles = field(default_factory=_column)
    low_usd: Doubles = field(default_factory=_column)
    close_usd: Doubles = field(default_factory=_column)
    open_interest_coins: Doubles = field(default_factory=_column)

    __hash__ = None  # type: ignore[assignment]  # it changes with every hour

    def __eq__(self, other: object) -> bool:
        """Equal to the last bit; an hour that is unknown here and there is the same."""
        if not isinstance(other, Hourly):
            return NotImplemented
        if self.last_close_ms != other.last_close_ms:
            return False
        pairs = zip(self._columns(), other._columns(), strict=True)
        return all(mine.tobytes() == theirs.tobytes() for mine, theirs in pairs)

    def __len__(self) -> int:
        return len(self.close_usd)

    def close_hour(
        self, close_ms: int, high_usd: float, low_usd: float, close_usd: float, coins: float | None
    ) -> None:
        """Add the hour that closed at `close_ms`; hours between it and the last one are unknown. An older one is ignored."""
        if close_ms <= self.last_close_ms:
            return
        missing = (close_ms - self.last_close_ms) // HOUR_MS - 1 if self.last_close_ms else 0
        for _ in range(min(missing, KEPT_HOURS)):
            self._add(nan, nan, nan, nan)
        self._add(high_usd, low_usd, close_usd, nan if coins is None else coins)
        self.last_close_ms = close_ms

    def _add(self, high_usd: float, low_usd: float, close_usd: float, coins: float) -> None:
        row = (high_usd, low_usd, close_usd, coins)
        for column, value in zip(self._columns(), row, strict=True):
            column.append(value)
            if len(column) > KEPT_HOURS:
                del column[0]

    def _columns(self) -> tuple[Doubles, ...]:
        return self.high_usd, self.low_usd, self.close_usd, self.open_interest_coins
