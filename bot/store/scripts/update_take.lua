-- Take in one update once.
-- KEYS: 1 mark; 2 stream of the shard. ARGV: mark lifetime (s), JSON, cap.
-- Returns the stream id, 'SEEN' for a copy, 'FULL' when the shard has too many.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 'SEEN'
end
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  return 'FULL'
end
local id = redis.call('XADD', KEYS[2], '*', 'u', ARGV[2])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
return id
