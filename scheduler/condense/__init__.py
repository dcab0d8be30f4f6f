"""Between the exchanges and the engine: what several venues say of one asset becomes one set of observations a step."""

from scheduler.condense.condenser import Condenser
from scheduler.condense.memory import CondenserState

__all__ = ["Condenser", "CondenserState"]
