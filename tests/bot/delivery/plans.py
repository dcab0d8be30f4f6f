"""Plans and their news for tests of what becomes of them."""

from dataclasses import replace

from market.observations import Side, Venue
from market.plans import Happened, Ladder, Plan, PlanNews
from market.report import LIVE
from market.sizing import MarginMode
from market.table import State
from tests.store.samples import NOW_MS

PLAN = Plan(
    id="p7f2",
    asset="BTC",
    side=Side.LONG,
    mode=MarginMode.ISOLATED,
    venue=Venue.BINANCE,
    is_inverse=False,
    coins=0.5,
    entry_usd=100_000.0,
    margin_usd=10_000.0,
    made_ms=NOW_MS,
    hold_hours=72.0,
    sigma=0.4,
    liquidation_usd=80_442.43,
    maintenance_rate=0.005,
    tiers_on="2026-09-29",
    drawdown_usd=500.0,
    max_leverage=5.0,
    ladder=Ladder(0.04, 0.05, 0.07),
)


def news(*happened: Happened, plan: Plan = PLAN, **changed: object) -> PlanNews:
    """Case A of quant.md section 8, two percent under its trim rung unless told otherwise."""
    told = replace(plan, watch=replace(plan.watch, told_ms={one.value: NOW_MS for one in happened}))
    fact = PlanNews(
        plan=told,
        happened=happened,
        at_ms=NOW_MS,
        price_usd=95_500.0,
        price_at_ms=NOW_MS - 4_000,
        sigmas=4.1,
        funding_8h=0.0003,
        state=State.CROWDING,
        source=LIVE,
    )
    return replace(fact, **changed)  # type: ignore[arg-type]
