"""What is known of one asset: rolling windows, updated in place, never recomputed."""

from market.state.market import MarketState

__all__ = ["MarketState"]
