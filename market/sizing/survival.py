"""Which leverage, or which margin, outlasts an adverse move: fee, funding and brackets counted (section 8.4 and 8.5)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from market.margin import Tier, sign_of
from market.observations import Side
from market.sizing.trade import Trade

_MOST_OF_A_PRICE = 1.0 - 1e-9
"""A coin-margined long owes more coins than there are where the price is nothing; this much of a fall has a number."""
_LEAST_OF_A_PRICE = 1.0 - _MOST_OF_A_PRICE


@dataclass(frozen=True, slots=True)
class Shock:
    """What an adverse move does to one US dollar of notional at entry, in the money of the margin.

    `lost` on the way, funding included; `worth` what it is worth afterwards; `price` the price as a multiple of the entry;
    `bracket` the notional that decides its bracket then. Linear: as the price; inverse: worth in coins, bracket as at entry.
    """

    lost: float
    worth: float
    price: float
    bracket: float


def shock_of(trade: Trade, move: float) -> Shock:
    """What a move (fraction of the entry) against the trade does to it."""
    sign = sign_of(trade.side)
    if trade.is_inverse:
        price = 1.0 - sign * (min(move, _MOST_OF_A_PRICE) if trade.side is Side.LONG else move)
        return Shock(sign * (1.0 / price - 1.0) + trade.funding_paid, 1.0 / price, price, 1.0)
    # no price falls by more than all of it
    price = 1.0 - sign * (min(move, 1.0) if trade.side is Side.LONG else move)
    bracket = price if trade.tiers.priced_at_usd is None else 1.0
    return Shock(sign * (1.0 - price) + trade.funding_paid, price, price, bracket)


def lost_on_the_way(trade: Trade, move: float) -> float:
    """What is lost by an adverse move as a fraction of the notional at entry, in the money of the margin.

    Funding is included as it is told to cost, not as the caps count it (decision 0045).
    """
    return shock_of(trade, move).lost - trade.funding_paid + (trade.funding_cost_share or 0.0)


def survivable_leverage(trade: Trade, shock: Shock) -> float:
    """The leverage up to which the margin outlasts a shock, with fee, funding and brackets.

    Linear under one bracket: 1 / (move (1 - s (mmr + fee)) + mmr + fee + funding). Every lower leverage outlasts it as well.
    """
    limits = _whole_rate_limits(trade, shock) if trade.tiers.is_whole_rate else _limits(trade, shock)
    return min(limits) / trade.margin_usd


def survivable_margin_usd(trade: Trade, notional_usd: float, shock: Shock) -> float:
    """The margin with which a given notional outlasts a shock, USD: the same sum solved for the margin.

    Infinite where a coin-margined long would lose more coins than there are: at a price of nothing.
    """
    if trade.is_inverse and trade.side is Side.LONG and shock.price <= _LEAST_OF_A_PRICE:
        return math.inf
    dues = (
        _whole_rate_dues(trade, shock, notional_usd)
        if trade.tiers.is_whole_rate
        else _dues(trade, shock, notional_usd)
    )
    return max(dues) + (1.0 - trade.backing_share) * trade.margin_usd


def _limits(trade: Trade, shock: Shock) -> Iterator[float]:
    """The notional each bracket's line allows: maintenance is the largest of the lines, so all must be kept."""
    backing_usd = trade.backing_share * trade.margin_usd
    for tier in trade.tiers.steps:
        yield (backing_usd + _amount(trade, tier, shock)) / _asked(trade, tier, shock)


def _dues(trade: Trade, shock: Shock, notional_usd: float) -> Iterator[float]:
    for tier in trade.tiers.steps:
        yield notional_usd * _asked(trade, tier, shock) - _amount(trade, tier, shock)


def _whole_rate_limits(trade: Trade, shock: Shock) -> Iterator[float]:
    """Where each bracket first asks for more than there is: at the end of the move, or as a falling notional leaves it."""
    backing_usd = trade.backing_share * trade.margin_usd
    for tier in trade.tiers.steps:
        is_last = tier is trade.tiers.steps[-1]
        begins, ends = _over(tier.floor_usd, shock.bracket), _over(tier.cap_usd, shock.bracket)
        if (most := backing_usd / _asked(trade, tier, shock)) < ends or is_last:
            yield max(most, begins)
        most = (backing_usd + tier.floor_usd * _kept(trade, tier)) / (1.0 + trade.funding_paid)
        if shock.bracket < 1.0 and most < begins:
            yield max(most, tier.floor_usd)


def _whole_rate_dues(trade: Trade, shock: Shock, notional_usd: float) -> Iterator[float]:
    yield notional_usd * _asked(trade, trade.tiers.containing(notional_usd * shock.bracket), shock)
    passed = notional_usd * (1.0 + trade.funding_paid)
    for tier in trade.tiers.steps:
        if notional_usd * shock.bracket <= tier.floor_usd < notional_usd:
            yield passed - tier.floor_usd * _kept(trade, tier)


def _asked(trade: Trade, tier: Tier, shock: Shock) -> float:
    """What one US dollar of notional takes of the margin: what is lost, and what is due of what is left of it."""
    return shock.lost + shock.worth * (tier.maintenance_rate + trade.fee_rate)


def _amount(trade: Trade, tier: Tier, shock: Shock) -> float:
    """A bracket's amount in the money of the margin, which is coins at the price after the move for an inverse one."""
    return tier.maintenance_amount_usd / (shock.price if trade.is_inverse else 1.0)


def _kept(trade: Trade, tier: Tier) -> float:
    return 1.0 - tier.maintenance_rate - trade.fee_rate


def _over(amount: float, by: float) -> float:
    if by > 0.0:
        return amount / by
    return math.inf if amount > 0.0 else 0.0
