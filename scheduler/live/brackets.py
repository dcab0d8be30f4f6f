"""The maintenance brackets of the watched assets: asked once a day of each venue that tells them, an asset a minute."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from market.margin import Tiers
from market.observations import MINUTE_MS, Asset, Venue
from scheduler.collect import Collector
from store.snapshots import StoredSnapshots
from store.tiers import StoredTiers

AGAIN_AFTER_MS = 15 * MINUTE_MS
"""An asset whose brackets could not be had is asked for again so late, and the others before it."""


class Brackets:
    """Keeps what venues tell of the watched assets; of a venue that does not answer the last ones stay, with their date.

    They are due again on every new day (UTC). Every method raises StoreUnavailable, and may then be called again.
    """

    def __init__(self, collector: Collector, tiers: StoredTiers, snapshots: StoredSnapshots) -> None:
        self._collector, self._tiers, self._snapshots = collector, tiers, snapshots
        self._dates: dict[Venue, dict[Asset, str]] = {}
        self._tried_ms: dict[tuple[Venue, Asset], int] = {}

    async def ask_next(self, venue: Venue, assets: Sequence[Asset], now_ms: int) -> None:
        """Ask a venue for the brackets of that asset among these which waits longest for them, where any does and has a price."""
        for asset in await self._due(venue, assets, now_ms):
            price_usd = await self._price_usd(asset)
            if price_usd is None:
                continue
            self._tried_ms[venue, asset] = now_ms
            told = await self._collector.brackets(venue, asset, price_usd)
            await self._keep(venue, [told[one] for one in assets if one in told])
            return

    async def _due(self, venue: Venue, assets: Sequence[Asset], now_ms: int) -> list[Asset]:
        listed = self._collector.tells_brackets_of(venue, assets)
        dates, today = await self._known(venue, listed), _day(now_ms)
        tried = {asset: self._tried_ms.get((venue, asset), 0) for asset in listed}
        due = [
            asset for asset in listed if dates.get(asset) != today and now_ms - tried[asset] >= AGAIN_AFTER_MS
        ]
        return sorted(due, key=lambda asset: tried[asset])

    async def _known(self, venue: Venue, assets: Iterable[Asset]) -> Mapping[Asset, str]:
        """From which day the kept brackets are, asked of the store where it is not known yet."""
        known = self._dates.setdefault(venue, {})
        missing = [asset for asset in assets if asset not in known]
        if missing:
            kept = await self._tiers.dates(venue, missing)
            known |= {asset: kept.get(asset, "") for asset in missing}
        return known

    async def _price_usd(self, asset: Asset) -> float | None:
        snapshot = await self._snapshots.latest(asset)
        return None if snapshot is None else snapshot.fact("price", "price_usd")

    async def _keep(self, venue: Venue, told: Sequence[Tiers]) -> None:
        await self._tiers.save(told)
        self._dates[venue] |= {tiers.asset: tiers.published_on for tiers in told}


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()
