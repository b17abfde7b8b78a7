-- Takes or keeps the desk's lease. Answers 1 when the token holds it now.
-- KEYS: lease. ARGV: token, time to live (ms).
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
