"""From a warning that was decided to the rows that carry it: announced once, addressed in chunks, resumable anywhere.

A bulletin is one transition of one alert. Bulletins that wait together become a batch; its rows are added to the outbox
chunk by chunk, the cursor moving in the same script, so that a crash between two chunks repeats none and loses none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.alerts import Alert, Severity
from market.observations import DAY_MS
from store import keys
from store.alerts_log import ALERT, APPEND_TOLD, KEPT, TOLD_KEPT, TOLD_KEPT_MS, told_bytes
from store.codec import decode, encode
from store.connection import Connection

ANNOUNCED_KEPT_MS = 8 * DAY_MS
FACTS_KEPT_S = 8 * 86_400
GROUP_WAIT_MS = 5_000
"""How long a warning waits for others of the same moment; a critical one does not."""
MOST_A_BATCH = 200
CANARY_ASSET = "~"
"""What the watchdog's canary is of: no asset is called so, and nobody can subscribe to it."""
CANARY_KEPT_MS = 600_000
LOUD, QUIET, CANARY = 1, 0, 2
"""How an alert that waits is marked: due at once, due with others of its moment, or nobody's."""

_ANNOUNCE = (
    APPEND_TOLD
    + """
if redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'critical', ARGV[4], 'alert', ARGV[3])
redis.call('HSETNX', KEYS[3], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[4], 'NX', ARGV[2], ARGV[1])
local old = redis.call('ZRANGE', KEYS[4], 0, -1 - tonumber(ARGV[5]))
for _, identity in ipairs(old) do
  redis.call('HDEL', KEYS[3], identity)
  redis.call('ZREM', KEYS[4], identity)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[6])
if ARGV[7] ~= '' then append_told(KEYS[5], KEYS[6], ARGV[1], ARGV[2], ARGV[7], ARGV[8], ARGV[9]) end
return 1
"""
)

_OPEN = """
local open = redis.call('HMGET', KEYS[1], 'id', 'entries', 'cursor')
if open[1] then
  return {open[1], open[3], redis.call('HGETALL', ARGV[1] .. open[1])}
end
local waiting = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[4])
if #waiting == 0 then return false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = nil
for _, entry in ipairs(waiting) do
  if not first and entry[2][2] ~= ARGV[5] then first = tonumber(string.match(entry[1], '^(%d+)')) end
end
local due = not first or now - first >= tonumber(ARGV[2]) or now < first
for _, entry in ipairs(waiting) do
  if entry[2][2] == '1' then due = true end
end
if not due then return false end
local id, entries, facts = waiting[1][1], {}, {}
for place, entry in ipairs(waiting) do
  entries[place] = entry[1]
  facts[#facts + 1] = place - 1
  facts[#facts + 1] = entry[2][4]
end
redis.call('HSET', ARGV[1] .. id, unpack(facts))
redis.call('EXPIRE', ARGV[1] .. id, first and ARGV[3] or ARGV[6])
redis.call('HSET', KEYS[1], 'id', id, 'entries', table.concat(entries, ' '), 'cursor', '')
return {id, '', redis.call('HGETALL', ARGV[1] .. id)}
"""
"""KEYS: batch, bulletins. ARGV: what facts begin with, how long warnings wait (ms), how long facts are kept (s), most a batch,
the mark of a canary, how long facts are kept of canaries alone (s): these wait for nobody, and nobody for them.
"""

_FAN_OUT = """
local open = redis.call('HMGET', KEYS[1], 'id', 'cursor')
if open[1] ~= ARGV[1] then return -1 end
if open[2] == ARGV[3] then return 0 end
if open[2] ~= ARGV[2] then return -1 end
for place = 6, #ARGV, 3 do
  local address = ARGV[place + 2]
  if address == '' or redis.call('EXISTS', ARGV[4] .. address, ARGV[5] .. address) > 0 then
    redis.call('XADD', ARGV[place], '*', 'row', ARGV[place + 1])
  end
end
redis.call('HSET', KEYS[1], 'cursor', ARGV[3])
return 1
"""

_DONE = """
local open = redis.call('HMGET', KEYS[1], 'id', 'entries', 'cursor')
if open[1] ~= ARGV[1] then return 0 end
if open[3] ~= ARGV[2] then return -1 end
for entry in string.gmatch(open[2], '%S+') do redis.call('XDEL', KEYS[2], entry) end
redis.call('DEL', KEYS[1])
return 1
"""


class NotOurs(Exception):
    """Another program addresses this batch; this one has to look at the store anew."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Alerts that are told together, by their number. `cursor` is the last address that has its row, "" before the first."""

    id: str
    alerts: Mapping[int, Alert]
    cursor: str


def transition_of(alert: Alert) -> str:
    """What an alert is known by: one change of one warning, whenever and however often it is decided."""
    return f"{alert.kind}:{alert.asset}:{alert.opened_ms}:{alert.edge}:{alert.severity}:{alert.at_ms}"


class Bulletins:
    """What was decided and waits to be addressed. Every method raises StoreUnavailable; repeating a call is safe."""

    def __init__(self, connection: Connection, group_wait_ms: int = GROUP_WAIT_MS, kept: int = KEPT) -> None:
        self._connection = connection
        self._group_wait_ms, self._kept = group_wait_ms, kept

    async def announce(self, alert: Alert) -> bool:
        """Keep an alert for the record and for those who want to hear of it; False where that was done already."""
        places = [keys.ANNOUNCED, keys.BULLETINS, keys.ALERTS, keys.ALERTS_BY_TIME]
        places += [keys.TOLD, keys.TOLD_BY_TIME]
        mark = LOUD if alert.severity is Severity.CRITICAL else QUIET
        return await self._announce(alert, places, mark, self._kept, ANNOUNCED_KEPT_MS, told_bytes(alert))

    async def announce_canary(self, alert: Alert) -> bool:
        """The same for the watchdog's canary, which stands in no log that anybody reads."""
        places = [keys.CANARY_ANNOUNCED, keys.BULLETINS, keys.CANARY_LOG, keys.CANARY_BY_TIME]
        return await self._announce(alert, places, CANARY, 1, CANARY_KEPT_MS)

    async def _announce(
        self,
        alert: Alert,
        places: Sequence[str],
        mark: int,
        kept: int,
        announced_ms: int,
        told: bytes = b"",
    ) -> bool:
        values: list[str | bytes | int] = [
            transition_of(alert),
            alert.at_ms,
            encode(ALERT, alert),
            mark,
            kept,
            alert.at_ms - announced_ms,
            told,
            TOLD_KEPT,
            alert.at_ms - TOLD_KEPT_MS,
        ]
        async with self._connection.writing((keys.ALERTS, keys.TOLD)) as redis:
            return bool(await redis.register_script(_ANNOUNCE)(places, values))

    async def batch(self) -> Batch | None:
        """The batch under way, else the next one that is due; None where nothing is.

        An alert written by a newer version is left out of what is told, and logged by the codec.
        """
        values: list[str | int] = [keys.facts(""), self._group_wait_ms, FACTS_KEPT_S, MOST_A_BATCH]
        values += [CANARY, CANARY_KEPT_MS // 1_000]
        async with self._connection.writing() as redis:
            found: Any = await redis.register_script(_OPEN)([keys.BATCH, keys.BULLETINS], values)
        if not found:
            return None
        batch, cursor, stored = found
        return Batch(batch.decode(), _by_number(zip(stored[::2], stored[1::2], strict=True)), cursor.decode())

    async def fan_out(
        self, batch: Batch, rows: Sequence[tuple[str, bytes]], cursor: str, addresses: Sequence[str] = ()
    ) -> bool:
        """Add rows (stream, row) and move the cursor, both or neither; False where that was done already.

        Where the `addresses` of the rows are named, a chat that was forgotten meanwhile gets none. Raises NotOurs where the
        batch is over, another one is under way, or another program has come further with it.
        """
        values: list[str | bytes] = [batch.id, batch.cursor, cursor, keys.chat(""), keys.moved("")]
        for (stream, row), address in zip(rows, addresses or [""] * len(rows), strict=True):
            values += [stream, row, address]
        async with self._connection.writing() as redis:
            answer = int(await redis.register_script(_FAN_OUT)([keys.BATCH], values))
        if answer < 0:
            raise NotOurs
        return answer == 1

    async def done(self, batch: Batch) -> bool:
        """Everybody up to the batch's cursor has a row, and nobody comes after: let the next batch come.

        False where that was said already. Raises NotOurs where another program has come further or less far with it.
        """
        async with self._connection.writing() as redis:
            script = redis.register_script(_DONE)
            answer = int(await script([keys.BATCH, keys.BULLETINS], [batch.id, batch.cursor]))
        if answer < 0:
            raise NotOurs
        return answer == 1

    async def facts(self, batch: str) -> Mapping[int, Alert]:
        """The alerts of a batch by number, for the delivery of its rows; none once they are older than eight days."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hgetall(keys.facts(batch))
        return _by_number(list(stored.items()))


def _by_number(stored: Iterable[tuple[bytes, bytes]]) -> Mapping[int, Alert]:
    found = ((int(number), decode(ALERT, blob)) for number, blob in stored)
    return {number: alert for number, alert in sorted(found, key=lambda pair: pair[0]) if alert is not None}
