"""Limits of use that all processes of one store share: how often somebody may ask, and how many chats they may have warned.

A bucket fills by the server's own clock, so that no process's clock grants more. What is kept of a bucket is its fill and when
that was; it is gone two minutes after it was full again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from store import keys
from store.connection import Connection
from store.services import Bucket, Taken

KEPT_S = 180
"""Longer than an empty bucket takes to be full, with what was taken in advance."""
SHARE_KEPT_S = 366 * 86_400
"""Which chats somebody had warned is not known for longer than this after the last of them."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local must = ARGV[1] == 'all'
local wait, short, left = 0, 0, {}
for place = 1, #KEYS do
  local most, cost = tonumber(ARGV[2 * place]), tonumber(ARGV[2 * place + 1])
  local kept = redis.call('HMGET', KEYS[place], 'tokens', 'at')
  local tokens, at = tonumber(kept[1]) or most, tonumber(kept[2]) or now
  tokens = math.min(most, tokens + math.max(0, now - at) * most / 60000)
  local missing = cost - tokens
  if missing > 0 and missing * 60000 / most > wait then wait, short = missing * 60000 / most, place end
  left[place] = tokens
end
local granted = not must or wait == 0
for place = 1, #KEYS do
  local most, cost = tonumber(ARGV[2 * place]), tonumber(ARGV[2 * place + 1])
  if granted then
    left[place] = math.max(-most, left[place] - cost)
    redis.call('HSET', KEYS[place], 'tokens', tostring(left[place]), 'at', now)
    redis.call('EXPIRE', KEYS[place], ARGV[#ARGV])
  end
  left[place] = math.floor(left[place] * 1000)
end
if granted then wait, short = 0, 0 end
return {math.ceil(wait), short, unpack(left)}
"""
"""KEYS: buckets. ARGV: "all" (take from all of them or from none) or "told" (they were taken: go below nought), then of each
bucket how many a minute it holds and how many are taken, then how long it is kept (s).

Gives how long to wait (ms, 0: taken), which bucket that is for (from 1), and what is left of each, in thousandths.
"""

_JOIN = """
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
"""KEYS: who. ARGV: the chat, how many there may be, how long it is known (s)."""


class StoredLimits:
    """Implements `store.services.Limits`; every method raises StoreUnavailable where the server does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, buckets: Sequence[Bucket], cost: float) -> Taken:
        """Take `cost` of every bucket, or of none of them where one is short."""
        return await self._ask("all", dict.fromkeys(buckets, cost))

    async def tell(self, costs: Mapping[Bucket, float]) -> Taken:
        """Say what was granted already: the buckets are the emptier for it, down to a minute's worth below nought."""
        return await self._ask("told", costs)

    async def may_warn(self, person: str, address: str, most: int) -> bool:
        """Whether a person may have one more chat warned, which is then one of theirs; True for one that is already."""
        key = keys.warned_by(person)
        async with self._connection.writing((key,)) as redis:
            joined: Any = await redis.register_script(_JOIN)([key], [address, most, SHARE_KEPT_S])
        return bool(joined)

    async def warned(self, person: str) -> tuple[str, ...]:
        """The chats that a person had warned."""
        async with self._connection.reading() as redis:
            found: Any = await redis.smembers(keys.warned_by(person))
        return tuple(sorted(address.decode() for address in found))

    async def leave(self, person: str, addresses: Sequence[str]) -> None:
        """Chats are none of a person's any more, such as one that hears of nothing now."""
        key = keys.warned_by(person)
        if addresses:
            async with self._connection.writing((key,)) as redis:
                await redis.srem(key, *addresses)

    async def _ask(self, how: str, costs: Mapping[Bucket, float]) -> Taken:
        places = [keys.limit(bucket.name) for bucket in costs]
        values: list[str | float] = [how]
        for bucket, cost in costs.items():
            values += [bucket.a_minute, cost]
        async with self._connection.writing() as redis:
            answer: Any = await redis.register_script(_TAKE)(places, [*values, KEPT_S])
        wait_ms, short, *left = (int(number) for number in answer)
        found = list(costs)[short - 1] if short else None
        return Taken(wait_ms / 1_000.0, found, tuple(tokens / 1_000.0 for tokens in left))
