"""Plans and their news for tests of what becomes of them."""

from dataclasses import replace

from market.plans import Happened, Ladder, Plan, PlanNews, Watch
from market.report import LIVE
from market.table import State
from tests.store import samples
from tests.store.samples import NOW_MS

PLAN = replace(samples.PLAN, ladder=Ladder(0.04, 0.05, 0.07), line_usd=None, watch=Watch())


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
