"""Every threshold of a hedge, beside the sentence of section 6 ("Hedge cost") it stands for; shares are fractions."""

from collections.abc import Mapping
from dataclasses import dataclass, field


def _coin_steps() -> Mapping[str, float]:
    return {"BTC": 0.1, "ETH": 1.0}


def _dollar_steps() -> Mapping[str, float]:
    return {"SOL": 10.0, "XRP": 1_000.0}


@dataclass(frozen=True, slots=True)
class HedgeRules:
    """What is bought, what it costs, and from which price on it is not worth it."""

    # "long 92k put ... Put spread 92k/80k" at a price of 100k: so far below the price the strikes lie
    put_away: float = 0.08
    short_away: float = 0.20
    # the example's 30 days; nothing is listed for longer than a year and a half
    days: float = 30.0
    longest_days: float = 540.0
    # "fee min(.0003 coin, 12.5% of premium)/leg"; of contracts in dollars the taker pays .0005 of the index (Deribit's list)
    fee_coins: float = 0.0003
    fee_of_price: float = 0.0005
    fee_of_premium: float = 0.125
    # "z<1 -> put; z>=1 or skew/atm>=.12 -> spread"
    dear_z: float = 1.0
    dear_over_atm: float = 0.12
    # "cost/notional > 1.5x funding+fees of simply halving size -> reduce instead"
    too_dear: float = 1.5
    halved: float = 0.5
    # the falls at which what is left is told
    falls: tuple[float, ...] = (0.05, 0.10, 0.15, 0.20, 0.30)
    # the least amounts that are traded, in coins: of options in coins, and of those in dollars (Deribit's multipliers)
    coin_steps: Mapping[str, float] = field(default_factory=_coin_steps)
    dollar_steps: Mapping[str, float] = field(default_factory=_dollar_steps)

    def step_coins(self, asset: str, *, is_inverse: bool) -> float | None:
        """The least amount of an option that is traded, in coins; None where it is not known."""
        return (self.coin_steps if is_inverse else self.dollar_steps).get(asset)
