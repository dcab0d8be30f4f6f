"""Whether the asker's own plans in an asset stand without a hedge: 10 % and two sigma survived, and the risk within budget."""

import math

from commands.desk.brackets import known_brackets
from commands.desk.wallet import prices_of
from commands.protocol.request import Context
from commands.wording.unhedged import Unhedged
from market.observations import YEAR_HOURS, Asset, Side
from market.plans import Plan, Rung
from market.plans.standing import is_tight, rest_hours, rung_usd
from market.rules import Rules
from market.stress import Market, Scenario, held_of, stress
from store.persons import Person


async def unhedged(
    context: Context, person: Person, asset: Asset, sigma: float | None, hours: float | None
) -> Unhedged | None:
    """How the asker's long plans stand over so many hours (None: what is left of them); None without such plans."""
    rules = context.rules
    open_plans = [plan for plan in person.plans if not plan.is_closed_by_force]
    longs = [plan for plan in open_plans if plan.asset == asset and plan.side is Side.LONG]
    prices = await prices_of(context, open_plans)
    price_usd = prices.get(asset)
    if not longs or price_usd is None:
        return None
    span = hours or max(rest_hours(plan, rules.plans, context.now_ms) for plan in longs)
    move = None if sigma is None else _sigma_move(sigma, span, rules)
    held = [held_of(plan, await known_brackets(context, plan.asset, plan.venue)) for plan in open_plans]
    found = stress(
        held,
        Market(prices, {}, rules.sizing.fee_rate),
        [-rules.sizing.adverse_move, *([] if move is None else [-move])],
    )
    is_known = not found.unpriced and not found.unbracketed
    after = {scenario.move: scenario for scenario in found.falls}
    ids = {plan.id for plan in longs}
    return Unhedged(
        plans=len(longs),
        notional_usd=sum(max(plan.notional_usd, plan.coins * price_usd) for plan in longs),
        hours=span,
        sigma_move=move,
        survives_adverse=_stands(after[-rules.sizing.adverse_move], ids) if is_known else None,
        survives_sigmas=_stands(after[-move], ids) if is_known and move is not None else None,
        within_budget=all(_is_within_budget(plan, rules) for plan in longs),
    )


def _sigma_move(sigma: float, hours: float, rules: Rules) -> float:
    """Two standard deviations down as a fraction of the price."""
    return -math.expm1(-rules.sizing.buffer_sigmas * sigma * math.sqrt(hours / YEAR_HOURS))


def _stands(scenario: Scenario, ids: set[str]) -> bool:
    return not any(one.is_closed for one in scenario.outcomes if one.held.id in ids)


def _is_within_budget(plan: Plan, rules: Rules) -> bool:
    """Whether being out where the plan says so loses no more than it may, fees of both ends counted."""
    exit_usd = rung_usd(plan, Rung.EXIT, rules, tight=is_tight(plan))
    if exit_usd is None:
        return False
    fees_usd = 2.0 * rules.sizing.fee_rate * plan.notional_usd
    return plan.coins * (plan.entry_usd - exit_usd) + fees_usd <= plan.drawdown_usd
