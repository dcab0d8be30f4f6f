"""Positions stated by hand: their plans, and the watch that holds the trader to them.

`make_plan(check_size(...), ...)` makes one, `watch(plan, snapshot, ...)` is one look at it, `add_to` makes it larger.
"""

from market.plans.adding import Added, AddRefused, NoAdd, add_to, why_not_add
from market.plans.losing import loss_usd, lost_share, max_loss_price
from market.plans.making import Noise, NoPlan, PlanRefused, Thesis, fresh_id, make_plan, noise_of
from market.plans.news import PlanNews, urgency_of
from market.plans.plan import GAPS_KEPT, MOST_PLANS, Gap, Happened, Ladder, Plan, Rung, Watch
from market.plans.standing import Standing, is_spent, rung_usd, standing_of, steps_of
from market.plans.wallet import in_wallet, sharing
from market.plans.watch import Sight, news_of, see, watch, watch_seen

__all__ = [
    "GAPS_KEPT",
    "MOST_PLANS",
    "AddRefused",
    "Added",
    "Gap",
    "Happened",
    "Ladder",
    "NoAdd",
    "NoPlan",
    "Noise",
    "Plan",
    "PlanNews",
    "PlanRefused",
    "Rung",
    "Sight",
    "Standing",
    "Thesis",
    "Watch",
    "add_to",
    "fresh_id",
    "in_wallet",
    "is_spent",
    "loss_usd",
    "lost_share",
    "make_plan",
    "max_loss_price",
    "news_of",
    "noise_of",
    "rung_usd",
    "see",
    "sharing",
    "standing_of",
    "steps_of",
    "urgency_of",
    "watch",
    "watch_seen",
    "why_not_add",
]
