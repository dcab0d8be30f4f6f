"""The scripts of the outbox. Each is safe to repeat, and each begins with a removal.

With memory full a server refuses a script whose first write asks for memory, and lets the rest of one pass that began by
giving some back (reliability.md, fact 7). So a full store can still be emptied.
"""

CLAIM = """
local found, left = {}, tonumber(ARGV[3])
local function add(stream, entries)
  for _, entry in ipairs(entries) do
    if entry[2] then
      found[#found + 1] = {stream, entry[1], entry[2][2]}
      left = left - 1
    end
  end
end
for _, stream in ipairs(KEYS) do
  if left > 0 then
    add(stream, redis.call('XAUTOCLAIM', stream, ARGV[1], ARGV[2], ARGV[4], '0', 'COUNT', left)[2])
  end
end
for _, stream in ipairs(KEYS) do
  if left > 0 then
    local fresh = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', left, 'STREAMS', stream, '>')
    if fresh then add(stream, fresh[1][2]) end
  end
end
return found
"""
"""KEYS: streams, loudest first. ARGV: group, worker, most, milliseconds after which a row is abandoned."""

MINE = """
local found = {}
for _, stream in ipairs(KEYS) do
  local held = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', stream, '0')
  if held then
    for _, entry in ipairs(held[1][2]) do
      if entry[2] then found[#found + 1] = {stream, entry[1], entry[2][2]} end
    end
  end
end
return found
"""
"""KEYS: streams. ARGV: group, worker, most a stream."""

KEEP = """
for place = 3, #ARGV do
  local stream = KEYS[place - 2]
  local held = redis.call('XPENDING', stream, ARGV[1], ARGV[place], ARGV[place], 1, ARGV[2])
  if #held > 0 then redis.call('XCLAIM', stream, ARGV[1], ARGV[2], 0, ARGV[place], 'JUSTID') end
end
return 1
"""
"""KEYS: the stream of each entry. ARGV: group, worker, entries."""

LET_GO = """
local count = 0
for _, stream in ipairs(KEYS) do
  local held = redis.call('XPENDING', stream, ARGV[1], '-', '+', ARGV[5], ARGV[2])
  for _, entry in ipairs(held) do
    redis.call('XCLAIM', stream, ARGV[1], ARGV[3], 0, entry[1], 'IDLE', ARGV[4], 'JUSTID')
    count = count + 1
  end
  if #held < tonumber(ARGV[5]) then redis.call('XGROUP', 'DELCONSUMER', stream, ARGV[1], ARGV[2]) end
end
return count
"""
"""KEYS: streams. ARGV: group, worker, nobody, idle milliseconds, most a stream."""

_FREE = """
local function is_free(hand, wave, group, mine, mark)
  local held = redis.call('GET', hand)
  if held and held ~= mine then
    local stream, entry = string.match(held, '^(.*) (.*)$')
    local pending = redis.pcall('XPENDING', stream, group, entry, entry, 1)
    if not pending.err and #pending > 0 then return false end
  end
  return mark == '' or redis.sha1hex(redis.call('GET', wave) or '') == mark
end
"""
"""Whether nobody else has a chat in hand, and its wave is the one that was looked at (`mark`, '' for any).

A hand is the row that is being sent there: it counts for as long as that row is claimed, by whomever.
"""

BEGIN = (
    _FREE.replace("%", "%%")
    + """
local function take(KEYS, ARGV)
%s
end
local mine = KEYS[1] .. ' ' .. ARGV[2]
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1, ARGV[3]) == 0 then return {-1, 0, 0, 0} end
if not is_free(KEYS[3], KEYS[4], ARGV[1], mine, ARGV[6]) then return {-3, 0, 0, 0} end
if #KEYS > 4 then
  local wait = take({unpack(KEYS, 5)}, {unpack(ARGV, 8)})
  if wait[1] > 0 then return {-2, 0, wait[1], wait[2]} end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before, is_known, count, first = redis.call('HGET', KEYS[2], ARGV[4]) or '', false, 0, now
for at, attempt in string.gmatch(before, '(%%d+)=(%%S+)') do
  if attempt == ARGV[5] then
    is_known = true
  else
    count = count + 1
    first = math.min(first, tonumber(at))
  end
end
if not is_known then
  redis.call('HDEL', KEYS[2], ARGV[4])
  redis.call('HSET', KEYS[2], ARGV[4], before .. string.format('%%d', now) .. '=' .. ARGV[5] .. ' ')
end
redis.call('SET', KEYS[3], mine, 'PX', ARGV[7])
return {count, now - first, 0, 0}
"""
)
"""KEYS: stream, sending, hand, wave, then the buckets of a turn.

ARGV: group, entry, worker, row key, attempt, mark of the wave, how long the hand lasts (ms), then the turn's values.

Within it stands pace.TAKE: a token and the word that sending begins are one write, so that nothing lies between the token
and the sending. Gives -1 where the row is another worker's by now, -2 and two waits where it is not its turn, -3 where
another worker writes to this chat, or has written since it was decided what to write.
"""

TAKE_BACK = """
local before, kept = redis.call('HGET', KEYS[1], ARGV[1]) or '', ''
for at, attempt in string.gmatch(before, '(%d+)=(%S+)') do
  if attempt ~= ARGV[2] then kept = kept .. at .. '=' .. attempt .. ' ' end
end
redis.call('HDEL', KEYS[1], ARGV[1])
if kept ~= '' then redis.call('HSET', KEYS[1], ARGV[1], kept) end
return 1
"""
"""KEYS: sending. ARGV: row key, attempt."""

COMMIT = (
    _FREE
    + """
local mine = KEYS[1] .. ' ' .. ARGV[2]
if ARGV[5] ~= '' and not is_free(KEYS[4], KEYS[3], ARGV[1], mine, ARGV[5]) then return -1 end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
if redis.call('GET', KEYS[4]) == mine then redis.call('DEL', KEYS[4]) end
if removed == 1 and ARGV[4] ~= '' then redis.call('SET', KEYS[3], ARGV[4]) end
return removed
"""
)
"""KEYS: stream, sending, wave, hand. ARGV: group, entry, row key, wave or empty, and the mark of the wave before.

A mark is said of a row that nobody began to send. Gives -1 where the chat was written to meanwhile.
"""

LATER = (
    _FREE
    + """
local mine = KEYS[1] .. ' ' .. ARGV[2]
if ARGV[7] ~= '' and not is_free(KEYS[6], KEYS[5], ARGV[1], mine, ARGV[7]) then return -1 end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
if removed == 1 then
  redis.call('HSET', KEYS[4], ARGV[3], ARGV[4])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3])
  if ARGV[6] ~= '' then redis.call('SET', KEYS[5], ARGV[6]) end
end
return removed
"""
)
"""KEYS: stream, sending, later, later rows, wave, hand. ARGV: group, entry, row key, row, due, wave or empty, mark as above."""

FORGET_WORKERS = """
local gone = 0
for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local one = {}
  for place = 1, #told, 2 do one[told[place]] = told[place + 1] end
  if one.pending == 0 and one.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], one.name)
    gone = gone + 1
  end
end
return gone
"""
"""KEYS: stream. ARGV: group, milliseconds after which a worker without rows is forgotten."""

DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(due) do
  local row = redis.call('HGET', KEYS[2], key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('HDEL', KEYS[2], key)
  if row then redis.call('XADD', ARGV[3] .. string.sub(row, 1, 1), '*', 'row', string.sub(row, 2)) end
end
return #due
"""
"""KEYS: later, later rows. ARGV: now, most, what streams begin with."""

BURY = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
local removed = redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
local fallen = {removed}
if removed == 1 then
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[4])
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[3])
  for _, key in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1 - tonumber(ARGV[6]))) do
    fallen[#fallen + 1] = redis.call('HGET', KEYS[3], key)
    redis.call('ZREM', KEYS[4], key)
    redis.call('HDEL', KEYS[3], key)
  end
end
return fallen
"""
"""KEYS: stream, sending, dead, dead by time. ARGV: group, entry, row key, dead row, its time, how many are kept.

Gives whether the row was there, and the oldest dead rows that had to go for it.
"""

REQUEUE = """
local back = 0
for place = 3, #KEYS do
  local key = ARGV[2 * place - 5]
  if redis.call('HDEL', KEYS[1], key) == 1 then
    redis.call('ZREM', KEYS[2], key)
    redis.call('XADD', KEYS[place], '*', 'row', ARGV[2 * place - 4])
    back = back + 1
  end
end
return back
"""
"""KEYS: dead, dead by time, the stream of each row. ARGV: by turns the key of a row and the row. Gives how many came back."""
