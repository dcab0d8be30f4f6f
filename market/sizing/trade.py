"""A position set into a market: every number it needs, and what had to be assumed for want of one."""

import math
from dataclasses import dataclass
from enum import StrEnum

from market.margin import Impossible, ImpossiblePosition, Tiers, sign_of
from market.observations import YEAR_HOURS, Asset, Side, Venue
from market.once import once
from market.sizing.conditions import Conditions
from market.sizing.position import MarginMode, Position, refuse_nonsense
from market.sizing.slip import refuse_slip
from market.sizing_rules import SizingRules

PER_THOUSAND_USD = 1_000.0
"""The margin that amounts are given for where no equity is stated; only shares of it leave the arithmetic."""


class Assumption(StrEnum):
    """What was assumed, left out, or counted as bad because it is unknown: each is said in the answer."""

    SIGMA_FROM_REFERENCE = "sigma_from_reference"
    REFERENCE_COLD = "reference_cold"
    VOLATILITY_COUNTED_HIGH = "volatility_counted_high"
    LIQUIDATIONS_COUNTED_HIGH = "liquidations_counted_high"
    LIQUIDATIONS_LEARNING = "liquidations_learning"
    LIQUIDATIONS_LEARNING_HIGH = "liquidations_learning_high"
    LIQUIDATIONS_NOT_SEEN = "liquidations_not_seen"
    FUNDING_COUNTED_DEAR = "funding_counted_dear"
    FUNDING_NOT_SEEN = "funding_not_seen"
    FUNDING_COST_UNKNOWN = "funding_cost_unknown"
    DEPTH_LEFT_OUT = "depth_left_out"
    FALL_LEFT_OUT = "fall_left_out"
    RISK_UNKNOWN = "risk_unknown"
    FIRST_TIER = "first_tier"
    TIERS_OF_ANOTHER_VENUE = "tiers_of_another_venue"
    TIERS_OF_LINEAR = "tiers_of_linear"
    UNDER_A_WEEK = "under_a_week"


@dataclass(frozen=True, slots=True)
class Trade:
    """A position whose every number is known.

    `margin_usd` is the stated equity, or `PER_THOUSAND_USD` under the first bracket alone; `backing_share` what stands
    behind the position as a share of it (1 unless other positions of a cross wallet add or take). `sigma_horizon` is one
    standard deviation over the holding time, `funding_share` what the position pays meanwhile by the mean of the day, and
    `funding_cost_share` by that or the latest rate, whichever is dearer (never below 0; None unknown): the caps count the
    first, what is told to cost and the size by risk the second (decision 0045). All are fractions of the notional. `tiers` are those of notionals at this entry. `price_usd` is the present price, None
    unknown.
    """

    asset: Asset
    side: Side
    leverage: float
    margin_usd: float
    equity_stated: bool
    backing_share: float
    entry_usd: float
    hold_hours: float
    base_leverage: float
    drawdown_budget: float
    sigma: float
    sigma_horizon: float
    funding_share: float | None
    funding_cost_share: float | None
    fee_rate: float
    tiers: Tiers
    price_usd: float | None = None
    is_inverse: bool = False

    @property
    def measured_from_usd(self) -> float:
        """The entry, or the present price where that is nearer to the forced close: what is lost already protects nobody."""
        if self.price_usd is None:
            return self.entry_usd
        nearer = min if self.side is Side.LONG else max
        return nearer(self.entry_usd, self.price_usd)

    @property
    def funding_paid(self) -> float:
        """The funding of the holding time as far as it is known, a fraction of the notional."""
        return 0.0 if self.funding_share is None else self.funding_share


def settle(position: Position, conditions: Conditions, tiers: Tiers, rules: SizingRules) -> Trade:
    """Set a position into a market.

    Raises ImpossiblePosition where the position means nothing, the brackets forbid it or no price is known.
    """
    refuse_nonsense(position, rules)
    equity_stated = position.equity_usd is not None
    margin_usd = PER_THOUSAND_USD if position.equity_usd is None else position.equity_usd
    entry_usd = _entry_usd(position, conditions)
    if not position.is_kept:
        refuse_slip(entry_usd, conditions.price_usd, rules)
    here = tiers.at_price(entry_usd)
    used = here if equity_stated else here.first_alone()
    _refuse_above_tiers(position.leverage, margin_usd, used)
    hours = rules.hold_hours if position.hold_hours is None else position.hold_hours
    sigma = annual_sigma(conditions, rules)
    own_base = position.base_leverage
    own_budget = position.drawdown_budget
    return Trade(
        asset=position.asset,
        side=position.side,
        leverage=position.leverage,
        margin_usd=margin_usd,
        equity_stated=equity_stated,
        backing_share=_backing_share(position, margin_usd),
        entry_usd=entry_usd,
        hold_hours=hours,
        base_leverage=rules.base_leverage(position.asset) if own_base is None else own_base,
        drawdown_budget=rules.drawdown_budget if own_budget is None else own_budget,
        sigma=sigma,
        sigma_horizon=sigma * math.sqrt(hours / YEAR_HOURS),
        funding_share=_funding_share(position.side, conditions.funding_8h, hours),
        funding_cost_share=_funding_share(position.side, conditions.dearer_funding_8h(position.side), hours),
        fee_rate=rules.fee_rate,
        tiers=used,
        price_usd=conditions.price_usd,
        is_inverse=position.is_inverse,
    )


def annual_sigma(conditions: Conditions, rules: SizingRules) -> float:
    """The sizing volatility, or the quiet reference with a surcharge where it is unknown."""
    if conditions.sigma is None or conditions.sigma <= 0.0:
        return conditions.sigma_ref * rules.unknown_sigma_factor
    return conditions.sigma


def assumptions_of(trade: Trade, conditions: Conditions, venue: Venue | None) -> tuple[Assumption, ...]:
    """All that is not known and how it was counted, in the order of the chain; `venue` is the one that was stated."""
    said = {
        Assumption.FIRST_TIER: not trade.equity_stated,
        Assumption.TIERS_OF_ANOTHER_VENUE: venue is not None and venue != trade.tiers.venue,
        Assumption.TIERS_OF_LINEAR: trade.is_inverse,
        Assumption.UNDER_A_WEEK: conditions.under_a_week,
    }
    return (*_not_known(conditions, trade.side), *[assumption for assumption, holds in said.items() if holds])


@once()
def _not_known(conditions: Conditions, side: Side) -> tuple[Assumption, ...]:
    """What of it is the market's, whatever the position."""
    against, is_learning = conditions.against(side), "liquidations" in conditions.learning
    said = {
        Assumption.SIGMA_FROM_REFERENCE: conditions.sigma is None or conditions.sigma <= 0.0,
        Assumption.REFERENCE_COLD: conditions.sigma_ref_cold,
        Assumption.VOLATILITY_COUNTED_HIGH: conditions.volatility_high is None,
        Assumption.LIQUIDATIONS_COUNTED_HIGH: against.liquidations_high is None and not is_learning,
        Assumption.LIQUIDATIONS_LEARNING_HIGH: against.liquidations_high is None and is_learning,
        Assumption.LIQUIDATIONS_LEARNING: against.liquidations_high is not None and is_learning,
        Assumption.LIQUIDATIONS_NOT_SEEN: "liquidations" in conditions.absent,
        Assumption.FUNDING_COUNTED_DEAR: against.funding_dear is None,
        Assumption.FUNDING_NOT_SEEN: "funding" in conditions.absent,
        Assumption.FUNDING_COST_UNKNOWN: conditions.funding_8h is None,
        Assumption.DEPTH_LEFT_OUT: against.depth_ratio is None,
        Assumption.FALL_LEFT_OUT: side is Side.LONG and conditions.fall_3d is None,
        Assumption.RISK_UNKNOWN: against.risk_invalidated is None,
    }
    return tuple(assumption for assumption, holds in said.items() if holds)


def _refuse_above_tiers(leverage: float, margin_usd: float, tiers: Tiers) -> None:
    notional_usd = leverage * margin_usd
    if notional_usd > tiers.largest_usd:
        raise ImpossiblePosition(
            Impossible.LARGER_THAN_LAST_TIER, notional_usd=notional_usd, largest_usd=tiers.largest_usd
        )
    if leverage > (allowed := tiers.containing(notional_usd).max_leverage):
        raise ImpossiblePosition(
            Impossible.LEVERAGE_ABOVE_TIER,
            leverage=leverage,
            allowed=allowed,
            notional_usd=notional_usd,
            highest=tiers.highest_leverage(margin_usd),
        )


def _entry_usd(position: Position, conditions: Conditions) -> float:
    entry = conditions.price_usd if position.entry_usd is None else position.entry_usd
    if entry is None or entry <= 0.0:
        raise ImpossiblePosition(Impossible.NO_PRICE)
    return entry


def _backing_share(position: Position, margin_usd: float) -> float:
    if position.mode is MarginMode.ISOLATED:
        return 1.0
    backing_usd = margin_usd + position.others_usd
    if backing_usd <= 0.0:
        raise ImpossiblePosition(Impossible.EQUITY_NOT_POSITIVE, equity_usd=backing_usd)
    return backing_usd / margin_usd


def _funding_share(side: Side, funding_8h: float | None, hours: float) -> float | None:
    """What the side pays over the hours; what it would receive is not counted on."""
    if funding_8h is None:
        return None
    return max(0.0, sign_of(side) * funding_8h) * hours / 8.0
