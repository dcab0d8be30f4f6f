"""All signals over a whole history at once."""

from market.rules import Rules
from scheduler.batch import depth, funding, liquidations, open_interest, price, skew, volatility
from scheduler.batch.columns import Columns
from scheduler.batch.interest import interest
from scheduler.batch.ranking import NUMPY, Kernels
from scheduler.batch.told import Told
from scheduler.batch.view import view


def read_columns(told: Told, rules: Rules, kernels: Kernels = NUMPY) -> dict[str, Columns]:
    """Every reading at every step, by name: what `market.signals.read_signals` gives after each, to rounding.

    Levels and the state of the market are not among them: they need what was judged before.
    """
    seen = view(told, rules, kernels)
    prices = price.prices(seen)
    standing = interest(prices)
    readings = (
        price.read(prices),
        liquidations.read(standing),
        open_interest.read(standing),
        funding.read(seen),
        skew.read(seen),
        volatility.read(prices),
        depth.read(seen),
    )
    return {one.name: one for one in readings}
