"""How many liquidations one brings about, estimated beside the looks: a quarter of a second of arithmetic, in a thread.

An estimate is handed in with the next look as an observation, so that the steps that are kept tell the whole story. It is
shown as corroboration and judged by nothing (section 3).
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from market.formulas.hawkes import apart, branching_estimate
from market.observations import MINUTE_MS, SECOND_MS, Asset, Branching, Venue
from market.rules import LiquidationRules
from scheduler.condense import CondenserState
from scheduler.condense.events import most_told

CADENCE_MS = 15 * MINUTE_MS
_ONE_AT_A_TIME = ThreadPoolExecutor(1, "branching")
"""Of all assets: in a wave every one is due at once, and the threads of others, as names are looked up in, stay free."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class BranchingWatch:
    """Estimates of one asset, one at a time and one a quarter of an hour of the market's time."""

    asset: Asset
    rules: LiquidationRules
    _due_ms: int = 0
    _under_way: asyncio.Task[Branching | None] | None = field(default=None, repr=False)

    def take(self, state: CondenserState, now_ms: int) -> tuple[Branching, ...]:
        """The estimate that has become ready, once; begins the next one where it is due and there are events enough."""
        ready = self._ready()
        if self._under_way is None and now_ms >= self._due_ms:
            self._begin(state, now_ms)
        return ready

    def end(self) -> None:
        """Wait for no estimate any more."""
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None

    def _ready(self) -> tuple[Branching, ...]:
        task = self._under_way
        if task is None or not task.done():
            return ()
        self._under_way = None
        failure = task.exception()
        if failure is not None:
            _log.error("%s: the branching ratio could not be estimated: %r", self.asset, failure)
            return ()
        found = task.result()
        return () if found is None else (found,)

    def _begin(self, state: CondenserState, now_ms: int) -> None:
        told = most_told(state, now_ms)
        if told is None or len(told[1]) < self.rules.branching_least_events:
            return
        self._due_ms = now_ms + CADENCE_MS
        self._under_way = asyncio.ensure_future(_in_turn(*told, now_ms))


async def _in_turn(venue: Venue, events_ms: tuple[int, ...], until_ms: int) -> Branching | None:
    """The estimate of the thread, when others are done; a task, which an end of the program takes out of the queue."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_ONE_AT_A_TIME, estimated, venue, events_ms, until_ms)


def estimated(venue: Venue, events_ms: tuple[int, ...], until_ms: int) -> Branching | None:
    """What the events of a venue up to `until_ms` (UTC, ascending) amount to; time begins with the second of the first."""
    first_s = events_ms[0] // SECOND_MS
    times_s = [at_s - first_s for at_s in apart(events_ms)]
    found = branching_estimate(times_s, max(times_s[-1], until_ms / SECOND_MS - first_s))
    if found is None or found.deviation is None:
        return None
    return Branching(venue, until_ms, CADENCE_MS, found.ratio, found.deviation, len(events_ms))
