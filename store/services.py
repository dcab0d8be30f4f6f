"""What the commands may ask of memory: Protocols only, so that a command runs on the store, on history or on the demo alike."""

from dataclasses import dataclass
from typing import Protocol

from market.observations import Asset
from market.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """Where the market comes from and how far evaluation has come.

    `source`: "none", "history", "simulated" or "live". `cycle_ms` is the market time between two evaluations,
    `lag_ms` how far the last evaluation ran behind its time.
    """

    source: str
    last_evaluation_ms: int | None = None
    cycle_ms: int | None = None
    lag_ms: int | None = None


class Snapshots(Protocol):
    """The last snapshot of each watched asset."""

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The last snapshot of `asset`, None where there is none."""

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""

    async def all(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every watched asset that has one."""


class Feed(Protocol):
    """The state of the evaluation itself."""

    async def status(self) -> FeedStatus:
        """Where the market comes from and how fresh the evaluation is."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that a command may reach."""

    snapshots: Snapshots
    feed: Feed
