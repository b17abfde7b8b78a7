-- Moves the acknowledged mark forward and trims the stream up to it; never backward.
-- Begins with a removal, so that it works when memory is full.
-- KEYS: entries, acknowledged. ARGV: id, the id after it.
local function parts(id)
  local time, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(time), tonumber(sequence)
end

redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
local mark = redis.call('GET', KEYS[2])
if mark then
  local time, sequence = parts(ARGV[1])
  local marked_time, marked_sequence = parts(mark)
  if time < marked_time or (time == marked_time and sequence <= marked_sequence) then
    return 0
  end
end
redis.call('SET', KEYS[2], ARGV[1])
return 1
