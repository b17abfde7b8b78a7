-- Note a 429; when two chats got one within the window, pause everything.
-- KEYS: 1 recent floods by chat; 2 pause until (ms); 3 probe.
-- ARGV: now (ms), chat, retry after (ms), window (ms). Returns 1 when everything is paused.
local now, window = tonumber(ARGV[1]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('PEXPIRE', KEYS[1], window)
redis.call('DEL', KEYS[3])
if redis.call('ZCARD', KEYS[1]) < 2 then
  return 0
end
local stop = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now + tonumber(ARGV[3]))
redis.call('SET', KEYS[2], string.format('%.0f', stop), 'PX', stop - now + 3600000)
return 1
