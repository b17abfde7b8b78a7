-- Reserve one request in a chat's own window, or say how long it must wait.
-- KEYS: 1 the window; 2 until when the chat is to be left alone (ms).
-- ARGV: now (ms), mode ("bucket": steady rate with a burst; "window": at most count in any sliding
-- period), count, period (ms), burst, the longest wait (ms) for which a slot is reserved.
-- Returns the wait in ms. Slots reserved ahead count for whoever asks later, so that an answer that
-- waits is not passed by pushes. Begins with a removal, so that it works when memory is full.
local now, mode, count = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local period, burst, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local at = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0'))
if mode == 'bucket' then
  local gap = period / count
  local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
  at = math.max(at, math.ceil(arrival - (burst - 1) * gap))
  if at - now > longest then
    return at - now
  end
  local following = math.max(arrival, at) + gap
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil(following - now + period))
  return at - now
end
local oldest = redis.call('LINDEX', KEYS[1], count - 1)
if oldest then
  at = math.max(at, tonumber(oldest) + period)
end
if at - now > longest then
  return at - now
end
if count > 1 then
  redis.call('LTRIM', KEYS[1], 0, count - 2)
else
  redis.call('DEL', KEYS[1])
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], at - now + period)
return at - now
