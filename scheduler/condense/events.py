"""When liquidations happened at venues that tell them all: six hours of moments, for how many one of them brings about."""

from market.observations import HOUR_MS, Venue
from scheduler.condense.memory import CondenserState, Forced

WINDOW_MS = 6 * HOUR_MS
MOST_KEPT = 5_000
"""Of a venue; in a wave that has more, they tell enough of a shorter time."""


def forget_events(forced: Forced, now_ms: int) -> None:
    """Drop what is older than the window, and the oldest of too many."""
    events = forced.events_ms
    while events and (events[0] <= now_ms - WINDOW_MS or len(events) > MOST_KEPT):
        events.popleft()


def most_told(state: CondenserState, now_ms: int) -> tuple[Venue, tuple[int, ...]] | None:
    """The venue that told most events of the window, with their moments ascending; None where none told any."""
    told = {
        venue: memory.forced.events_ms for venue, memory in state.venues.items() if memory.forced.events_ms
    }
    if not told:
        return None
    venue = max(told, key=lambda one: (len(told[one]), one))
    return venue, tuple(sorted(at_ms for at_ms in told[venue] if now_ms - WINDOW_MS < at_ms <= now_ms))
