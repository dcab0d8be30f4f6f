"""All signals over a whole history at once."""

import numpy as np

from market.rules import Rules
from scheduler.batch import depth, funding, liquidations, open_interest, price, skew, volatility
from scheduler.batch.buckets import buckets
from scheduler.batch.bursts import Bursts
from scheduler.batch.columns import Columns
from scheduler.batch.interest import interest
from scheduler.batch.leverage import told_steps
from scheduler.batch.ranking import NUMPY, Kernels
from scheduler.batch.spot import spot
from scheduler.batch.told import Told
from scheduler.batch.view import view


def read_columns(told: Told, rules: Rules, kernels: Kernels = NUMPY) -> dict[str, Columns]:
    """Every reading at every step, by name: what `market.signals.read_signals` gives after each, to rounding.

    Levels and the state of the market are not among them: they need what was judged before.
    """
    # what is unknown is NaN, and what is made of it as well
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = view(told, rules, kernels)
        prices = price.prices(seen)
        standing = interest(prices)
        bursts = Bursts(buckets(prices))
        steps = told_steps(seen, bursts)
        traded = spot(seen, steps)
        readings = (
            price.read(prices),
            liquidations.read(standing, bursts, steps, traded),
            open_interest.read(standing, steps, traded),
            funding.read(seen),
            skew.read(seen),
            volatility.read(prices),
            depth.read(seen),
        )
    return {one.name: one for one in readings}
