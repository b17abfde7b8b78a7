-- A process ends: what it had claimed is anybody's again.
-- KEYS: 1 ready; 2 claims; 3 wake; 4 owners. ARGV: owner. Begins with a removal.
redis.call('ZREM', KEYS[4], ARGV[1])
local all = redis.call('HGETALL', KEYS[2])
for position = 1, #all, 2 do
  if string.match(all[position + 1], '^(.*)|') == ARGV[1] then
    redis.call('HDEL', KEYS[2], all[position])
    redis.call('ZADD', KEYS[1], 0, all[position])
  end
end
if redis.call('ZCARD', KEYS[1]) > 0 and redis.call('LLEN', KEYS[3]) == 0 then
  redis.call('RPUSH', KEYS[3], '')
end
return 1
