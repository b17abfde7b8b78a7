-- Raise a story in the pending items of up to some hundred targets of one shard.
-- KEYS: 1-5 due sets by class; 6 paused; 7 missed; then for each target: its pending hash, and
--       its sent record under each id of the story.
-- ARGV: now (ms), version, kind, urgent (1: unsent targets get it as breaking), cap, number of ids,
--       the ids, then for each target: chat, thread.
-- Recognises by version what it did before: running twice takes effect once.
local now, version, kind = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local urgent, cap, ids = ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
local BREAKING, CORRECTION, NEWS, EDIT = 0, 1, 2, 4

local function wanted_class(sent)
  if not sent then
    return urgent and BREAKING or NEWS
  end
  if kind == 'breaking' and not sent.alerted then
    return BREAKING
  end
  if sent.version >= version then
    return nil
  end
  return kind == 'corrected' and CORRECTION or EDIT
end

local raised = 0
local key = 8
for position = 7 + ids, #ARGV, 2 do
  local chat, thread = ARGV[position], ARGV[position + 1]
  local pending, sent, field = KEYS[key], nil, nil
  for number = 1, ids do
    local record = redis.call('GET', KEYS[key + number])
    if record and not sent then
      sent = cjson.decode(record)
      field = ARGV[6 + number] .. ':' .. thread
    end
  end
  key = key + ids + 1
  local old = nil
  for number = 1, ids do
    local name = ARGV[6 + number] .. ':' .. thread
    local item = redis.call('HGET', pending, name)
    if item and not old then
      old = item
      field = field or name
    end
  end
  field = field or (ARGV[7] .. ':' .. thread)
  local class = wanted_class(sent)
  if class == nil then
    -- Seen before: nothing newer is wanted.
  elseif redis.call('SISMEMBER', KEYS[6], chat) == 1
      or (not old and not sent and class ~= BREAKING and redis.call('HLEN', pending) >= cap) then
    redis.call('HSETNX', KEYS[7], chat, now)
  else
    local since, hold, attempts = now, 0, 0
    local newest = version
    if old then
      local v, c, s, h, a = string.match(old, '^(%d+)|(%d)|(%d+)|(%d+)|(%d+)$')
      newest = math.max(newest, tonumber(v))
      since, attempts = tonumber(s), tonumber(a)
      if tonumber(c) <= class then
        class, hold = tonumber(c), tonumber(h)
      end
    end
    local value = string.format('%d|%d|%.0f|%.0f|%d', newest, class, since, hold, attempts)
    if value ~= old then
      redis.call('HSET', pending, field, value)
      raised = raised + 1
    end
    redis.call('ZADD', KEYS[class + 1], 'LT', math.max(now, hold), chat)
  end
end
return raised
