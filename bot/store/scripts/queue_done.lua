-- Settle items of one claimed chat, and its due times.
-- KEYS: 1-5 due sets by class; 6 leases; 7 pending of the chat; 8 rings of the chat;
--       then the sent record of each item.
-- ARGV: now (ms), chat, holder ("owner|request"), release (1/0), chat not before (ms),
--       ring (ms of a sound just made, 0: none), record lifetime (s), then for each item:
--       field, version rendered (0: none), class at the claim, sent record ("": none),
--       fate ("done", "drop", "wait", "retry"), not before (ms).
-- done: removes what was rendered; a newer version stays, as an edit. drop: removes at most the
-- version seen. wait and retry keep the item. A removal comes first, so that a full memory does
-- not stop it.
local now, chat, holder = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local EDIT = 4

-- Pending items: see keys_deliveries.pending.
local function split(value)
  local v, c, s, h, a = string.match(value, '^(%d+)|([0-4])|(%d+)|?(%d*)|?(%d*)$')
  return tonumber(v), tonumber(c), tonumber(s), tonumber(h) or 0, tonumber(a) or 0
end

local function keep(field, v, c, s, h, a)
  local value = string.format('%d|%d|%.0f', v, c, s)
  if h > 0 or a > 0 then
    value = value .. string.format('|%.0f', h) .. (a > 0 and '|' .. a or '')
  end
  redis.call('HSET', KEYS[7], field, value)
end

redis.call('HDEL', KEYS[7], '')
local number = 0
for position = 8, #ARGV, 6 do
  number = number + 1
  local field, rendered, class = ARGV[position], tonumber(ARGV[position + 1]), tonumber(ARGV[position + 2])
  local record, fate, hold = ARGV[position + 3], ARGV[position + 4], tonumber(ARGV[position + 5])
  local value = redis.call('HGET', KEYS[7], field)
  value = value and split(value) and value
  if value and (fate == 'done' or fate == 'drop') then
    local v, c, s, _, a = split(value)
    if v <= rendered and c >= class then
      redis.call('HDEL', KEYS[7], field)
    elseif fate == 'done' then
      keep(field, v, c < class and c or EDIT, s, hold, 0)
    end
  elseif value then
    local v, c, s, h, a = split(value)
    if c >= class then
      keep(field, v, c, s, hold, fate == 'retry' and a + 1 or a)
    end
  end
  if record ~= '' then
    redis.call('SET', KEYS[8 + number], record, 'EX', tonumber(ARGV[7]))
  end
end

if tonumber(ARGV[6]) > 0 and redis.call('LINDEX', KEYS[8], 0) ~= ARGV[6] then
  redis.call('LPUSH', KEYS[8], ARGV[6])
  redis.call('LTRIM', KEYS[8], 0, 31)
  redis.call('EXPIRE', KEYS[8], 172800)
end

local lease = redis.call('HGET', KEYS[6], chat)
local own = lease and string.match(lease, '^(.*)|%d+$') == holder
if ARGV[4] ~= '1' or (lease and not own) then
  return own and 1 or 0
end
if own then
  redis.call('HDEL', KEYS[6], chat)
end
local earliest = {}
local items = redis.call('HGETALL', KEYS[7])
for position = 1, #items, 2 do
  local _, c, _, h, _ = split(items[position + 1])
  if not c or string.match(items[position], ':0$') then
    -- Nobody can read it, so nobody would ever settle it.
    redis.call('HDEL', KEYS[7], items[position])
  elseif not earliest[c] or h < earliest[c] then
    earliest[c] = h
  end
end
local floor = math.max(now, tonumber(ARGV[5]))
for class = 0, 4 do
  if earliest[class] then
    redis.call('ZADD', KEYS[class + 1], math.max(floor, earliest[class]), chat)
  else
    redis.call('ZREM', KEYS[class + 1], chat)
  end
end
return 1
