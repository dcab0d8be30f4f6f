"""Positions stated by hand: their plans, and the watch that holds the trader to them."""

from market.plans.news import PlanNews, urgency_of
from market.plans.plan import GAPS_KEPT, MOST_PLANS, Gap, Happened, Ladder, Plan, Rung, Watch

__all__ = [
    "GAPS_KEPT",
    "MOST_PLANS",
    "Gap",
    "Happened",
    "Ladder",
    "Plan",
    "PlanNews",
    "Rung",
    "Watch",
    "urgency_of",
]
