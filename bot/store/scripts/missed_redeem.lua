-- Take a chat's missed mark away and leave pending items of the class digest instead.
-- KEYS: 1 missed; 2 paused; 3 pending of the chat; 4 due set of the class digest.
-- ARGV: chat, the mark as it was read (ms), now (ms), then for each item: field, value.
-- Answers 1 when it was done. Another mark than the one that was read stays: the chat missed more.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
local added = 0
for position = 4, #ARGV, 2 do
  added = added + redis.call('HSETNX', KEYS[3], ARGV[position], ARGV[position + 1])
end
if added > 0 then
  redis.call('ZADD', KEYS[4], 'LT', ARGV[3], ARGV[1])
end
return 1
