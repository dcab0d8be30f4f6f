"""What the commands may ask of the past: Protocols, as in `store.services`."""

from typing import Protocol

from market.alerts import Alert
from market.evaluation.backtest import Backtest
from market.hourly import Hourly
from market.observations import Asset


class KeptHours(Protocol):
    """The closed hours of each asset."""

    async def of(self, asset: Asset) -> Hourly | None:
        """The hours of `asset`, None where none are kept."""


class Backtests(Protocol):
    """What the kept hours of each asset would have been warned of."""

    async def of(self, asset: Asset) -> Backtest | None:
        """The look back at the hours of `asset`, None where there is none yet, or too few are kept."""


class Warned(Protocol):
    """The warnings of a year: what began or grew worse, of cascades and regimes, and the last of all others."""

    async def told(self) -> tuple[Alert, ...]:
        """Those that are kept, newest first."""
