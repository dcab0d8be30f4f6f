"""The simulated exchanges: one simulated market served over HTTP and websockets in the formats of five venues.

A double of exchanges, not of the scheduler: what reads it is the production code, which cannot tell the difference.
"""

from scheduler.simulator.server.exchanges import SimulatedExchanges, serve
from scheduler.simulator.server.faster import faster_clock
from scheduler.simulator.server.faults import Fault, Of, Trouble
from scheduler.simulator.server.recorded import recorded
from scheduler.simulator.server.troubles import FORCED, MARKS, TROUBLES, silent
from scheduler.simulator.server.venue import STANDINGS

__all__ = [
    "FORCED",
    "MARKS",
    "STANDINGS",
    "TROUBLES",
    "Fault",
    "Of",
    "SimulatedExchanges",
    "Trouble",
    "faster_clock",
    "recorded",
    "serve",
    "silent",
]
