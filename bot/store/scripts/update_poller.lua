-- Becomes or stays the one process that asks Telegram for updates, or gives that up.
-- KEYS: lease. ARGV: token, time to live (ms), 0 to give it up. Answers 1 when the token holds it.
-- Begins with a removal, so that somebody asks also when memory is full.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if ARGV[2] == '0' then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
