"""Who alone does something: a lease by the server's clock, with a token that only ever grows.

The key of a lease holds `TOKEN:HOLDER` and falls away by itself. A lease that expired is taken back by who had it last,
where nobody took it since: a store that was away for a minute costs nobody what he keeps in mind.
"""

from dataclasses import dataclass
from typing import Any

from store import keys
from store.connection import Connection

TTL_MS = 12_000
"""So long a leader that says nothing keeps its lease."""

_TAKE = """
local held, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
if held and string.match(held, '^%d+:(.*)$') == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif held then
  if left < 0 or left > tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
else
  held = redis.call('INCR', KEYS[2]) .. ':' .. ARGV[1]
  redis.call('SET', KEYS[1], held, 'PX', ARGV[2])
end
return held
"""
"""KEYS: lease, counter. ARGV: holder, time to live, and the longest that another may have left (all ms).

Gives what stands then. A lease that lasts longer than any that is given was taken before the clock was set back.
"""

_RENEW = """
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1
end
if held or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
"""

_GIVE_UP = """
if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('INCR', KEYS[2]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
"""The counter moves on, so that a renewal that was on its way takes nothing back."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """One time that a lease is held: `token` is greater than that of every time before."""

    token: int
    holder: str

    @property
    def value(self) -> str:
        """What the key of the lease holds meanwhile."""
        return f"{self.token}:{self.holder}"


class Lease:
    """One lease as one holder sees it; `holder` is a name that no other process has. Every method raises StoreUnavailable."""

    def __init__(self, connection: Connection, name: str, holder: str, ttl_ms: int = TTL_MS) -> None:
        self.connection, self.name, self.holder, self.ttl_ms = connection, name, holder, ttl_ms
        self._places = (keys.lease(name), keys.lease_token(name))

    @property
    def key(self) -> str:
        """Where the lease stands in the store: what a fenced write is checked against."""
        return self._places[0]

    async def take(self) -> Tenure:
        """Take the lease where it is free, and give who has it then: this holder, or another one.

        A call whose answer was lost may be repeated: the same tenure is given.
        """
        words = (self.holder, self.ttl_ms, max(self.ttl_ms, TTL_MS))
        async with self.connection.writing() as redis:
            return _read(await redis.register_script(_TAKE)(self._places, words))

    async def renew(self, tenure: Tenure) -> bool:
        """Keep the lease, or take it back where it expired and nobody took it since; False where it is lost for good."""
        words = (tenure.value, tenure.token, self.ttl_ms)
        async with self.connection.writing() as redis:
            return bool(await redis.register_script(_RENEW)(self._places, words))

    async def give_up(self, tenure: Tenure) -> None:
        """Let the next one take it at once; nothing where it was lost before."""
        async with self.connection.writing() as redis:
            await redis.register_script(_GIVE_UP)(self._places, (tenure.value, tenure.token))


async def leader(connection: Connection, name: str) -> Tenure | None:
    """Who holds a lease now, None where nobody does. Raises StoreUnavailable."""
    async with connection.reading() as redis:
        held: Any = await redis.get(keys.lease(name))
    return None if held is None else _read(held)


def _read(held: bytes) -> Tenure:
    token, _, holder = held.decode().partition(":")
    return Tenure(int(token), holder)
