-- Reserve up to `want` evenly spaced slots of the bot's overall rate (GCRA, no burst).
-- KEYS: 1 arrival time of the next free slot (microseconds); 2 pause until (ms); 3 probe.
-- ARGV: now (microseconds), gap (microseconds), want, horizon (microseconds; 0: no bound), probe lease (ms).
-- Returns {granted, delay of the first slot in microseconds, 1 when it is the probe}. During a pause
-- nothing is granted and the delay tells its end; after it one probe goes first. Begins with a
-- removal, so that it works when memory is full.
local now, gap, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local horizon = tonumber(ARGV[4])
local pause = tonumber(redis.call('GET', KEYS[2]) or '0') * 1000
if pause > now then
  return {0, math.ceil(pause - now), 0}
end
if pause > 0 then
  if not redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[5]) then
    return {0, 250000, 0}
  end
  want = 1
end
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local granted = want
if horizon > 0 then
  granted = math.min(want, math.floor((now + horizon - arrival) / gap) + 1)
  if granted <= 0 then
    return {0, math.ceil(arrival - now), 0}
  end
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], string.format('%.0f', arrival + granted * gap), 'PX', 3600000)
return {granted, math.ceil(arrival - now), pause > 0 and 1 or 0}
