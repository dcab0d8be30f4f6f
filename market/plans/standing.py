"""Where a plan stands at a price: its rungs, its way to the forced close, and what it has won or lost."""

import math
from dataclasses import dataclass

from market.margin import sign_of
from market.observations import HOUR_MS, YEAR_HOURS
from market.plan_rules import PlanRules
from market.plans.losing import max_loss_price
from market.plans.plan import Happened, Plan, Rung
from market.rules import Rules
from market.sizing.position import MarginMode

CALLED = {Rung.TRIM: Happened.TRIM, Rung.HEDGE: Happened.HEDGE, Rung.EXIT: Happened.EXIT}
"""What is told when a rung is reached."""

TIGHTENING = (Happened.RISK_INVALIDATED, Happened.FUNDING_BEYOND)
"""What pulls the rungs in for as long as it holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan at a price.

    `rungs_usd` are the prices to trim, to hedge and to be out as they are now (None: at or below zero), `reached` the last
    rung that was told. `liquidation_distance` is the way from the price to the forced close (fraction of the price) and
    `sigmas` the same in standard deviations of what is left of the horizon, `rest_hours`; all None where there is no such
    price or it is touched. `profit_usd` leaves fees and funding out.
    `max_loss_usd` is the price at which what may be lost is lost, fees and funding with it (None: at none).
    """

    price_usd: float
    rungs_usd: dict[Rung, float | None]
    reached: Rung | None
    is_tight: bool
    liquidation_distance: float | None
    sigmas: float | None
    rest_hours: float
    profit_usd: float
    max_loss_usd: float | None


def standing_of(plan: Plan, price_usd: float, sigma: float | None, rules: Rules, now_ms: int) -> Standing:
    """Where a plan stands. `sigma` is the present annualised volatility; None: that of when it was made."""
    told = plan.watch.told_ms
    return Standing(
        price_usd=price_usd,
        rungs_usd={rung: rung_usd(plan, rung, rules, tight=is_tight(plan)) for rung in Rung},
        reached=next((rung for rung in reversed(Rung) if CALLED[rung] in told), None),
        is_tight=is_tight(plan),
        liquidation_distance=_distance(plan, price_usd),
        sigmas=sigmas_to_liquidation(plan, price_usd, sigma, rules.plans, now_ms),
        rest_hours=rest_hours(plan, rules.plans, now_ms),
        profit_usd=profit_usd(plan, price_usd),
        max_loss_usd=max_loss_price(plan, rules.sizing.fee_rate),
    )


def is_spent(plan: Plan, standing: Standing | None) -> bool:
    """Whether the most to lose is lost: it was told, or the present price (where one is known) is beyond it."""
    return Happened.MAX_LOSS in plan.watch.told_ms or (
        standing is not None and is_beyond(plan, standing.price_usd, standing.max_loss_usd)
    )


def steps_of(plan: Plan, standing: Standing) -> tuple[tuple[Happened, float | None], ...]:
    """The rungs and the most to lose with the price of each, in the order a price that goes against the plan comes to them.

    A rung without a price is last, and a loss that no price makes, or none before the forced close, is left out.
    """
    rungs = [(CALLED[rung], usd) for rung, usd in standing.rungs_usd.items()]
    lost_usd, closed_usd = standing.max_loss_usd, plan.liquidation_usd
    is_reached = lost_usd is not None and (closed_usd is None or not is_beyond(plan, lost_usd, closed_usd))
    loss = [(Happened.MAX_LOSS, lost_usd)] if is_reached else []
    sign = sign_of(plan.side)
    return tuple(sorted([*loss, *rungs], key=lambda step: (step[1] is None, -sign * (step[1] or 0.0))))


def profit_usd(plan: Plan, price_usd: float) -> float:
    """What a plan has won at a price, USD (below 0: lost); what was closed by force wins nothing back.

    Its margin is then lost, or in a cross wallet what it had lost where it was closed.
    """
    if plan.is_closed_by_force:
        if plan.mode is MarginMode.ISOLATED:
            return -plan.margin_usd
        price_usd = price_usd if plan.liquidation_usd is None else plan.liquidation_usd
    return sign_of(plan.side) * plan.coins * (price_usd - plan.entry_usd)


def is_tight(plan: Plan) -> bool:
    """Whether the rungs are pulled in: the market has turned against the position, or paying for it is too dear."""
    return plan.watch.tight_since_ms is not None


def rung_usd(plan: Plan, rung: Rung, rules: Rules, *, tight: bool) -> float | None:
    """The price of a rung, USD, pulled in where it is `tight`; None where it would lie at or below zero."""
    share = {Rung.TRIM: plan.ladder.trim, Rung.HEDGE: plan.ladder.hedge, Rung.EXIT: plan.ladder.exit}[rung]
    pull = rules.sizing.ladder.tightened if tight else 1.0
    price = plan.entry_usd * (1.0 - sign_of(plan.side) * pull * share)
    return price if price > 0.0 else None


def is_beyond(plan: Plan, price_usd: float, line_usd: float | None) -> bool:
    """Whether a price has reached a line against the position; nothing is beyond a line that is not there."""
    return line_usd is not None and sign_of(plan.side) * (price_usd - line_usd) <= 0.0


def sigmas_to_liquidation(
    plan: Plan, price_usd: float, sigma: float | None, rules: PlanRules, now_ms: int
) -> float | None:
    """The way to the forced close in standard deviations of what is left of the horizon; None as in `Standing`."""
    if _distance(plan, price_usd) is None or plan.liquidation_usd is None:
        return None
    used = plan.sigma if sigma is None or sigma <= 0.0 else sigma
    horizon = used * math.sqrt(rest_hours(plan, rules, now_ms) / YEAR_HOURS)
    return abs(math.log(plan.liquidation_usd / price_usd)) / horizon


def rest_hours(plan: Plan, rules: PlanRules, now_ms: int) -> float:
    """What is left of the horizon; never less than a day, as a position that is held is still at risk."""
    return max(rules.least_rest_hours, plan.hold_hours - (now_ms - plan.made_ms) / HOUR_MS)


def _distance(plan: Plan, price_usd: float) -> float | None:
    if plan.liquidation_usd is None or is_beyond(plan, price_usd, plan.liquidation_usd):
        return None
    return abs(1.0 - plan.liquidation_usd / price_usd)
