"""The live market: every watched asset taken up with its past, then looked at once a minute, and resumed exactly."""

from scheduler.live.market import CYCLE_S, LiveMarket
from scheduler.live.memory import LiveMemory, live_memory
from scheduler.live.watching import want

__all__ = ["CYCLE_S", "LiveMarket", "LiveMemory", "live_memory", "want"]
