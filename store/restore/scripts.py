"""The scripts by which records of a backup are put back. Each is safe to repeat."""

PUT_CHAT = """
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'chat', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[4])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'address', ARGV[4])
return 1
"""

PUT_PERSON = """
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'person', ARGV[3])
for place = 2, #KEYS do
  redis.call(place - 2 < tonumber(ARGV[5]) and 'SREM' or 'SADD', KEYS[place], ARGV[4])
end
return 1
"""
"""KEYS: person, the assets without plans of theirs any more, those with. ARGV: versions, person, name, how many are without."""

PUT_ALERT = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
for _, identity in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - tonumber(ARGV[4]))) do
  redis.call('HDEL', KEYS[1], identity)
  redis.call('ZREM', KEYS[2], identity)
end
return 1
"""

PUT_PAST = """
if ARGV[1] == '' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'base', ARGV[2], 'last', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'state', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'beside', ARGV[5]) end
for place = 6, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[place]) end
return 1
"""

PUT_TOMBSTONE = """
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there and tonumber(there) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""

PUT_KEY_OF_MARKS = """
for _, there in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if there == ARGV[1] then return 0 end
end
redis.call('RPUSH', KEYS[1], ARGV[1])
return 1
"""
