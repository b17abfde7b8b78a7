-- An update was handled: remove it, and go on with the next one of its chat.
-- KEYS: 1 bodies; 2 chats; 3 ready; 4 claims; 5 wake. ARGV: origin, claim, number.
-- Returns number and JSON of the next, or nothing: then the chat is given back, or was lost.
-- Asked again it answers the same. Its first write is a removal.
local origin, number = ARGV[1], ARGV[3]
if redis.call('HGET', KEYS[4], origin) ~= ARGV[2] then
  return false
end
local waiting = redis.call('HGET', KEYS[2], origin) or ''
local first, rest = string.match(waiting, '^(%d+) ?(.*)$')
if first == number then
  redis.call('HDEL', KEYS[1], number)
  if rest == '' then
    redis.call('HDEL', KEYS[2], origin)
  else
    redis.call('HSET', KEYS[2], origin, rest)
  end
  first = string.match(rest, '^%d+')
end
local body = first and redis.call('HGET', KEYS[1], first)
if body then
  return {first, body}
end
redis.call('HDEL', KEYS[4], origin)
if redis.call('ZCARD', KEYS[3]) > 0 and redis.call('LLEN', KEYS[5]) == 0 then
  redis.call('RPUSH', KEYS[5], '')
end
return false
