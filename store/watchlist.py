"""Which assets are watched and which there are, as the live market keeps them and /watch changes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from market.observations import Asset
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection, StoreUnavailable
from store.snapshots import WATCHED

LISTED = Kind("list of listed assets", 1, tuple[Asset, ...])
FIRST_ASSETS: tuple[Asset, ...] = ("BTC", "ETH", "SOL")
"""Watched without a setting, from the first moment on."""

MOST_TRIES = 20

_CHANGE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('DEL', KEYS[2]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """The setting that the watched assets were made from, as its text; `is_complete` once every asset of it is found."""

    setting: str
    is_complete: bool


APPLIED = Kind("applied setting of assets", 1, Applied)


class StoredWatchlist:
    """Implements `store.services.Watchlist`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def listed(self) -> tuple[Asset, ...]:
        """Every asset that a venue lists, watched or not; () before that is known."""
        return await self._connection.memory.of(keys.LISTED, "", self._listed)

    async def _listed(self) -> tuple[Asset, ...]:
        async with self._connection.reading() as redis:
            return decode(LISTED, await redis.get(keys.LISTED)) or ()

    async def save_listed(self, assets: Iterable[Asset]) -> None:
        """Keep what the venues list."""
        async with self._connection.writing((keys.LISTED,)) as redis:
            await redis.set(keys.LISTED, encode(LISTED, tuple(assets)))

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""
        return (await self._kept())[1]

    async def applied(self) -> Applied | None:
        """The setting behind the watched assets, None where a market without one (a recorded one) has set them."""
        async with self._connection.reading() as redis:
            return decode(APPLIED, await redis.get(keys.APPLIED))

    async def apply(self, assets: Iterable[Asset], applied: Applied) -> None:
        """Watch the assets of a setting, in one instant with its name; the snapshots of all others go."""
        kept = tuple(dict.fromkeys(assets))
        gone = [keys.snapshot(asset) for asset in await self.watched() if asset not in kept]
        async with (
            self._connection.writing((keys.WATCHED,)) as redis,
            redis.pipeline(transaction=True) as together,
        ):
            together.set(keys.WATCHED, encode(WATCHED, kept))
            together.set(keys.APPLIED, encode(APPLIED, applied))
            if gone:
                together.delete(*gone)
            await together.execute()

    async def note(self, applied: Applied) -> None:
        """Keep what the setting has come to, leaving the assets as they are."""
        async with self._connection.writing() as redis:
            await redis.set(keys.APPLIED, encode(APPLIED, applied))

    async def add(self, asset: Asset) -> bool:
        """Watch one more; False where it is watched already. Durable when it returns."""
        for _ in range(MOST_TRIES):
            before, watched = await self._kept()
            if asset in watched:
                return False
            if await self._change(before, (*watched, asset), asset, is_drop=False):
                return True
        raise StoreUnavailable("The list of watched assets is changed by too many at once.")

    async def drop(self, asset: Asset) -> bool:
        """Watch one less; False where it is not watched. Durable when it returns."""
        for _ in range(MOST_TRIES):
            before, watched = await self._kept()
            if asset not in watched:
                return False
            left = tuple(other for other in watched if other != asset)
            if await self._change(before, left, asset, is_drop=True):
                return True
        raise StoreUnavailable("The list of watched assets is changed by too many at once.")

    async def _kept(self) -> tuple[bytes, tuple[Asset, ...]]:
        """The list as its bytes, by which a change by somebody else is noticed, and as it reads."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.get(keys.WATCHED)
        return stored or b"", decode(WATCHED, stored) or ()

    async def _change(self, before: bytes, after: tuple[Asset, ...], asset: Asset, *, is_drop: bool) -> bool:
        async with self._connection.writing((keys.WATCHED, keys.snapshot(asset))) as redis:
            script = redis.register_script(_CHANGE)
            places = [keys.WATCHED, keys.snapshot(asset)]
            return bool(await script(places, [before, encode(WATCHED, after), b"1" if is_drop else b""]))
