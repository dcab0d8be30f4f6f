"""Adding to a position: refused while leverage is crowded or the market has turned, else the plan it becomes."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from market.checklist import seen_flag
from market.formulas.logic import all_of, any_of
from market.margin import Impossible, ImpossiblePosition, Tiers
from market.observations import Side
from market.plans.making import Thesis, make_plan
from market.plans.plan import Happened, Plan
from market.plans.standing import TIGHTENING
from market.plans.watch import watch
from market.rules import Rules
from market.sizing import Conditions, Position, SizeCheck, check_size, conditions_of
from market.sizing.slip import refuse_slip
from market.snapshot import Snapshot

_OVER = (
    Happened.EXIT,
    Happened.MAX_LOSS,
    Happened.LIQUIDATED,
    Happened.THESIS_PRICE,
    Happened.THESIS_TIME,
)


class NoAdd(StrEnum):
    """Why nothing is added, each with its rule of the article."""

    LEVERAGE_CROWDED = "leverage_crowded"
    RISK_INVALIDATED = "risk_invalidated"
    CROWDED_TREND = "crowded_trend"
    MARKET_UNKNOWN = "market_unknown"
    PLAN_OVER = "plan_over"


class AddRefused(Exception):
    """Nothing is added; `why` holds every reason, the most telling first."""

    def __init__(self, why: tuple[NoAdd, ...]) -> None:
        super().__init__(", ".join(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Added:
    """What is added: margin in USD at the plan's own leverage, bought or sold at `entry_usd` (None: the present price).

    The rest is the owner's own, as in `market.sizing.Position`; where no `drawdown_budget` is stated the plan's own share stays.
    """

    margin_usd: float
    entry_usd: float | None = None
    base_leverage: float | None = None
    drawdown_budget: float | None = None
    others_usd: float = 0.0


def why_not_add(plan: Plan, snapshot: Snapshot, rules: Rules) -> tuple[NoAdd, ...]:
    """Every reason not to add to a plan now, () where there is none. What a stale input hides is a reason: silence is no calm.

    A long: open interest elevated and funding not reset; risk invalidated; falling with open interest elevated or rising
    fast. A short's are mirrored: open interest elevated while shorts pay deeply; rising with open interest building.
    """
    crowded, trend = _against(plan.side, snapshot)
    invalidated = conditions_of(snapshot, rules).against(plan.side).risk_invalidated
    told = {*plan.watch.told_ms, *_happens_now(plan, snapshot, rules)}
    reasons = {
        NoAdd.PLAN_OVER: any(name in told for name in _OVER),
        NoAdd.RISK_INVALIDATED: any_of(invalidated, Happened.RISK_INVALIDATED in told),
        NoAdd.LEVERAGE_CROWDED: crowded,
        NoAdd.CROWDED_TREND: trend,
    }
    why = tuple(reason for reason, holds in reasons.items() if holds)
    return why or ((NoAdd.MARKET_UNKNOWN,) if None in reasons.values() else ())


def add_to(
    plan: Plan, added: Added, snapshot: Snapshot, tiers: Tiers, rules: Rules
) -> tuple[Plan, SizeCheck]:
    """The plan with something added at its own leverage, checked anew, and the check.

    The rungs begin anew at the new average; what the watch has told of the market stays told.
    Raises AddRefused, PlanRefused where the forced close would move beyond the owner's own line (or that is touched by now),
    and ImpossiblePosition where the sum could not be held.
    """
    if why := why_not_add(plan, snapshot, rules):
        raise AddRefused(why)
    conditions = conditions_of(snapshot, rules)
    entry_usd = _entry_usd(added, conditions)
    refuse_slip(entry_usd, conditions.price_usd, rules.sizing)
    notional_usd = added.margin_usd * plan.leverage
    coins = plan.coins + notional_usd / entry_usd
    margin_usd = plan.margin_usd + added.margin_usd
    position = Position(
        asset=plan.asset,
        side=plan.side,
        leverage=max(1.0, (plan.notional_usd + notional_usd) / margin_usd),
        equity_usd=margin_usd,
        hold_hours=plan.hold_hours,
        entry_usd=(plan.notional_usd + notional_usd) / coins,
        mode=plan.mode,
        base_leverage=added.base_leverage,
        drawdown_budget=added.drawdown_budget or plan.drawdown_usd / plan.margin_usd,
        others_usd=added.others_usd,
        is_inverse=plan.is_inverse,
        venue=plan.venue,
        is_kept=True,
    )
    check = check_size(position, conditions, tiers, rules.sizing)
    made = make_plan(check, plan.id, plan.made_ms, rules.sizing, Thesis(plan.line_usd, plan.until_ms))
    told, clear = (_tightening(kept) for kept in (plan.watch.told_ms, plan.watch.clear_since_ms))
    seen = replace(plan.watch, told_ms=told, clear_since_ms=clear, news_ms=snapshot.at_ms)
    return replace(made, watch=seen), check


def _happens_now(plan: Plan, snapshot: Snapshot, rules: Rules) -> tuple[Happened, ...]:
    """What the watch will tell at its next look: the rungs begin anew with an add, and it would never be told."""
    at_ms = max(snapshot.at_ms, plan.made_ms, plan.watch.news_ms)
    return watch(plan, snapshot, rules, at_ms, at_ms)[1]


def _tightening(since_ms: dict[str, int]) -> dict[str, int]:
    """What was told of the market, which an add changes nothing of."""
    return {str(name): at_ms for name, at_ms in since_ms.items() if name in TIGHTENING}


def _against(side: Side, snapshot: Snapshot) -> tuple[bool | None, bool | None]:
    """Whether the side's own leverage is crowded and still paid for, and whether price goes against it meanwhile."""
    elevated, rising = seen_flag(snapshot, "oe"), seen_flag(snapshot, "ou")
    paid_for, adverse = ("fn", "pd") if side is Side.LONG else ("fd", "up")
    crowded = all_of(elevated, seen_flag(snapshot, paid_for))
    return crowded, all_of(any_of(elevated, rising), seen_flag(snapshot, adverse))


def _entry_usd(added: Added, conditions: Conditions) -> float:
    """The price it is added at. Raises ImpossiblePosition where it, or what is added, means nothing."""
    entry_usd = conditions.price_usd if added.entry_usd is None else added.entry_usd
    if entry_usd is None:
        raise ImpossiblePosition(Impossible.NO_PRICE)
    if not 0.0 < entry_usd < math.inf:
        raise ImpossiblePosition(Impossible.ENTRY_NOT_POSITIVE, entry_usd=entry_usd)
    if not 0.0 < added.margin_usd < math.inf:
        raise ImpossiblePosition(Impossible.EQUITY_NOT_POSITIVE, equity_usd=added.margin_usd)
    return entry_usd
