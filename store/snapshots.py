"""The last snapshot of each watched asset and the state of the evaluation, as the commands read them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial

from market.observations import Asset
from market.snapshot import Snapshot
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection
from store.services import FeedStatus

SNAPSHOT = Kind("snapshot", 1, Snapshot)
WATCHED = Kind("list of watched assets", 1, tuple[Asset, ...])
FEED_STATUS = Kind("feed status", 1, FeedStatus)

_STAMP = """
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'status', ARGV[1], 'written_at_ms', now[1] * 1000 + math.floor(now[2] / 1000))
"""


class StoredSnapshots:
    """Implements `store.services.Snapshots`; every method raises StoreUnavailable where the server does not answer.

    What was read is kept in this process beside its bytes: the server is asked each time, and bytes that are the same are
    not read twice. It is not to be changed by whoever asks for it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[Asset, tuple[bytes | str, Snapshot]] = {}

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The last snapshot of `asset`, None where there is none."""
        return await self._connection.memory.of(keys.snapshot(asset), "", partial(self._latest, asset))

    async def _latest(self, asset: Asset) -> Snapshot | None:
        async with self._connection.reading() as redis:
            return self._known(asset, await redis.get(keys.snapshot(asset)))

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""
        return await self._connection.memory.of(keys.WATCHED, "", self._watched)

    async def _watched(self) -> tuple[Asset, ...]:
        async with self._connection.reading() as redis:
            return decode(WATCHED, await redis.get(keys.WATCHED)) or ()

    async def all(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every watched asset that has one, in the operator's order."""
        assets = await self.watched()
        if not assets:
            return ()
        places = _places(assets)

        async def read(missing: Sequence[str]) -> list[Snapshot | None]:
            async with self._connection.reading() as redis:
                stored = await redis.mget(missing)
            return [self._known(places[key], blob) for key, blob in zip(missing, stored, strict=True)]

        found = await self._connection.memory.of_many(tuple(places), read)
        return tuple([snapshot for snapshot in found if snapshot is not None])

    def _known(self, asset: Asset, stored: bytes | str | None) -> Snapshot | None:
        """What these bytes say of `asset`."""
        known = self._read.get(asset)
        if known is not None and known[0] == stored:
            return known[1]
        snapshot = decode(SNAPSHOT, stored)
        if stored is None or snapshot is None:
            self._read.pop(asset, None)
            return None
        self._read[asset] = (stored, snapshot)
        return snapshot

    async def save(self, snapshot: Snapshot) -> None:
        """Keep one snapshot as the last of its asset."""
        await self.save_all((snapshot,))

    async def save_all(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep the snapshots of one cycle, all or none, in one command."""
        blobs = {keys.snapshot(snapshot.asset): encode(SNAPSHOT, snapshot) for snapshot in snapshots}
        if blobs:
            async with self._connection.writing(tuple(blobs)) as redis:
                await redis.mset(blobs)

    async def forget(self, asset: Asset) -> None:
        """Drop the snapshot of an asset; none of it is as good."""
        async with self._connection.writing((keys.snapshot(asset),)) as redis:
            await redis.delete(keys.snapshot(asset))

    async def watch(self, assets: Iterable[Asset]) -> None:
        """Set the watched assets, in the operator's order; the snapshots of those no longer watched go.

        From then on no setting stands behind them (`store.watchlist`): a live market makes its list anew.
        """
        kept = tuple(dict.fromkeys(assets))
        gone = [keys.snapshot(asset) for asset in await self.watched() if asset not in kept]
        changed = (keys.WATCHED, *gone)
        async with self._connection.writing(changed) as redis, redis.pipeline(transaction=True) as both:
            both.set(keys.WATCHED, encode(WATCHED, kept))
            both.delete(keys.APPLIED, *gone)
            await both.execute()


@lru_cache(maxsize=4)
def _places(assets: tuple[Asset, ...]) -> Mapping[str, Asset]:
    """The assets by the keys at which their snapshots are."""
    return {keys.snapshot(asset): asset for asset in assets}


class StoredFeed:
    """Implements `store.services.Feed`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def status(self) -> FeedStatus:
        """Where the market comes from and how fresh the evaluation is; source "none" before the first word of it."""
        status, _ = await self.stamped()
        return status

    async def stamped(self) -> tuple[FeedStatus, int | None]:
        """The status and when it was saved, by the server's clock (UTC milliseconds), None where it never was."""
        return await self._connection.memory.of(keys.FEED, "", self._stamped)

    async def _stamped(self) -> tuple[FeedStatus, int | None]:
        async with self._connection.reading() as redis:
            stored, written_at_ms = await redis.hmget(keys.FEED, ["status", "written_at_ms"])
        status = decode(FEED_STATUS, stored)
        if status is None or written_at_ms is None:
            return FeedStatus("none"), None
        return status, int(written_at_ms)

    async def save(self, status: FeedStatus) -> None:
        """Keep the status, stamped with the server's own time: that of a played history would be years old."""
        async with self._connection.writing((keys.FEED,)) as redis:
            await redis.eval(_STAMP, 1, keys.FEED, encode(FEED_STATUS, status))
