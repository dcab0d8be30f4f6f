"""What a simulated coin looks like in quiet times: price, size of its market, volatility and tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from market.observations import Asset


@dataclass(frozen=True, slots=True)
class Profile:
    """One coin in quiet times.

    `sigma` is its annualised volatility, `together` its correlation with what moves all coins, `day_turnover` a day's
    volume in units of open interest, `dvol_usual` implied volatility in units of realised.
    """

    start_price_usd: float
    open_interest_coins: float
    sigma: float
    together: float
    tick_usd: float
    day_turnover: float = 1.1
    dvol_usual: float = 1.12


PROFILES: Mapping[Asset, Profile] = MappingProxyType(
    {
        "BTC": Profile(68_000.0, 205_000.0, 0.34, 0.90, 0.1),
        "ETH": Profile(2_650.0, 3_400_000.0, 0.46, 0.85, 0.01),
        "SOL": Profile(155.0, 21_000_000.0, 0.60, 0.80, 0.001),
    }
)


def profile_of(asset: Asset) -> Profile:
    """The profile of a coin; raises ValueError for one that is not simulated."""
    try:
        return PROFILES[asset]
    except KeyError:
        raise ValueError(f"{asset} is not simulated; there are {', '.join(PROFILES)}") from None
