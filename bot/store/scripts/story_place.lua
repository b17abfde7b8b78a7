-- One step of the desk, all or nothing: the story's version, the entry and its mark, aliases,
-- indices, the log, the fan-out event.
-- KEYS: lease, story, entry, log, active, fan-out; then for each alias its alias key and its
--       story key; then the indices.
-- ARGV:  1 token, 2 now (ms), 3 retention (s), 4 story id, 5 version, 6 story document,
--        7 entry's content print ('' without an entry), 8 entry's arrival (ms),
--        9 entry document, 10 event document ('' for none), 11 cap of the fan-out stream,
--       12 cap of the log, 13 number of aliases; then the aliases' ids; then for each index
--       the story's score, '' to leave it out.
-- An entry is done when it was placed with this content, or in a later state than this one:
-- after a crash the stream is read again from an older state.
local retention, story, version = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local has_entry, arrived = ARGV[7] ~= '', tonumber(ARGV[8])
local aliases = tonumber(ARGV[13])

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'LOST'
end
local stored = tonumber(redis.call('HGET', KEYS[2], 'v') or '0')
if has_entry then
  local mark = redis.call('HMGET', KEYS[3], 'p', 'a')
  if mark[1] and (mark[1] == ARGV[7] or tonumber(mark[2]) >= arrived) then
    return 'REPEATED'
  end
elseif stored >= version then
  return 'REPEATED'
end
if stored > version then
  return 'STALE'
end
if ARGV[10] ~= '' and redis.call('XLEN', KEYS[6]) >= tonumber(ARGV[11]) then
  return 'FULL'
end

redis.call('HSET', KEYS[2], 'v', ARGV[5], 'd', ARGV[6])
redis.call('EXPIRE', KEYS[2], retention)
if has_entry then
  redis.call('HSET', KEYS[3], 'p', ARGV[7], 'a', ARGV[8], 'd', ARGV[9], 's', story)
  redis.call('EXPIRE', KEYS[3], retention)
end
for at = 0, aliases - 1 do
  redis.call('SET', KEYS[7 + 2 * at], story, 'EX', retention)
  redis.call('DEL', KEYS[8 + 2 * at])
  redis.call('ZREM', KEYS[5], ARGV[14 + at])
end

local oldest = tonumber(ARGV[2]) - retention * 1000
local function keep_index(key, score)
  if score == '' then
    redis.call('ZREM', key, story)
  else
    redis.call('ZADD', key, score, story)
  end
  for at = 0, aliases - 1 do
    redis.call('ZREM', key, ARGV[14 + at])
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. string.format('%.0f', oldest))
  -- A day's slack saves most of the writes to the append-only file.
  if redis.call('TTL', key) < retention - 86400 then
    redis.call('EXPIRE', key, retention)
  end
end

keep_index(KEYS[5], ARGV[2])
for at = 7 + 2 * aliases, #KEYS do
  keep_index(KEYS[at], ARGV[14 + aliases + at - (7 + 2 * aliases)])
end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[12], '*', 's', story, 'v', ARGV[5])
if ARGV[10] ~= '' then
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[10])
end
return 'DONE'
