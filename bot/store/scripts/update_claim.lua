-- Beat, take back what dead processes had claimed, and claim chats whose updates wait.
-- KEYS: 1 bodies; 2 chats; 3 ready; 4 claims; 5 wake; 6 owners.
-- ARGV: offset of the clock (ms, zero outside of tests), owner, claim ("owner|request"), most
-- chats, after which silence (ms) others are dead (0: judge nobody), 1 when this owner has beaten
-- before, 1 when the request is repeated.
-- Returns 'LOST' when the owner was taken for dead meanwhile, else origin, number and JSON of
-- each claimed chat's first update, one after the other.
-- Begins with a removal, so that what waits can be handled when memory is full.
local time = redis.call('TIME')
-- The server's own time: no process's clock decides who is dead.
local now = math.floor(time[1] * 1000 + time[2] / 1000) + tonumber(ARGV[1])
local owner, claim, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
if redis.call('ZREM', KEYS[6], owner) == 0 and ARGV[6] == '1' then
  return 'LOST'
end
redis.call('ZADD', KEYS[6], string.format('%.0f', now), owner)
if tonumber(ARGV[5]) > 0 then
  local dead = redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', string.format('(%.0f', now - ARGV[5]))
  if #dead > 0 then
    local gone = {}
    for _, name in ipairs(dead) do
      gone[name] = true
      redis.call('ZREM', KEYS[6], name)
    end
    local all = redis.call('HGETALL', KEYS[4])
    for position = 1, #all, 2 do
      if gone[string.match(all[position + 1], '^(.*)|')] then
        redis.call('HDEL', KEYS[4], all[position])
        redis.call('ZADD', KEYS[3], 0, all[position])
      end
    end
  end
end
local claimed = {}
if ARGV[7] == '1' then
  local all = redis.call('HGETALL', KEYS[4])
  for position = 1, #all, 2 do
    if all[position + 1] == claim then
      table.insert(claimed, all[position])
    end
  end
end
if #claimed == 0 and most > 0 then
  claimed = redis.call('ZRANGE', KEYS[3], 0, most - 1)
  for _, origin in ipairs(claimed) do
    redis.call('ZREM', KEYS[3], origin)
    redis.call('HSET', KEYS[4], origin, claim)
  end
  if redis.call('ZCARD', KEYS[3]) > 0 and redis.call('LLEN', KEYS[5]) == 0 then
    redis.call('RPUSH', KEYS[5], '')
  end
end
local answer = {}
for _, origin in ipairs(claimed) do
  local first = string.match(redis.call('HGET', KEYS[2], origin) or '', '^%d+')
  local body = first and redis.call('HGET', KEYS[1], first)
  if body then
    table.insert(answer, origin)
    table.insert(answer, first)
    table.insert(answer, body)
  else
    redis.call('HDEL', KEYS[4], origin)
  end
end
return answer
