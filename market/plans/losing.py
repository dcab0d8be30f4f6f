"""The first of a plan's three numbers: what being out at a price loses, and at which price that is the most it may be."""

from market.margin import sign_of
from market.plans.plan import Plan


def lost_share(plan: Plan, price_usd: float) -> float:
    """What a price loses of the notional at entry (fraction), in the money of the margin: coins of an inverse plan."""
    price = price_usd / plan.entry_usd
    return sign_of(plan.side) * (1.0 / price - 1.0 if plan.is_inverse else 1.0 - price)


def loss_usd(plan: Plan, price_usd: float, fee_rate: float) -> float:
    """What being out at a price loses, USD (below 0: it wins), fees in and out and the funding paid so far with it.

    What funding has brought is an estimate and not counted on; of an inverse plan it is coins at the price of its entry.
    """
    return plan.notional_usd * (lost_share(plan, price_usd) + 2.0 * fee_rate) + _paid_usd(plan)


def max_loss_price(plan: Plan, fee_rate: float) -> float | None:
    """The price at which `loss_usd` reaches what may be lost, USD; None where no price above zero loses so much.

    It lies on the winning side of the entry where fees and funding alone use it up.
    """
    share = (plan.drawdown_usd - _paid_usd(plan)) / plan.notional_usd - 2.0 * fee_rate
    signed = sign_of(plan.side) * share
    if plan.is_inverse:
        return plan.entry_usd / (1.0 + signed) if signed > -1.0 else None
    return plan.entry_usd * (1.0 - signed) if signed < 1.0 else None


def _paid_usd(plan: Plan) -> float:
    return max(0.0, plan.watch.funding_paid_usd or 0.0)
