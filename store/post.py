"""What was warned of lately, and one sample warning put on the very way that real ones take."""

from collections.abc import Collection, Mapping
from hashlib import blake2s
from typing import Any

from market.alerts import Alert
from market.observations import HOUR_MS
from store import keys
from store.alerts_log import ALERT, AlertsLog
from store.bulletins import FACTS_KEPT_S
from store.chats import platform_of
from store.codec import encode
from store.connection import Connection
from store.outbox import DeadRows, Row, packed
from store.services import GivenUp

SAMPLE = "test:"
"""What the batch of a sample begins with: nobody subscribed to it, and it belongs to no wave."""
VALID_MS = HOUR_MS
AT_ONCE = 500

_PUT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], '0', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('XADD', KEYS[2], '*', 'row', ARGV[3])
return 1
"""


def is_sample(batch: str) -> bool:
    """Whether a batch is a sample that somebody asked for."""
    return batch.startswith(SAMPLE)


class StoredPost:
    """Implements `store.services.Post` on one store. Every method raises StoreUnavailable; repeating a call is safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._log = connection, AlertsLog(connection)

    async def recent(self, count: int) -> tuple[Alert, ...]:
        """The last `count` alerts, newest first."""
        return await self._log.recent(count)

    async def hurry(self, address: str) -> int:
        """Look again now at what was held back from a chat, such as while it was muted; how many rows that is.

        Rows that have been taken up meanwhile stay as they are.
        """
        place = keys.later(platform_of(address))
        async with self._connection.reading() as redis:
            held = [key async for key, _ in redis.zscan_iter(place, match=f"*:{address}", count=AT_ONCE)]
        if held:
            async with self._connection.writing() as redis:
                await redis.zadd(place, dict.fromkeys(held, 0), xx=True, lt=True)
        return len(held)

    async def test(self, address: str, alert: Alert) -> bool:
        """Put a sample into the outbox of a chat, and into no log; False where this one was put there already."""
        batch = f"{SAMPLE}{alert.at_ms}:{address}"
        row = Row(
            key=batch,
            address=address,
            batch=batch,
            facts=(0,),
            priority=1,
            at_ms=alert.at_ms,
            not_after_ms=alert.at_ms + VALID_MS,
        )
        stream, blob = packed(row)
        places = [keys.facts(batch), stream]
        values: list[bytes | int] = [encode(ALERT, alert), FACTS_KEPT_S, blob]
        async with self._connection.writing() as redis:
            return bool(await redis.register_script(_PUT)(places, values))

    async def resting(self) -> Mapping[str, int]:
        """Until when (UTC ms) nothing is sent, by platform."""
        return await self._connection.memory.of(keys.RESTING, "", self._resting)

    async def _resting(self) -> Mapping[str, int]:
        async with self._connection.reading() as redis:
            stored: Any = await redis.hgetall(keys.RESTING)
        return {bot.decode(): int(until_ms) for bot, until_ms in stored.items()}

    async def given_up(self) -> tuple[GivenUp, ...]:
        """The rows that were given up, newest first."""
        return tuple(
            GivenUp(short_name(one.row), one.row.address, one.row.at_ms, one.at_ms, one.why)
            for one in reversed(await DeadRows(self._connection).all())
        )

    async def requeue(self, names: Collection[str] | None = None) -> int:
        """Let those of these names (None: all) be delivered once more; how many there were."""
        rows = DeadRows(self._connection)
        chosen = [one.row.key for one in await rows.all() if names is None or short_name(one.row) in names]
        return await rows.requeue(*chosen)


def short_name(row: Row) -> str:
    """Eight letters for a row's key, which is long: what a person types."""
    return blake2s(row.key.encode(), digest_size=4).hexdigest()
