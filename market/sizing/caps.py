"""How much leverage the market, the buffer and the venue leave: the caps, the smallest of which binds (section 8.2 to 8.6)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.observations import Side
from market.sizing.conditions import Conditions
from market.sizing.survival import Shock, shock_of, survivable_leverage
from market.sizing.trade import Trade, annual_sigma
from market.sizing_rules import SizingRules


class Cap(StrEnum):
    """What can bind; of equal caps the first named here is said to."""

    STEP = "step"
    CONTINUOUS = "continuous"
    FALL = "fall"
    TWO_SIGMA = "two_sigma"
    TEN_PERCENT = "ten_percent"
    TIER = "tier"
    UNDER_A_WEEK = "under_a_week"


class Reduction(StrEnum):
    """Why a link of the chain is there."""

    BASE_OURS = "base_ours"
    BASE_YOURS = "base_yours"
    VOLATILITY = "volatility"
    LIQUIDATIONS = "liquidations"
    VOLATILITY_AND_LIQUIDATIONS = "volatility_and_liquidations"
    VOLATILITY_UNKNOWN = "volatility_unknown"
    LIQUIDATIONS_UNKNOWN = "liquidations_unknown"
    FUNDING = "funding"
    FUNDING_UNKNOWN = "funding_unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the stepwise cap: why, by which factor, and the leverage that is left after it."""

    why: Reduction
    factor: float
    leverage: float


def chain_of(trade: Trade, conditions: Conditions, own_base: bool, rules: SizingRules) -> tuple[Link, ...]:
    """The stepwise cap link by link: base, one halving for volatility or liquidations, a quarter off for dear funding."""
    left = trade.base_leverage
    links = [Link(Reduction.BASE_YOURS if own_base else Reduction.BASE_OURS, 1.0, left)]
    against = conditions.against(trade.side)
    if (why := _why_halved(conditions.volatility_high, against.liquidations_high)) is not None:
        left *= rules.halved
        links.append(Link(why, rules.halved, left))
    if against.funding_dear is not False:
        left *= rules.funding_factor
        why = Reduction.FUNDING if against.funding_dear else Reduction.FUNDING_UNKNOWN
        links.append(Link(why, rules.funding_factor, left))
    return tuple(links)


def shocks_of(trade: Trade, rules: SizingRules) -> tuple[Shock, Shock]:
    """What has to be outlasted: so many standard deviations of the holding time, and the adverse move."""
    return shock_of(trade, rules.buffer_sigmas * trade.sigma_horizon), shock_of(trade, rules.adverse_move)


def caps_of(
    trade: Trade, conditions: Conditions, stepwise: float, shocks: tuple[Shock, Shock], rules: SizingRules
) -> Mapping[Cap, float]:
    """Every cap on leverage by name, in the order of `Cap`; under a week of prices halves the smallest of them."""
    two_sigma, adverse = shocks
    caps = {
        Cap.STEP: stepwise,
        Cap.CONTINUOUS: continuous_leverage(trade, conditions, rules),
        **_after_a_fall(trade, conditions, rules),
        Cap.TWO_SIGMA: survivable_leverage(trade, two_sigma),
        Cap.TEN_PERCENT: survivable_leverage(trade, adverse),
        Cap.TIER: trade.tiers.highest_leverage(trade.margin_usd),
    }
    if conditions.under_a_week:
        caps[Cap.UNDER_A_WEEK] = rules.under_a_week_factor * min(caps.values())
    return caps


def continuous_leverage(trade: Trade, conditions: Conditions, rules: SizingRules) -> float:
    """L_base min(1, sigma_ref/sigma) sqrt(min(1, depth/median)): "volatility and liquidity"; unknown depth is left out.

    The depth is that of the side of the book the position is closed into.
    """
    ratio = conditions.against(trade.side).depth_ratio
    depth = 1.0 if ratio is None else min(1.0, max(0.0, ratio))
    calm = min(1.0, conditions.sigma_ref / annual_sigma(conditions, rules))
    return trade.base_leverage * calm * math.sqrt(depth)


def _after_a_fall(trade: Trade, conditions: Conditions, rules: SizingRules) -> Mapping[Cap, float]:
    """A long's L_base over 1 + fall / 10 %: what follows a fall is more forced closes (docs/evaluation.md).

    None for a short: that a rise does the same to it is not established. An unknown fall is left out, and one of nothing
    leaves the base.
    """
    if trade.side is Side.SHORT or not conditions.fall_3d:
        return {}
    return {Cap.FALL: trade.base_leverage / (1.0 + conditions.fall_3d / rules.fall_halves_at)}


def _why_halved(volatility: bool | None, liquidations: bool | None) -> Reduction | None:
    """One halving for either; a claim that is unknown because its feed is old counts as true: silence is not calm."""
    if volatility and liquidations:
        return Reduction.VOLATILITY_AND_LIQUIDATIONS
    if volatility:
        return Reduction.VOLATILITY
    if liquidations:
        return Reduction.LIQUIDATIONS
    if volatility is None:
        return Reduction.VOLATILITY_UNKNOWN
    return Reduction.LIQUIDATIONS_UNKNOWN if liquidations is None else None
