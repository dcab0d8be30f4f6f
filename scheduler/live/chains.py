"""The option chains that are kept for those who ask what a hedge costs: each once, when it has changed."""

from market.observations import Asset
from scheduler.collect import Collector
from scheduler.condense.volatility import newest_chain
from store.chains import StoredChains


class Chains:
    """Keeps the newest chain of each asset under watch; nothing is remembered of it, as it comes anew within minutes."""

    def __init__(self, collector: Collector, chains: StoredChains) -> None:
        self._collector, self._chains = collector, chains
        self._kept_ms: dict[Asset, int] = {}

    async def keep(self, asset: Asset, now_ms: int) -> bool:
        """Keep an asset's chain where a new one was heard; whether one was. Raises StoreUnavailable, to be called again."""
        chain = newest_chain(self._collector.condenser(asset).state, now_ms)
        if chain is None or chain.as_of_ms == self._kept_ms.get(asset):
            return False
        await self._chains.save(chain)
        self._kept_ms[asset] = chain.as_of_ms
        return True
