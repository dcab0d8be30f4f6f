"""The canary: a warning that takes the very way of all others, each minute, and ends at nobody.

It is announced, matched, put into an outbox, claimed, begun and removed like any other; only its shelves in the log are of
its own, so that no list of warnings shows it. Where its address was told last is when the way was last seen to be whole.
"""

from dataclasses import dataclass
from typing import Any

from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.observations import MINUTE_MS
from market.table import State
from store import keys
from store.bulletins import CANARY_ASSET, Bulletins
from store.connection import Connection
from store.waves import StoredWaves

CANARY_PLATFORM = "null"
CANARY_ADDRESS = f"{CANARY_PLATFORM}:watchdog"
AGAIN_MS = 10 * MINUTE_MS
"""A canary that did not come through is followed by another one only after so long: nothing piles up."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Of which moment the last canary is that was announced, and the last that came through (UTC ms, 0 for none yet)."""

    announced_ms: int
    came_ms: int


def canary(now_ms: int) -> Alert:
    """The canary of this minute."""
    at_ms = now_ms - now_ms % MINUTE_MS
    return Alert(
        id="0000",
        asset=CANARY_ASSET,
        kind=Kind.CASCADE,
        severity=Severity.WATCH,
        edge=Edge.FIRED,
        reason=Reason.PRICE_SHOCK,
        at_ms=at_ms,
        opened_ms=at_ms,
        state=State.MIXED,
    )


class Watchdog:
    """The canaries of one store. Every method raises StoreUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._bulletins, self._waves = Bulletins(connection), StoredWaves(connection)

    async def stands(self) -> Canary:
        """How far the canaries came."""
        async with self._connection.reading() as redis:
            last: Any = await redis.zrange(keys.CANARY_ANNOUNCED, -1, -1, withscores=True)
        announced_ms = int(last[0][1]) if last else 0
        return Canary(announced_ms, (await self._waves.get(CANARY_ADDRESS)).told_ms)

    async def announce(self, now_ms: int) -> bool:
        """Send the canary of this minute on its way; False where it is, or an earlier one has not come through yet."""
        known = await self.stands()
        is_out = known.came_ms < known.announced_ms and abs(now_ms - known.announced_ms) < AGAIN_MS
        return False if is_out else await self._bulletins.announce_canary(canary(now_ms))
