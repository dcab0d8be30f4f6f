"""From a position that was checked to a plan, and whether its owner's line is one or noise."""

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from types import MappingProxyType

from market.margin import sign_of
from market.observations import HOUR_MS, YEAR_HOURS
from market.plans.losing import lost_share
from market.plans.plan import Ladder, Plan
from market.plans.standing import is_beyond
from market.sizing import SizeCheck
from market.sizing_rules import LadderRules, SizingRules


class NoPlan(StrEnum):
    """Why a position is not kept as a plan."""

    NO_EQUITY = "no_equity"
    LINE_TOUCHED = "line_touched"
    LINE_BEYOND_LIQUIDATION = "line_beyond_liquidation"
    TIME_OVER = "time_over"


class PlanRefused(Exception):
    """A position that is not kept as a plan: `why`, and the numbers that show it, by name."""

    def __init__(self, why: NoPlan, **numbers: float) -> None:
        super().__init__(f"{why}: {numbers}" if numbers else str(why))
        self.why = why
        self.numbers: Mapping[str, float] = MappingProxyType(numbers)


@dataclass(frozen=True, slots=True)
class Thesis:
    """The trader's own lines: a price in USD and a time in UTC ms from which they were wrong, None where not stated."""

    line_usd: float | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is nearer than one standard deviation of the horizon: it is touched without the trader being wrong.

    `distance` (fraction of the price) is so many `sigmas` away; it would be one at a horizon of `hours`. `wider_line_usd` is
    one away at the stated horizon, with `smaller_share` of the size the loss stays the same (both None where there is no such
    price, the share also where the line would lose nothing).
    """

    distance: float
    sigmas: float
    hours: float
    wider_line_usd: float | None
    smaller_share: float | None


def make_plan(
    check: SizeCheck, plan_id: str, made_ms: int, rules: SizingRules, thesis: Thesis | None = None
) -> Plan:
    """The plan of a position that was checked, with its three numbers as they are now. Raises PlanRefused."""
    stated = thesis if thesis is not None else Thesis()
    _refuse(check, stated, made_ms)
    trade, asked = check.trade, check.asked
    return Plan(
        id=plan_id,
        asset=trade.asset,
        side=trade.side,
        mode=check.position.mode,
        venue=trade.tiers.venue,
        is_inverse=check.position.is_inverse,
        coins=asked.leverage * trade.margin_usd / trade.entry_usd,
        entry_usd=trade.entry_usd,
        margin_usd=trade.margin_usd,
        made_ms=made_ms,
        hold_hours=trade.hold_hours,
        sigma=trade.sigma,
        liquidation_usd=asked.liquidation_price_usd,
        maintenance_rate=asked.maintenance_rate,
        tiers_on=trade.tiers.published_on,
        drawdown_usd=trade.drawdown_budget * trade.margin_usd,
        max_leverage=check.max_leverage,
        ladder=_ladder(check, rules.ladder),
        line_usd=stated.line_usd,
        until_ms=stated.until_ms,
    )


def fresh_id(taken: Collection[str], made_ms: int) -> str:
    """A short name for a plan ("p7f2") that its owner has not given yet."""
    tries = ("p" + hashlib.sha256(f"{made_ms}:{attempt}".encode()).hexdigest()[:3] for attempt in count())
    return next(name for name in tries if name not in taken)


def noise_of(plan: Plan, price_usd: float) -> Noise | None:
    """Why the line of a plan is noise at the present price, None where it is none or there is no line."""
    line_usd = plan.line_usd
    if line_usd is None or is_beyond(plan, price_usd, line_usd):
        return None
    horizon = plan.sigma * math.sqrt(plan.hold_hours / YEAR_HOURS)
    distance = abs(1.0 - line_usd / price_usd)
    if distance >= horizon:
        return None
    sign = sign_of(plan.side)
    wider_usd = price_usd * (1.0 - sign * horizon)
    has_both = wider_usd > 0.0 and sign * (plan.entry_usd - line_usd) > 0.0
    return Noise(
        distance=distance,
        sigmas=distance / horizon,
        hours=YEAR_HOURS * (distance / plan.sigma) ** 2,
        wider_line_usd=wider_usd if wider_usd > 0.0 else None,
        smaller_share=lost_share(plan, line_usd) / lost_share(plan, wider_usd) if has_both else None,
    )


def _refuse(check: SizeCheck, thesis: Thesis, made_ms: int) -> None:
    trade = check.trade
    if not trade.equity_stated:
        raise PlanRefused(NoPlan.NO_EQUITY)
    if thesis.until_ms is not None and thesis.until_ms <= made_ms:
        raise PlanRefused(NoPlan.TIME_OVER, hours=(thesis.until_ms - made_ms) / HOUR_MS)
    line_usd, sign = thesis.line_usd, sign_of(trade.side)
    if line_usd is None:
        return
    price_usd = trade.entry_usd if trade.price_usd is None else trade.price_usd
    if sign * (price_usd - line_usd) <= 0.0:
        raise PlanRefused(NoPlan.LINE_TOUCHED, line_usd=line_usd, price_usd=price_usd)
    closed_usd = check.asked.liquidation_price_usd
    if closed_usd is not None and sign * (line_usd - closed_usd) <= 0.0:
        raise PlanRefused(NoPlan.LINE_BEYOND_LIQUIDATION, line_usd=line_usd, liquidation_usd=closed_usd)


def _ladder(check: SizeCheck, rules: LadderRules) -> Ladder:
    """Trim, hedge and exit at the leverage asked, before anything pulls them in (8.9)."""
    trade, closed_usd = check.trade, check.asked.liquidation_price_usd
    way = math.inf if closed_usd is None else abs(1.0 - closed_usd / trade.entry_usd)
    return Ladder(
        trim=min(rules.trim_sigmas * trade.sigma_horizon, rules.trim_share * way),
        hedge=min(rules.hedge_sigmas * trade.sigma_horizon, rules.hedge_share * way),
        exit=min(rules.exit_sigmas * trade.sigma_horizon, rules.exit_share * way),
    )
