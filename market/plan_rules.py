"""Every threshold of the watch over plans, beside the sentence it stands for."""

from dataclasses import dataclass

from market.observations import HOUR_MS, MINUTE_MS

MOVED = 0.001
"""A forced close that moved by less (fraction of it) is the same: a plan is not written anew for every tick."""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """When a plan's owner is told, and when a condition may be told again (issue 5, Deliver 3)."""

    # says "liquidation within n sigma" of what is left of the horizon; told again only after it was farther by half a sigma
    near_sigmas: float = 2.0
    near_sigmas_exit: float = 2.5
    # a plan that outlives its horizon, or is about to, is watched over the next day
    least_rest_hours: float = 24.0
    # "exit .02%" of fe at .03%: funding has eased at two thirds of what was too dear
    funding_exit_share: float = 2.0 / 3.0
    # "only after a time clear": as long as a lower state has to hold before it is believed (section 7)
    rearm_after_ms: int = 2 * HOUR_MS
    # a look is due every minute; so long without a price, or 2.5 of a coarser market's own steps, is a gap and is told
    gap_after_ms: int = 5 * MINUTE_MS
    gap_steps: float = 2.5
    # the rate known is the mean of a day: of a longer time without one it says nothing, and that part is left out
    longest_funding_ms: int = 24 * HOUR_MS
