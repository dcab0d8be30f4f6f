"""What the first evaluation said (by other code), to hold ours against: shared/first-evaluation.md, sections 3 and 4."""

from collections.abc import Mapping

PRECISION: Mapping[str, float] = {
    "random": 0.044,
    "shock_24h": 0.240,
    "taker-sell share 24 h": 0.173,
    "funding level (24 h mean)": 0.157,
    "premium 24 h": 0.157,
    "drawdown_7d / sigma": 0.144,
    "shock_4h": 0.135,
    "funding percentile": 0.087,
    "drawdown_7d": 0.077,
    "volume spike": 0.061,
    "2-of-5 vote": 0.048,
    "premium percentile": 0.045,
    "volatility EWMA": 0.003,
    "open interest percentile": 0.088,
    "open interest +24 h": 0.034,
    "open interest +72 h": 0.034,
}
"""At two alerts a month, sell-offs of 7 %, refractory 6 h."""

WAYS: Mapping[str, Mapping[str, float]] = {
    "24 h between alerts": {
        "shock_24h": 0.128,
        "drawdown_7d / sigma": 0.154,
        "funding level (24 h mean)": 0.080,
    },
    "only BTC and ETH, from their start": {
        "shock_24h": 0.211,
        "drawdown_7d / sigma": 0.142,
        "funding level (24 h mean)": 0.049,
    },
    "5%, 2.5 sigma": {"shock_24h": 0.260},
    "10%, 2.5 sigma": {"shock_24h": 0.179, "funding level (24 h mean)": 0.119},
    "7%, no sigma leg": {"shock_24h": 0.35, "volatility EWMA": 0.42},
    "10%, no sigma leg": {
        "shock_24h": 0.18,
        "volatility EWMA": 0.21,
        "funding level (24 h mean)": 0.22,
    },
}
"""At two alerts a month: other labels and ways to match."""

SHOCK_EDGES: Mapping[float, tuple[float, float]] = {
    -1.5: (0.117, 2.7),
    -2.0: (0.269, 0.86),
    -2.5: (0.522, 0.30),
    -3.0: (0.619, 0.13),
}
"""Precision and alerts a month of rising edges of the day's shock, four assets."""

SHOCK_EDGES_LONGEST: Mapping[float, float] = {-1.5: 0.136, -2.0: 0.247, -2.5: 0.448, -3.0: 0.333}
"""The same of the assets that go back furthest."""

RULES: Mapping[str, tuple[float, float]] = {
    "watch (pro-tip, section 1)": (2.47, 0.093),
    "warning (3 of 5, section 1)": (2.63, 0.087),
    "CROWDING": (3.48, 0.079),
    "pd (section 1) & fe": (0.73, 0.094),
    "ou & (pd (section 1) or nc)": (1.26, 0.091),
    "rolling over & pd (section 1)": (1.81, 0.0),
    "shock <= -2 & oe": (0.41, 0.346),
    "shock <= -2 & not oe": (0.39, 0.111),
}
"""Alerts a month and precision of rules at their natural budget, BTC with open interest."""

HOURLY: Mapping[str, float] = {
    "fe": 2.55,
    "watch (pro-tip, section 1)": 2.06,
    "warning (3 of 5, section 1)": 2.03,
    "CROWDING": 1.70,
    "oe": 1.42,
    "pd (section 1)": 1.24,
    "HEALTHY": 0.79,
    "STABILISING": 0.35,
    "fr": 0.58,
    "oc": 0.21,
    "rolling over": 0.53,
}
"""Chance of a sell-off within a day in hours with the condition, to that of all hours; BTC with open interest."""


def beside(ours: tuple[float, float, float], first: float | None) -> str:
    """The first run's figure, and whether it lies in our interval (value, low, high)."""
    if first is None:
        return "-"
    _, low, high = ours
    return f"{first:.3f}" if low <= first <= high else f"{first:.3f} (outside)"
