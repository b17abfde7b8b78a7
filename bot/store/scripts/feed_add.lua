-- Adds a feed that is not there yet, due at once. Answers 1 when it is new.
-- KEYS: feeds, polls, due. ARGV: feed, document, poll state, now (ms).
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
return 1
