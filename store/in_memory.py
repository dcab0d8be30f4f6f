"""The same services without a server, for answers from a history file and for tests of commands."""

from collections.abc import Iterable

from market.observations import Asset
from market.snapshot import Snapshot
from store.services import FeedStatus


class SnapshotsInMemory:
    """Implements `store.services.Snapshots` in this process; `watched` are the assets in the operator's order."""

    def __init__(self, watched: Iterable[Asset] = (), snapshots: Iterable[Snapshot] = ()) -> None:
        self._watched = tuple(dict.fromkeys(watched))
        self._latest = {snapshot.asset: snapshot for snapshot in snapshots}

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The last snapshot of `asset`, None where there is none."""
        return self._latest.get(asset)

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""
        return self._watched

    async def all(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every watched asset that has one, in the operator's order."""
        return tuple(self._latest[asset] for asset in self._watched if asset in self._latest)

    async def save(self, snapshot: Snapshot) -> None:
        """Keep one snapshot as the last of its asset."""
        self._latest[snapshot.asset] = snapshot

    async def save_all(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep the snapshots of one cycle."""
        self._latest.update({snapshot.asset: snapshot for snapshot in snapshots})

    async def watch(self, assets: Iterable[Asset]) -> None:
        """Set the watched assets, in the operator's order; the snapshots of those no longer watched go."""
        self._watched = tuple(dict.fromkeys(assets))
        self._latest = {asset: self._latest[asset] for asset in self._watched if asset in self._latest}


class FeedInMemory:
    """Implements `store.services.Feed` in this process."""

    def __init__(self, status: FeedStatus | None = None) -> None:
        self._status = status or FeedStatus("none")

    async def status(self) -> FeedStatus:
        """Where the market comes from and how fresh the evaluation is."""
        return self._status

    async def save(self, status: FeedStatus) -> None:
        """Keep the status."""
        self._status = status
