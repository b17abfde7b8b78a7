-- Raise a story in the pending items of up to some hundred targets of one shard.
-- KEYS: 1-5 due sets by class; 6 paused; 7 missed; then for each target: its pending hash, and
--       its sent record under each id of the story.
-- ARGV: now (ms), version, kind, urgent (1: unsent targets get it as breaking), cap, number of ids,
--       the ids, then for each target: chat, thread.
-- Recognises by version what it did before: running twice takes effect once. What a chat that is
-- full or paused does not get leaves the time since when it missed something; breaking news and
-- corrections always fit.
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

-- Items stand as keys_deliveries.pending says.
local function name_of(story, thread)
  return thread == '0' and story or story .. ':' .. thread
end

local raised, due = 0, {}
local anyone_paused = redis.call('SCARD', KEYS[6]) > 0
local key = 8
for position = 7 + ids, #ARGV, 2 do
  local chat, thread = ARGV[position], ARGV[position + 1]
  local pending, sent, field = KEYS[key], nil, nil
  for number = 1, ids do
    local record = redis.call('GET', KEYS[key + number])
    if record and not sent then
      local readable, document = pcall(cjson.decode, record)
      -- One record that is broken must not hold up everyone's news: its target has the story.
      sent = readable and document or { version = version, alerted = true }
      field = name_of(ARGV[6 + number], thread)
    end
  end
  key = key + ids + 1
  local old = nil
  local count = redis.call('HLEN', pending)
  for number = 1, count > 0 and ids or 0 do
    local name = name_of(ARGV[6 + number], thread)
    local item = redis.call('HGET', pending, name)
    if item and not old then
      old = item
      field = field or name
    end
  end
  field = field or name_of(ARGV[7], thread)
  local class = wanted_class(sent)
  if class == nil then
    -- Seen before: nothing newer is wanted.
  elseif (not old and class >= NEWS and count >= cap)
      or (anyone_paused and redis.call('SISMEMBER', KEYS[6], chat) == 1) then
    redis.call('HSETNX', KEYS[7], chat, now)
  else
    local since, hold, attempts = now, 0, 0
    local newest = version
    local v, c, s, h, a = string.match(old or '', '^(%d+)|([0-4])|(%d+)|?(%d*)|?(%d*)$')
    if v then
      newest = math.max(newest, tonumber(v))
      since, attempts = tonumber(s), tonumber(a) or 0
      if tonumber(c) <= class then
        class, hold = tonumber(c), tonumber(h) or 0
        if kind == 'changed' and class == EDIT and attempts == 0 and version > tonumber(v) then
          -- A changed text waits for less than one more source: until when is decided anew.
          hold = 0
        end
      end
    end
    local value = string.format('%d|%d|%.0f', newest, class, since)
    if hold > 0 or attempts > 0 then
      value = value .. string.format('|%.0f', hold) .. (attempts > 0 and '|' .. attempts or '')
    end
    if value ~= old then
      redis.call('HSET', pending, field, value)
      raised = raised + 1
    end
    local times = due[class] or {}
    due[class] = times
    times[#times + 1] = string.format('%.0f', math.max(now, hold))
    times[#times + 1] = chat
  end
end
for class, times in pairs(due) do
  redis.call('ZADD', KEYS[class + 1], 'LT', unpack(times))
end
return raised
