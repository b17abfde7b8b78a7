-- Makes a known feed due now, unless it is due earlier. Answers 1 when it is known.
-- KEYS: feeds, due. ARGV: feed, now (ms).
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('ZADD', KEYS[2], 'LT', ARGV[2], ARGV[1])
return 1
