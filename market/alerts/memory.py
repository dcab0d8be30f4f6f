"""What the decisions remember of one asset; a checkpoint of the engine keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.alerts.alert import Severity
from market.alerts.standing import Standing
from market.table import State


@dataclass(frozen=True, slots=True)
class Episode:
    """A cascade warning that stands. `reference_usd` is the price a day before it began.

    `by_price` is whether anything but context has spoken;
    `unknown_told_ms` is when it was last said that price is out of sight. `clear_since_ms` is since when it is seen that
    all is clear, `blind_since_ms` since when that is not known.
    """

    id: str
    severity: Severity
    opened_ms: int
    told_ms: int
    reference_usd: float
    low_usd: float
    sigma_1d: float
    by_price: bool
    clear_since_ms: int | None = None
    is_unknown: bool = False
    unknown_told_ms: int | None = None
    blind_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AlertMemory:
    """What has been said of one asset, and what still stands; `standing` by kind."""

    episode: Episode | None = None
    context_told_ms: int | None = None
    told_state: State | None = None
    regime_opened_ms: int | None = None
    told_state_ms: Mapping[str, int] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)
