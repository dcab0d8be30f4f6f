"""Whether the service does its work: the store answers, and the last evaluation is younger than three cycles."""

from dataclasses import dataclass

from store.connection import Connection, StoreUnavailable
from store.services import FeedStatus
from store.snapshots import StoredFeed

MISSED_CYCLES = 3
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`, and a sentence that says why or why not."""

    ok: bool
    reason: str


async def is_healthy(connection: Connection, now_ms: int) -> Health:
    """The health of the service at `now_ms`, the present time in UTC milliseconds (never a market's own time)."""
    try:
        status, written_at_ms = await StoredFeed(connection).stamped()
    except StoreUnavailable as failure:
        return Health(ok=False, reason=str(failure))
    if status.source == LIVE and status.last_evaluation_ms is not None and status.cycle_ms is None:
        return Health(ok=False, reason="The store answers; the service has stopped.")
    if written_at_ms is None or status.last_evaluation_ms is None or status.cycle_ms is None:
        return Health(ok=False, reason="The store answers; nothing has been evaluated yet.")
    return _judge_age(
        abs(now_ms - _evaluated_at_ms(status.last_evaluation_ms, written_at_ms, status)), status.cycle_ms
    )


def _evaluated_at_ms(last_evaluation_ms: int, written_at_ms: int, status: FeedStatus) -> int:
    """The older of both times for a live market; a played one has times of its own, so only the writing counts."""
    return min(last_evaluation_ms, written_at_ms) if status.source == LIVE else written_at_ms


def _judge_age(age_ms: int, cycle_ms: int) -> Health:
    """An age is a distance: after a step of the clock the next evaluation puts it right within a cycle."""
    limit_ms = MISSED_CYCLES * cycle_ms
    ages = f"The last evaluation is {age_ms / 1000:.0f} s old, {limit_ms / 1000:.0f} s are allowed"
    if age_ms < limit_ms:
        return Health(ok=True, reason=f"The store answers. {ages}.")
    return Health(ok=False, reason=f"{ages}: evaluation has stopped or is late.")
