-- Reserve one request in a chat's own window, or say how long it must wait.
-- KEYS: 1 the window. ARGV: now (ms), mode ("bucket": steady rate with a burst; "window": at most
-- count in any sliding period), count, period (ms), burst, force (1: takes the slot even when full).
-- Returns 0 when reserved, else the wait in ms.
local now, mode, count = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local period, burst, force = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
if mode == 'bucket' then
  local gap = period / count
  local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
  local wait = arrival - now - (burst - 1) * gap
  if wait > 0 and not force then
    return math.ceil(wait)
  end
  redis.call('SET', KEYS[1], string.format('%.0f', arrival + gap), 'PX', math.ceil(arrival + gap - now + period))
  return 0
end
local oldest = tonumber(redis.call('LINDEX', KEYS[1], count - 1) or '0')
local wait = oldest + period - now
if wait > 0 and not force then
  return math.ceil(wait)
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, count - 1)
redis.call('PEXPIRE', KEYS[1], period)
return 0
