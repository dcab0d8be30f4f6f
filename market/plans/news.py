"""What a plan's owner is told: the plan as it is now, what happened to it, at which price, and what could not be watched."""

from dataclasses import dataclass

from market.plans.plan import Gap, Happened, Plan
from market.table import State

CRITICAL, WARNING, WATCH = 0, 1, 2
_URGENCY = {
    Happened.LIQUIDATED: CRITICAL,
    Happened.NEAR_LIQUIDATION: CRITICAL,
    Happened.EXIT: CRITICAL,
    Happened.MAX_LOSS: CRITICAL,
    Happened.TRIM: WARNING,
    Happened.HEDGE: WARNING,
    Happened.RISK_INVALIDATED: WARNING,
    Happened.THESIS_PRICE: WARNING,
    Happened.THESIS_TIME: WATCH,
    Happened.FUNDING_BEYOND: WATCH,
}


@dataclass(frozen=True, slots=True)
class PlanNews:
    """One plan's news of one look, all of it at once.

    `plan` is as it is after this look, `happened` in the order of `Happened`. The price in USD was known at `price_at_ms`;
    `at_ms` is the look (UTC ms). `sigmas` is how many standard deviations of the rest of the horizon the liquidation is away
    (None: there is no such price, or it is touched), `funding_8h` the rate per eight hours (None unknown), `gaps` the times
    in which it was not watched since its last news, `source` where the market comes from. `turned` is what of the market has
    turned against it, as `market.sizing.turned_by` names it ("" in news that were written before this was told).
    """

    plan: Plan
    happened: tuple[Happened, ...]
    at_ms: int
    price_usd: float
    price_at_ms: int
    sigmas: float | None
    funding_8h: float | None
    state: State
    source: str
    gaps: tuple[Gap, ...] = ()
    turned: str = ""


def urgency_of(happened: tuple[Happened, ...]) -> int:
    """How urgent news are, 0 (critical) to 2: as urgent as the most urgent of what happened."""
    return min((_URGENCY[one] for one in happened), default=WATCH)
