"""What it costs to hedge a long position by listed options, beside simply halving it (section 6, "Hedge cost")."""

from market.hedge.hedge import After, Asked, Because, Choice, Halving, Hedge, hedge_of
from market.hedge.legs import Kind, Leg, Way
from market.hedge.listed import Expiry, HedgeRefused, NoHedge

__all__ = [
    "After",
    "Asked",
    "Because",
    "Choice",
    "Expiry",
    "Halving",
    "Hedge",
    "HedgeRefused",
    "Kind",
    "Leg",
    "NoHedge",
    "Way",
    "hedge_of",
]
