-- Reserve one request in the own window of each of some chats of one shard, or say how long it must
-- wait.
-- KEYS: for each chat: its window; until when it is to be left alone (ms); the slot kept for a push.
-- ARGV: now (ms); then for each chat: mode ("bucket": steady rate with a burst; "window": at most
-- count in any sliding period), count, period (ms), burst, the longest wait (ms) for which a slot is
-- reserved.
-- Returns the waits in ms. Slots reserved ahead count for whoever asks later, so that an answer that
-- waits is not passed by pushes. A push waits for nothing (0), but in a full window the next slot is
-- kept for it, or else a group that asks and asks would get no news. Each reservation begins with a
-- removal, so that it works when memory is full.
local now = tonumber(ARGV[1])
-- Kept slots are used so much later at most: the period has as much to spare.
local LATE = 1000

local function add(window, count, period, at)
  if count > 1 then
    redis.call('LTRIM', window, 0, count - 2)
  else
    redis.call('DEL', window)
  end
  redis.call('LPUSH', window, string.format('%.0f', at))
  redis.call('PEXPIRE', window, math.ceil(at - now + period))
end

local function take(window, hold, kept, mode, count, period, burst, longest)
  local free = math.max(now, tonumber(redis.call('GET', hold) or '0'))
  local at = free
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
  local mine = longest == 0 and tonumber(redis.call('GET', kept))
  if mine and math.max(mine, free) > now then
    return math.max(mine, free) - now
  elseif mine then
    redis.call('DEL', kept)
    if now - mine <= LATE then
      return 0
    end
  end
  local oldest = redis.call('LINDEX', window, count - 1)
  if oldest then
    at = math.max(at, tonumber(oldest) + period)
  end
  if at - now <= longest then
    add(window, count, period, at)
  elseif longest == 0 and at > free then
    add(window, count, period, at)
    redis.call('SET', kept, string.format('%.0f', at), 'PX', math.ceil(at - now + LATE))
  end
  return at - now
end

local waits = {}
for number = 1, #KEYS / 3 do
  local key, at = 3 * number - 2, 5 * number - 3
  waits[number] = take(KEYS[key], KEYS[key + 1], KEYS[key + 2], ARGV[at], tonumber(ARGV[at + 1]),
    tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
end
return waits
