-- Keeps a dead letter; burying it again replaces it. Where there are too many, the oldest go.
-- Begins with a removal, so that it works when memory is full.
-- KEYS: letters by time, their documents, how many were pushed out.
-- ARGV: letter, time (ms), document, most letters.
redis.call('ZREM', KEYS[1], ARGV[1])
local dropped = 0
while redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[2], redis.call('ZPOPMIN', KEYS[1])[1])
  dropped = dropped + 1
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
if dropped > 0 then
  redis.call('INCRBY', KEYS[3], dropped)
end
return dropped
