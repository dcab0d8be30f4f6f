"""The looks back at the kept hours of watched assets: one asset at a time, when it is taken up, and again each six hours."""

from collections.abc import Awaitable, Callable, Iterable

from market.evaluation.backtest import Backtest
from market.hourly import Hourly
from market.observations import Asset
from market.rules import Rules
from scheduler.backtesting import AGAIN_AFTER_MS, backtest, stamp_of
from store.backtests import StoredBacktests

ReadHours = Callable[[Asset], Awaitable[Hourly | None]]


class LooksBack:
    """Keeps a look back at the hours of each asset, which `read` gives. Every method may be called again.

    They raise StoreUnavailable where the server does not answer.
    """

    def __init__(self, read: ReadHours, kept: StoredBacktests, rules: Rules) -> None:
        self._read, self._kept, self._rules = read, kept, rules
        self._stamp = stamp_of(rules)
        self._made: dict[Asset, tuple[int, int]] = {}

    async def next(self, assets: Iterable[Asset], now_ms: int) -> Asset | None:
        """Make the look back of the first of these assets that is due; gives which that was, None where none is."""
        for asset in assets:
            if 0 <= now_ms - self._made.get(asset, (0, 0))[1] < AGAIN_AFTER_MS:
                continue
            hours = await self._read(asset)
            if hours is not None and await self._is_due(asset, hours):
                await self._make(asset, hours)
                return asset
        return None

    async def _is_due(self, asset: Asset, hours: Hourly) -> bool:
        """Whether there is none of these rules, it is old, or the hours are others: longer in front, or ending before it."""
        if asset not in self._made:
            self._made[asset] = self._ends(await self._kept.of(asset))
        first_ms, until_ms = self._made[asset]
        grown_ms = hours.last_close_ms - until_ms
        return hours.first_close_ms < first_ms or not 0 <= grown_ms < AGAIN_AFTER_MS

    def _ends(self, kept: Backtest | None) -> tuple[int, int]:
        """From when to when a look back reaches, nowhere where it was made under other rules."""
        if kept is None or kept.rules != self._stamp:
            return 0, 0
        return kept.first_ms, kept.until_ms

    async def _make(self, asset: Asset, hours: Hourly) -> None:
        made = await backtest(asset, hours, self._rules)
        if made is None:
            await self._kept.forget(asset)
        else:
            await self._kept.save(made)
        self._made[asset] = hours.first_close_ms, hours.last_close_ms
