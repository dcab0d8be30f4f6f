"""One look at the service: what the store says of it, and what this process knows of itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.health.loop import DEAD_S, LoopWatch
from bot.health.parts import Parts, Standing
from bot.tally import Tally
from market.snapshot import Snapshot
from scheduler.clock import now_ms
from store.connection import Connection, StoreUnavailable
from store.health import Health, is_healthy
from store.lease import leader
from store.queues import Queue, Queues
from store.services import FeedStatus, SourceReport
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from store.traffic import Traffic
from store.watchdog import Canary, Watchdog


@dataclass(frozen=True, slots=True)
class FromStore:
    """What the store says: `written_at_ms` is when the feed's status was saved, `leaders` who leads each part."""

    feed: FeedStatus
    written_at_ms: int | None
    reports: tuple[SourceReport, ...]
    watched: int
    snapshots: tuple[Snapshot, ...]
    queues: tuple[Queue, ...]
    dead: dict[str, int]
    canary: Canary
    leaders: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Vitals:
    """The service at `now_ms`. `told` is None where the store does not answer; `health` says so."""

    now_ms: int
    health: Health
    told: FromStore | None
    parts: dict[str, Standing]
    traffic: Traffic
    tally: Tally
    loop_lag_s: float
    loop_blocks: int
    store_away_s: float

    @property
    def canary_age_s(self) -> float | None:
        """How old the last canary is that came through; None where none ever did, or that cannot be told."""
        if self.told is None or not self.told.canary.came_ms:
            return None
        return max(0.0, (self.now_ms - self.told.canary.came_ms) / 1_000)


@dataclass(frozen=True, slots=True)
class Process:
    """What is looked at: the store, the parts that run here, the loop they run on, and what they count.

    `platforms` are those with a token, `leases` the parts that one process alone does.
    """

    connection: Connection
    parts: Parts
    loop: LoopWatch
    tally: Tally
    platforms: Sequence[str]
    leases: Sequence[str] = ()
    snapshots: StoredSnapshots = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "snapshots", StoredSnapshots(self.connection))

    async def look(self, clock_s: float) -> Vitals:
        """Look at everything once; `clock_s` is the loop's time. A store that is away is a finding."""
        at_ms, told = now_ms(), None
        health = await is_healthy(self.connection, at_ms)
        try:
            told = await self._told()
        except StoreUnavailable as failure:
            health = Health(ok=False, reason=str(failure))
        traffic = self.connection.traffic
        return Vitals(
            at_ms,
            health,
            told,
            self.parts.all(),
            traffic,
            self.tally,
            self.loop.lag_s,
            self.loop.blocks,
            traffic.away_for_s(clock_s),
        )

    async def _told(self) -> FromStore:
        feed, written_at_ms = await StoredFeed(self.connection).stamped()
        queues = Queues(self.connection)
        leaders = {name: await leader(self.connection, name) for name in self.leases}
        return FromStore(
            feed,
            written_at_ms,
            await StoredSources(self.connection).reports(),
            len(await self.snapshots.watched()),
            await self.snapshots.all(),
            await queues.of(self.platforms),
            await queues.dead(),
            await Watchdog(self.connection).stands(),
            {name: None if led is None else led.holder for name, led in leaders.items()},
        )


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether a process lives: its loop turns and its parts run. `reasons` say why not."""

    ok: bool
    reasons: tuple[str, ...]


def is_alive(loop: LoopWatch, parts: Parts) -> Alive:
    """Whether a process lives; no store is asked, and it may be asked from any thread."""
    stands_s = loop.stands_for_s
    reasons = [f"{name} has ended" for name, standing in parts.all().items() if standing is Standing.ENDED]
    if stands_s > DEAD_S:
        reasons.append(f"the event loop has stood still for {stands_s:.0f} s")
    return Alive(not reasons, tuple(reasons))
