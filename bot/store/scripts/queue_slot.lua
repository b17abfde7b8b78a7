-- Reserve one request in the own window of each of some chats of one shard, or say how long it must
-- wait.
-- KEYS: for each chat: its window; until when it is to be left alone (ms).
-- ARGV: now (ms); then for each chat: mode ("bucket": steady rate with a burst; "window": at most
-- count in any sliding period), count, period (ms), burst, the longest wait (ms) for which a slot is
-- reserved.
-- Returns the waits in ms. Slots reserved ahead count for whoever asks later, so that an answer that
-- waits is not passed by pushes. Each reservation begins with a removal, so that it works when memory
-- is full.
local now = tonumber(ARGV[1])

local function take(window, hold, mode, count, period, burst, longest)
  local at = math.max(now, tonumber(redis.call('GET', hold) or '0'))
  if mode == 'bucket' then
    local gap = period / count
    local arrival = math.max(tonumber(redis.call('GET', window) or '0'), now)
    at = math.max(at, math.ceil(arrival - (burst - 1) * gap))
    if at - now > longest then
      return at - now
    end
    local following = math.max(arrival, at) + gap
    redis.call('DEL', window)
    redis.call('SET', window, string.format('%.0f', following), 'PX', math.ceil(following - now + period))
    return at - now
  end
  local oldest = redis.call('LINDEX', window, count - 1)
  if oldest then
    at = math.max(at, tonumber(oldest) + period)
  end
  if at - now > longest then
    return at - now
  end
  if count > 1 then
    redis.call('LTRIM', window, 0, count - 2)
  else
    redis.call('DEL', window)
  end
  redis.call('LPUSH', window, string.format('%.0f', at))
  redis.call('PEXPIRE', window, at - now + period)
  return at - now
end

local waits = {}
for number = 1, #KEYS / 2 do
  local at = 5 * number - 3
  waits[number] = take(KEYS[2 * number - 1], KEYS[2 * number], ARGV[at], tonumber(ARGV[at + 1]),
    tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
end
return waits
