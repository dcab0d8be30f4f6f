"""Every threshold of the map of leverage and of the cascade through it, beside what it stands for (section 9)."""

DROP_CAP = 0.9
"""A cascade that reaches this fall has run away: the model says no more than that."""

HEAPS_WITHIN = 0.15
"""Heaps of positions farther from the price than this (fraction) are not shown."""

LEAST_JUMP = 0.005
"""A fall that takes less than half a percent more with it is no trigger: some band is always next."""
