-- Replaces a known feed's description. Answers 1 when it is known.
-- KEYS: feeds. ARGV: feed, document.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
