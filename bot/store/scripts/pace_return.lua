-- Give back reserved slots that were not used.
-- KEYS: 1 arrival time of the next free slot (microseconds). ARGV: slots, gap (microseconds).
local arrival = tonumber(redis.call('GET', KEYS[1]) or '0')
if arrival > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', arrival - tonumber(ARGV[1]) * tonumber(ARGV[2])), 'PX', 3600000)
end
return 0
