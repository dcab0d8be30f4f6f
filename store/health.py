"""Whether the service does its work: the store answers, the last evaluation is young, and it saw something."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.snapshot import Snapshot
from market.table import State
from store.connection import Connection, StoreUnavailable
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots

MISSED_CYCLES = 3
LIVE = "live"
BLIND = (
    "The market is evaluated and not one watched asset can be judged: too little is heard of the exchanges."
)


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`, and a sentence that says why or why not."""

    ok: bool
    reason: str


async def is_healthy(connection: Connection, now_ms: int) -> Health:
    """The health of the service at `now_ms`, the present time in UTC milliseconds (never a market's own time).

    A live market that is evaluated in time and blind in every asset is not well: nobody would be warned of anything.
    """
    health = await is_evaluated(connection, now_ms)
    try:
        if health.ok and (await StoredFeed(connection).status()).source == LIVE:
            snapshots = await StoredSnapshots(connection).all()
            return health if not snapshots or sees(snapshots) else Health(ok=False, reason=BLIND)
    except StoreUnavailable as failure:
        return Health(ok=False, reason=str(failure))
    return health


def sees(snapshots: Sequence[Snapshot]) -> bool:
    """Whether any asset can be judged."""
    return any(one.regime.state is not State.INSUFFICIENT_DATA for one in snapshots)


async def is_evaluated(connection: Connection, now_ms: int) -> Health:
    """Whether the market was evaluated lately, whatever was seen of it; `now_ms` as in `is_healthy`."""
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
