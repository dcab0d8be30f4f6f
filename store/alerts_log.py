"""The alerts of late, for `/status` and the terminal: bounded, and each alert once however often it is written."""

from functools import partial
from typing import Any

from market.alerts import Alert
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection

ALERT = Kind("alert", 1, Alert)
KEPT = 500

_APPEND = """
local new = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'NX', ARGV[2], ARGV[1])
local old = redis.call('ZRANGE', KEYS[2], 0, -1 - tonumber(ARGV[4]))
for _, identity in ipairs(old) do
  redis.call('HDEL', KEYS[1], identity)
  redis.call('ZREM', KEYS[2], identity)
end
return new
"""


class AlertsLog:
    """The last `kept` alerts by their time; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection, kept: int = KEPT) -> None:
        self._connection = connection
        self._kept = kept

    async def append(self, alert: Alert) -> bool:
        """Keep an alert; False where this edge of it at this time is kept already. Repeating a lost call is safe."""
        identity = f"{alert.asset}:{alert.id}:{alert.edge}:{alert.at_ms}"
        async with self._connection.writing((keys.ALERTS,)) as redis:
            script = redis.register_script(_APPEND)
            places = [keys.ALERTS, keys.ALERTS_BY_TIME]
            return bool(await script(places, [identity, alert.at_ms, encode(ALERT, alert), self._kept]))

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
