"""A market as the engine saw it bar by bar: what scores are made from, one row a closed hour."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from market.alerts import Alert
from market.observations import HOUR_MS, Asset

if TYPE_CHECKING:
    Doubles: TypeAlias = array[float]
else:
    # before Python 3.12 an array takes no type in brackets
    Doubles = array


@dataclass(frozen=True, slots=True)
class Bars:
    """Hours in a row, none left out; NaN where a price or the volatility is unknown.

    Row i closed at `first_close_ms` + i hours (UTC ms). `high_usd` and `low_usd` are of the whole hour. `sigma_24h` is the
    standard deviation of the log return of the next day, as known at the close.
    """

    asset: Asset
    first_close_ms: int
    high_usd: Doubles
    low_usd: Doubles
    close_usd: Doubles
    sigma_24h: Doubles

    def __len__(self) -> int:
        return len(self.close_usd)

    def close_ms(self, row: int) -> int:
        """When that hour closed."""
        return self.first_close_ms + row * HOUR_MS

    def row_at(self, at_ms: int) -> int:
        """The last hour that was closed at `at_ms`; below 0 or beyond the end where the bars do not reach."""
        return (at_ms - self.first_close_ms) // HOUR_MS


@dataclass(frozen=True, slots=True)
class Recorded:
    """Bars, what was known at each close, and the alerts that were told.

    `columns`: facts as "price.shock_24h", a reading's own value and rank as "funding.value" and "funding.percentile", flags
    as "flag.pd" (1 holds, 0 does not, NaN unknown; "seen.pd" with what is absent counted as not seen), "regime.state" (the
    place in `market.table.CODED`), "regime.stage", "regime.score", "regime.protip", "regime.confidence",
    and "size.CAP" / "size.max_leverage" of a 5x long held 72 h. All as long as the bars.
    """

    bars: Bars
    columns: Mapping[str, Doubles] = field(repr=False)
    alerts: tuple[Alert, ...] = field(default=(), repr=False)

    @property
    def asset(self) -> Asset:
        """Whose market it is."""
        return self.bars.asset
