"""Which assets are watched: those of the setting, and what /watch has made of them since."""

from collections.abc import Sequence

from market.observations import Asset
from scheduler.collect import Collector
from scheduler.live.memory import LiveMemory
from store.watchlist import FIRST_ASSETS, Applied

NEXT = 12
"""Without a setting: the first ones, and so many of the next by open interest, chosen once."""


async def want(assets: Sequence[Asset], memory: LiveMemory) -> None:
    """Watch the assets of a setting (none: the default), unless it was applied before: then what /watch made of it stays.

    What a market of another source left in the store is not the present, and goes. Raises StoreUnavailable.
    """
    setting = ",".join(assets)
    applied = await memory.watchlist.applied()
    if applied is not None and applied.setting == setting:
        return
    if applied is None:
        await memory.cycle.snapshots.watch(())
    await memory.watchlist.apply(assets or FIRST_ASSETS, Applied(setting, is_complete=bool(assets)))


async def choose(collector: Collector, memory: LiveMemory) -> None:
    """Find the rest of the default, once venues tell what is open; until then nothing is chosen. Raises StoreUnavailable.

    A few of the venues are enough where they list that many; where they do not, all are waited for.
    """
    applied = await memory.watchlist.applied()
    if applied is None or applied.is_complete:
        return
    largest = await collector.largest(len(FIRST_ASSETS) + NEXT)
    following = [asset for asset in largest if asset not in FIRST_ASSETS][:NEXT]
    if len(following) < NEXT and not all(collector.listings.instruments(venue) for venue in collector.venues):
        return
    for asset in following:
        await memory.watchlist.add(asset)
    await memory.watchlist.note(Applied(applied.setting, is_complete=True))
