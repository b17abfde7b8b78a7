-- Take in a batch of updates, each once, in order.
-- KEYS: 1 bodies; 2 chats; 3 ready; 4 claims; 5 wake; then one bitmap of seen ones per update.
-- ARGV: now (ms), life of a bitmap (s), most per chat, most in all, most to wake, the latest moment
-- (ms, of the server's own clock); then for each update: bit, number, origin, JSON, 1 when it is
-- told only once.
-- Returns a word per update: 'STORED', 'SEEN' for a copy, 'DROPPED' when its chat has too many,
-- 'FULL' when all have; what follows that is not looked at. Returns 'LATE' and does nothing when the
-- caller no longer waits: a server that stood still carries out what lay in its sockets.
-- Its first write is one that a full memory refuses: all of the batch is taken, or nothing.
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[6]) then
  return 'LATE'
end
local words, woken = {}, false
for position = 1, #KEYS - 5 do
  local bitmap = KEYS[position + 5]
  local at = (position - 1) * 5 + 6
  local bit, number, origin = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if redis.call('GETBIT', bitmap, bit) == 1 then
    words[position] = 'SEEN'
  elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
    words[position] = 'FULL'
    break
  else
    redis.call('SETBIT', bitmap, bit, 1)
    redis.call('EXPIRE', bitmap, ARGV[2])
    local waiting = redis.call('HGET', KEYS[2], origin) or ''
    local _, count = string.gsub(waiting, '%d+', '')
    if count >= tonumber(ARGV[3]) and ARGV[at + 5] ~= '1' then
      words[position] = 'DROPPED'
    else
      words[position] = 'STORED'
      redis.call('HSET', KEYS[1], number, ARGV[at + 4])
      redis.call('HSET', KEYS[2], origin, count == 0 and number or waiting .. ' ' .. number)
      if redis.call('HEXISTS', KEYS[4], origin) == 0 then
        redis.call('ZADD', KEYS[3], 'NX', ARGV[1], origin)
        woken = true
      end
    end
  end
end
if woken and redis.call('LLEN', KEYS[5]) < tonumber(ARGV[5]) then
  redis.call('RPUSH', KEYS[5], '')
end
return words
