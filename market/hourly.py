"""The closed hours of an asset: what a position's odds and the map of leverage are counted from, and what pictures show."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING, TypeAlias

from market.backtest_rules import BacktestRules
from market.observations import HOUR_MS

if TYPE_CHECKING:
    Doubles: TypeAlias = array[float]
else:
    # before Python 3.12 an array takes no type in brackets
    Doubles = array

KEPT_HOURS = 180 * 24
ANOTHER_SOURCE = BacktestRules().other_venues_change


def _column() -> Doubles:
    return array("d")


def _shown() -> Doubles:
    """A column that is looked at, not computed with: seven digits are enough, in half the room."""
    return array("f")


@dataclass(slots=True, weakref_slot=True)
class Hourly:
    """Hours oldest first, one a row and none left out: what is unknown of one is NaN, never the value before it.

    The last row closed at `last_close_ms` (UTC ms, a full hour; 0 while there is none). Prices in US dollars, open interest in
    coins at the close of the hour: unknown where it is old, and in the one hour at which another venue's sum begins, so that
    a difference of two hours in a row is always a change of the same thing. At most `KEPT_HOURS` rows are kept.

    The other columns have seven digits. Liquidations in US dollars by position side, of an hour of which at least nine
    tenths were told (floors where a venue tells a sample); `funding_8h` is the mean of the day up to the close as a fraction
    per eight hours, `skew_points` the 30-day 25-delta skew in vol points, both while fresh; `state_code` the place in
    `market.table.CODED` of the state said at the close, `volume_usd` what the perpetual traded. An hour of an older version
    knows none of them. `changes` grows with everything that is added or mended.
    """

    last_close_ms: int = 0
    high_usd: Doubles = field(default_factory=_column)
    low_usd: Doubles = field(default_factory=_column)
    close_usd: Doubles = field(default_factory=_column)
    open_interest_coins: Doubles = field(default_factory=_column)
    long_liquidated_usd: Doubles = field(default_factory=_shown)
    short_liquidated_usd: Doubles = field(default_factory=_shown)
    funding_8h: Doubles = field(default_factory=_shown)
    skew_points: Doubles = field(default_factory=_shown)
    state_code: Doubles = field(default_factory=_shown)
    volume_usd: Doubles = field(default_factory=_shown)
    changes: int = 0

    __hash__ = None  # type: ignore[assignment]  # it changes with every hour

    def __post_init__(self) -> None:
        """Give hours that were stored by an older version the columns it did not know."""
        rows = len(self.close_usd)
        for column in self.columns():
            missing = rows - len(column)
            if missing > 0:
                column[:0] = array(column.typecode, [nan]) * missing

    def __eq__(self, other: object) -> bool:
        """Equal to the last bit; an hour that is unknown here and there is the same."""
        if not isinstance(other, Hourly):
            return NotImplemented
        if self.last_close_ms != other.last_close_ms:
            return False
        pairs = zip(self.columns(), other.columns(), strict=True)
        return all(mine.tobytes() == theirs.tobytes() for mine, theirs in pairs)

    def __len__(self) -> int:
        return len(self.close_usd)

    @property
    def first_close_ms(self) -> int:
        """When the oldest row closed (UTC ms)."""
        return self.last_close_ms - (len(self) - 1) * HOUR_MS

    def close_hour(
        self,
        close_ms: int,
        high_usd: float,
        low_usd: float,
        close_usd: float,
        coins: float | None,
        *,
        funding_8h: float | None = None,
        skew_points: float | None = None,
        volume_usd: float | None = None,
    ) -> None:
        """Add the hour that closed at `close_ms`; hours between it and the last one are unknown. An older one is ignored."""
        if close_ms <= self.last_close_ms:
            return
        missing = (close_ms - self.last_close_ms) // HOUR_MS - 1 if self.last_close_ms else 0
        for _ in range(min(missing, KEPT_HOURS)):
            self._add(nan, nan, nan, nan)
        shown = [nan if one is None else one for one in (funding_8h, skew_points, volume_usd)]
        self._add(high_usd, low_usd, close_usd, nan if coins is None else coins, *shown)
        self.last_close_ms = close_ms

    def set_liquidated(self, close_ms: int, long_usd: float, short_usd: float) -> None:
        """Say what was closed by force in the hour that closed at `close_ms`; late minutes say it again. Not kept: ignored."""
        row = self._row(close_ms)
        if row is not None:
            self.long_liquidated_usd[row], self.short_liquidated_usd[row] = long_usd, short_usd
            self.changes += 1

    def set_state(self, close_ms: int, code: int) -> None:
        """Say which state was said at the close of an hour, once: a later look does not change what was said then."""
        row = self._row(close_ms)
        if row is not None and isnan(self.state_code[row]):
            self.state_code[row] = float(code)
            self.changes += 1

    def _row(self, close_ms: int) -> int | None:
        row = len(self) - 1 - (self.last_close_ms - close_ms) // HOUR_MS
        return row if 0 <= row < len(self) else None

    def _add(
        self,
        high_usd: float,
        low_usd: float,
        close_usd: float,
        coins: float,
        funding_8h: float = nan,
        skew_points: float = nan,
        volume_usd: float = nan,
    ) -> None:
        row = (high_usd, low_usd, close_usd, coins, nan, nan, funding_8h, skew_points, nan, volume_usd)
        for column, value in zip(self.columns(), row, strict=True):
            column.append(value)
            if len(column) > KEPT_HOURS:
                del column[0]
        self.changes += 1

    def interest_of_one_source(self) -> Doubles:
        """Open interest of the source that told the last hours, unknown before it began: sums of others are never compared.

        Whose it is is not kept: where it changes an hour is unknown, and the level is another after it.
        """
        column, after, is_gap = self.open_interest_coins, nan, False
        for row in range(len(column) - 1, -1, -1):
            coins = column[row]
            if isnan(coins):
                is_gap = True
            elif is_gap and abs(after - coins) > ANOTHER_SOURCE * coins:
                return array("d", [nan]) * (row + 1) + column[row + 1 :]
            else:
                after, is_gap = coins, False
        return column

    def columns(self) -> tuple[Doubles, ...]:
        """Every column, each as long as the others."""
        return (
            self.high_usd,
            self.low_usd,
            self.close_usd,
            self.open_interest_coins,
            self.long_liquidated_usd,
            self.short_liquidated_usd,
            self.funding_8h,
            self.skew_points,
            self.state_code,
            self.volume_usd,
        )


def known(column: Sequence[float]) -> tuple[float | None, ...]:
    """The numbers of a column, None where one is unknown."""
    return tuple([None if isnan(value) else value for value in column])
