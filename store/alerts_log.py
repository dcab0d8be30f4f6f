"""The alerts of late, for `/status` and the terminal, and those of a year for the bot's own record: each bounded, each alert once."""

from dataclasses import replace
from functools import partial
from typing import Any

from market.alerts import Alert, Edge
from market.alerts import Kind as AlertKind
from market.observations import DAY_MS
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection

ALERT = Kind("alert", 1, Alert)
KEPT = 500
TOLD_KEPT = 4_000
"""Fifteen assets of which each is warned of five times a week, for a year: a megabyte."""
TOLD_KEPT_MS = 366 * DAY_MS
TOLD_KINDS = frozenset({AlertKind.CASCADE, AlertKind.REGIME})
TOLD_EDGES = frozenset({Edge.FIRED, Edge.ESCALATED})
TOLD_FACTS = ("price_usd", "r_24h")

APPEND_TOLD = """
local function append_told(told, by_time, identity, at, blob, kept, oldest)
  redis.call('HSETNX', told, identity, blob)
  redis.call('ZADD', by_time, 'NX', at, identity)
  local old = redis.call('ZRANGEBYSCORE', by_time, '-inf', '(' .. oldest)
  for _, one in ipairs(redis.call('ZRANGE', by_time, 0, -1 - tonumber(kept))) do old[#old + 1] = one end
  for _, one in ipairs(old) do
    redis.call('HDEL', told, one)
    redis.call('ZREM', by_time, one)
  end
end
"""
"""Keeps an alert for a year, in whatever script keeps it for other ends; one without bytes is not kept."""

_APPEND = (
    APPEND_TOLD
    + """
local new = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'NX', ARGV[2], ARGV[1])
local old = redis.call('ZRANGE', KEYS[2], 0, -1 - tonumber(ARGV[4]))
for _, identity in ipairs(old) do
  redis.call('HDEL', KEYS[1], identity)
  redis.call('ZREM', KEYS[2], identity)
end
if ARGV[5] ~= '' then append_told(KEYS[3], KEYS[4], ARGV[1], ARGV[2], ARGV[5], ARGV[6], ARGV[7]) end
return new
"""
)


def told_bytes(alert: Alert) -> bytes:
    """An alert as it is kept for a year, b"" of one that is not: only what begins or grows worse counts in a record."""
    if alert.kind not in TOLD_KINDS or alert.edge not in TOLD_EDGES:
        return b""
    facts = {name: alert.facts.get(name) for name in TOLD_FACTS}
    return encode(ALERT, replace(alert, facts=facts))


class AlertsLog:
    """The last `kept` alerts by their time, and those of a year; every method raises StoreUnavailable."""

    def __init__(self, connection: Connection, kept: int = KEPT, told_kept: int = TOLD_KEPT) -> None:
        self._connection = connection
        self._kept, self._told_kept = kept, told_kept

    async def append(self, alert: Alert) -> bool:
        """Keep an alert; False where this edge of it at this time is kept already. Repeating a lost call is safe."""
        identity = f"{alert.asset}:{alert.id}:{alert.edge}:{alert.at_ms}"
        values: list[str | int | bytes] = [identity, alert.at_ms, encode(ALERT, alert), self._kept]
        values += [told_bytes(alert), self._told_kept, alert.at_ms - TOLD_KEPT_MS]
        async with self._connection.writing((keys.ALERTS, keys.TOLD)) as redis:
            script = redis.register_script(_APPEND)
            places = [keys.ALERTS, keys.ALERTS_BY_TIME, keys.TOLD, keys.TOLD_BY_TIME]
            return bool(await script(places, values))

    async def recent(self, count: int) -> tuple[Alert, ...]:
        """The last `count` alerts, newest first."""
        if count < 1:
            return ()
        return await self._connection.memory.of(keys.ALERTS, str(count), partial(self._recent, count))

    async def _recent(self, count: int) -> tuple[Alert, ...]:
        async with self._connection.reading() as redis:
            identities: list[Any] = await redis.zrange(keys.ALERTS_BY_TIME, 0, count - 1, desc=True)
            stored = await redis.hmget(keys.ALERTS, identities) if identities else []
        found = (decode(ALERT, blob) for blob in stored)
        return tuple(alert for alert in found if alert is not None)

    async def told(self) -> tuple[Alert, ...]:
        """What began or grew worse, newest first: cascades and regimes for a year, and the last of all others.

        Of the first only the facts of TOLD_FACTS are kept for so long. What a version before kept is among the last ones.
        """
        kept = await self._connection.memory.of(keys.TOLD, "", self._told)
        others = [alert for alert in await self.recent(self._kept) if alert.edge in TOLD_EDGES]
        there = {(alert.kind, alert.asset, alert.at_ms, alert.edge) for alert in kept}
        new = [one for one in others if (one.kind, one.asset, one.at_ms, one.edge) not in there]
        return tuple(sorted((*kept, *new), key=lambda alert: alert.at_ms, reverse=True))

    async def _told(self) -> tuple[Alert, ...]:
        async with self._connection.reading() as redis:
            stored: Any = await redis.hvals(keys.TOLD)
        found = (decode(ALERT, blob) for blob in stored)
        return tuple(alert for alert in found if alert is not None)
