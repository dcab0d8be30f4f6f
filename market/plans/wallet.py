"""Where a plan in a cross wallet is closed by force now: the rest of the wallet has moved since it was made."""

from collections.abc import Mapping
from dataclasses import replace

from market.margin import ImpossiblePosition, Tiers, liquidation, sign_of
from market.observations import Asset
from market.plan_rules import MOVED
from market.plans.plan import Plan
from market.sizing import MarginMode
from market.sizing.wallet import others_of


def sharing(plan: Plan, plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    """The other plans of the same wallet: held with cross margin at the same venue, and not closed by force yet.

    An isolated plan shares with none.
    """
    if plan.mode is not MarginMode.CROSS:
        return ()
    return tuple(
        one
        for one in plans
        if one.id != plan.id
        and one.mode is MarginMode.CROSS
        and one.venue is plan.venue
        and not one.is_closed_by_force
    )


def in_wallet(
    plan: Plan,
    others: tuple[Plan, ...],
    prices: Mapping[Asset, float],
    tiers: Mapping[Asset, Tiers],
    fee_rate: float,
) -> Plan:
    """The plan with its forced close as it is at these prices (USD) and under these brackets of its venue.

    Where a price or brackets of the wallet are unknown it stays what it was. A wallet that has less than it must keep is
    closed at the present price.
    """
    wallet = others_of(others, prices, tiers, settled_in=plan.asset if plan.is_inverse else None)
    price_usd, own_tiers = prices.get(plan.asset), tiers.get(plan.asset)
    if plan.mode is not MarginMode.CROSS or wallet.unknown or price_usd is None or own_tiers is None:
        return plan
    closed_usd, rate = _closed(plan, wallet.known_usd, price_usd, own_tiers, fee_rate)
    if _is_same(closed_usd, plan.liquidation_usd):
        return plan
    return replace(plan, liquidation_usd=closed_usd, maintenance_rate=rate, tiers_on=own_tiers.published_on)


def _closed(
    plan: Plan, others_usd: float, price_usd: float, tiers: Tiers, fee_rate: float
) -> tuple[float | None, float | None]:
    """The forced close and its maintenance rate, reckoned from the present price: what was won or lost is margin by now."""
    sign, entry_usd = sign_of(plan.side), plan.entry_usd
    if plan.is_inverse:
        coins = plan.notional_usd / price_usd
        own_usd = (plan.margin_usd / entry_usd + sign * (plan.coins - coins)) * price_usd
        tiers = replace(
            tiers.at_price(entry_usd), priced_at_usd=None
        )  # its size never changes, nor its bracket
    else:
        coins = plan.coins
        own_usd = plan.margin_usd + sign * coins * (price_usd - entry_usd)
    try:
        closed = liquidation(
            plan.side, coins, price_usd, own_usd + others_usd, tiers, fee_rate, is_inverse=plan.is_inverse
        )
    except ImpossiblePosition:
        return price_usd, plan.maintenance_rate
    return (None, None) if closed is None else (closed.price_usd, closed.tier.maintenance_rate)


def _is_same(after_usd: float | None, before_usd: float | None) -> bool:
    if after_usd is None or before_usd is None:
        return after_usd is before_usd
    return abs(after_usd / before_usd - 1.0) < MOVED
