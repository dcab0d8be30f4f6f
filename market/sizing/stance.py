"""A position at one leverage: where it is closed by force, how likely that is touched, and where to step out before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from market.margin import Impossible, ImpossiblePosition, liquidation, sign_of
from market.sizing.caps import Cap
from market.sizing.trade import Trade
from market.sizing_rules import LadderRules, SizingRules


@dataclass(frozen=True, slots=True)
class Ladder:
    """The prices to trim, to hedge and to be out, USD; None where one would lie at or below zero.

    `exit_distance` is the way from entry to the exit as a fraction of the entry.
    """

    trim_usd: float | None
    hedge_usd: float | None
    exit_usd: float | None
    exit_distance: float


@dataclass(frozen=True, slots=True)
class Stance:
    """A position at `leverage`: `notional_usd` None where no equity is stated.

    The liquidation price in USD with its distance from the entry, or from the present price where that is nearer
    (fraction), the same in standard deviations of the holding time, the probability of touching it (reflection; Gaussian,
    so a floor) and the maintenance rate that holds there: all None where there is no such price. `funding_of_margin` is
    what the holding time is told to cost in funding (decision 0045) as a fraction of the margin, None unknown. The survival claims count fee, funding and brackets.
    """

    leverage: float
    notional_usd: float | None
    liquidation_price_usd: float | None
    liquidation_distance: float | None
    distance_sigma: float | None
    touch_probability: float | None
    maintenance_rate: float | None
    survives_adverse_move: bool
    survives_two_sigma: bool
    funding_of_margin: float | None
    ladder: Ladder

    @property
    def funding_cost_usd(self) -> float | None:
        """What the holding time costs in funding, USD; None where the funding or the equity is unknown."""
        if self.notional_usd is None or self.funding_of_margin is None:
            return None
        return self.notional_usd * self.funding_of_margin / self.leverage


def stand(
    trade: Trade, leverage: float, caps: Mapping[Cap, float], tightened: bool, rules: SizingRules
) -> Stance:
    """Set a trade at a leverage; its caps say which moves that outlasts. Raises ImpossiblePosition where it would be closed at entry, or is by now."""
    notional_usd = leverage * trade.margin_usd
    coins = notional_usd / trade.entry_usd
    if not 0.0 < coins < math.inf:
        raise ImpossiblePosition(
            Impossible.NOT_A_NUMBER, notional_usd=notional_usd, entry_usd=trade.entry_usd
        )
    backing_usd = trade.backing_share * trade.margin_usd
    closed = liquidation(
        trade.side,
        coins,
        trade.entry_usd,
        backing_usd,
        trade.tiers,
        trade.fee_rate,
        is_inverse=trade.is_inverse,
    )
    ratio = None if closed is None else _left_of_the_way(trade, closed.price_usd)
    distance = None if ratio is None else abs(1.0 - ratio)
    from_entry = None if closed is None else abs(1.0 - closed.price_usd / trade.entry_usd)
    sigmas = None if ratio is None else abs(math.log(ratio)) / trade.sigma_horizon
    two_sigma = rules.buffer_sigmas * trade.sigma_horizon
    return Stance(
        leverage=leverage,
        notional_usd=notional_usd if trade.equity_stated else None,
        liquidation_price_usd=None if closed is None else closed.price_usd,
        liquidation_distance=distance,
        distance_sigma=sigmas,
        touch_probability=None if sigmas is None else touch_probability(sigmas),
        maintenance_rate=None if closed is None else closed.tier.maintenance_rate,
        survives_adverse_move=_survives(
            trade, leverage <= caps[Cap.TEN_PERCENT], rules.adverse_move, distance
        ),
        survives_two_sigma=_survives(trade, leverage <= caps[Cap.TWO_SIGMA], two_sigma, distance),
        funding_of_margin=None if trade.funding_cost_share is None else leverage * trade.funding_cost_share,
        ladder=ladder_of(trade, from_entry, tightened, rules.ladder),
    )


def _left_of_the_way(trade: Trade, closed_usd: float) -> float:
    """The forced close as a share of the price it is measured from. Raises ImpossiblePosition where it is behind that."""
    ratio = closed_usd / trade.measured_from_usd
    if sign_of(trade.side) * (1.0 - ratio) <= 0.0:
        raise ImpossiblePosition(
            Impossible.CLOSED_ALREADY, now_price=trade.measured_from_usd, liquidation_price=closed_usd
        )
    return ratio


def _survives(trade: Trade, outlasts: bool, move: float, distance: float | None) -> bool:
    """Whether the margin outlasts an adverse move from the entry, and from the present price where that is nearer."""
    is_under_way = trade.measured_from_usd != trade.entry_usd
    return outlasts and not (is_under_way and distance is not None and distance < move)


def touch_probability(sigmas: float) -> float:
    """The probability that a driftless price touches a level so many sigmas away within the time: 2 N(-z)."""
    return math.erfc(sigmas / math.sqrt(2.0))


def ladder_of(trade: Trade, distance: float | None, tightened: bool, rules: LadderRules) -> Ladder:
    """Trim, hedge, fully de-risk; every rung pulled in where the market has turned against the position."""
    pull = rules.tightened if tightened else 1.0
    to_liquidation = math.inf if distance is None else distance

    def away(sigmas: float, share: float) -> float:
        return pull * min(sigmas * trade.sigma_horizon, share * to_liquidation)

    exit_distance = away(rules.exit_sigmas, rules.exit_share)
    return Ladder(
        trim_usd=_rung_usd(trade, away(rules.trim_sigmas, rules.trim_share)),
        hedge_usd=_rung_usd(trade, away(rules.hedge_sigmas, rules.hedge_share)),
        exit_usd=_rung_usd(trade, exit_distance),
        exit_distance=exit_distance,
    )


def _rung_usd(trade: Trade, distance: float) -> float | None:
    price = trade.entry_usd * (1.0 - sign_of(trade.side) * distance)
    return price if price > 0.0 else None
