-- Removes a dead letter if it is still the one that was read: one buried anew meanwhile stays.
-- Answers 1 when it was removed.
-- KEYS: letters by time, their documents. ARGV: letter, time (ms) at which it had been buried.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
