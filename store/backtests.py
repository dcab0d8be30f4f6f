"""The look back at each asset's kept hours, made by who leads the scheduling and read by commands."""

from functools import partial

from market.evaluation.backtest import Backtest
from market.observations import Asset
from store import keys
from store.codec import Kind, decode, encode, pressed
from store.connection import Connection

BACKTEST = Kind("backtest", 1, Backtest)


class StoredBacktests:
    """Implements `store.hindsight.Backtests`; every method raises StoreUnavailable where the server does not answer.

    Those of different sources ("live", "history") do not know each other, like the hours they are made of.
    """

    def __init__(self, connection: Connection, source: str) -> None:
        self._connection, self._source = connection, source

    async def of(self, asset: Asset) -> Backtest | None:
        """The look back at the hours of `asset`, None where there is none yet, or too few are kept."""
        key = keys.backtest(self._source, asset)
        return await self._connection.memory.of(key, "", partial(self._of, key))

    async def _of(self, key: str) -> Backtest | None:
        async with self._connection.reading() as redis:
            return decode(BACKTEST, await redis.get(key))

    async def save(self, record: Backtest) -> None:
        """Keep a look back in place of the one before."""
        key = keys.backtest(self._source, record.asset)
        async with self._connection.writing((key,)) as redis:
            await redis.set(key, pressed(encode(BACKTEST, record)))

    async def forget(self, asset: Asset) -> None:
        """Drop the look back at hours that are no longer there, where there is one."""
        key = keys.backtest(self._source, asset)
        async with self._connection.writing((key,)) as redis:
            await redis.delete(key)
