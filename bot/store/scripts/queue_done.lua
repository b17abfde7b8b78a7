-- Settle items of claimed chats of one shard, and the chats' due times.
-- KEYS: 1-5 due sets by class; 6 leases; then for each chat: its pending items, its rings, and the
--       sent record of each settled item.
-- ARGV: now (ms), record lifetime (s); then for each chat: chat, holder ("owner|request"),
--       release (1/0), not before (ms), ring (ms of a sound just made, 0: none), number of items;
--       and for each item: field, version rendered (0: none), class at the claim, sent record
--       ("": none), fate ("done", "drop", "wait", "retry"), not before (ms).
-- done: removes what was rendered; a newer version stays, as an edit. drop: removes at most the
-- version seen. wait and retry keep the item; one that was told to wait for what it was then is
-- decided anew when it is newer by now. A removal comes first, so that a full memory does
-- not stop it.
-- Returns for each chat 1 when the lease was the holder's, else 0.
local now, life = tonumber(ARGV[1]), tonumber(ARGV[2])
local EDIT = 4

-- Pending items: see keys_deliveries.pending.
local function split(value)
  local v, c, s, h, a = string.match(value, '^(%d+)|([0-4])|(%d+)|?(%d*)|?(%d*)$')
  return tonumber(v), tonumber(c), tonumber(s), tonumber(h) or 0, tonumber(a) or 0
end

local function keep(pending, field, v, c, s, h, a)
  local value = string.format('%d|%d|%.0f', v, c, s)
  if h > 0 or a > 0 then
    value = value .. string.format('|%.0f', h) .. (a > 0 and '|' .. a or '')
  end
  redis.call('HSET', pending, field, value)
end

local function settle_item(pending, sent, field, rendered, class, record, fate, hold)
  local value = redis.call('HGET', pending, field)
  local v, c, s, _, a = split(value or '')
  if not v then
    -- Settled before, or nobody can read it.
  elseif fate == 'done' or fate == 'drop' then
    if v <= rendered and c >= class then
      redis.call('HDEL', pending, field)
    elseif fate == 'done' then
      keep(pending, field, v, c < class and c or EDIT, s, hold, 0)
    end
  elseif c >= class and not (fate == 'wait' and rendered > 0 and v > rendered) then
    keep(pending, field, v, c, s, hold, fate == 'retry' and a + 1 or a)
  end
  if record ~= '' then
    redis.call('SET', sent, record, 'EX', life)
  end
end

local function set_due(chat, pending, floor)
  local earliest = {}
  local items = redis.call('HGETALL', pending)
  for position = 1, #items, 2 do
    local _, c, _, h, _ = split(items[position + 1])
    if not c or string.match(items[position], ':0$') then
      -- Nobody can read it, so nobody would ever settle it.
      redis.call('HDEL', pending, items[position])
    elseif not earliest[c] or h < earliest[c] then
      earliest[c] = h
    end
  end
  for class = 0, 4 do
    if earliest[class] then
      redis.call('ZADD', KEYS[class + 1], math.max(floor, earliest[class]), chat)
    else
      redis.call('ZREM', KEYS[class + 1], chat)
    end
  end
end

local function note_ring(rings, ring)
  if tonumber(ring) > 0 and redis.call('LINDEX', rings, 0) ~= ring then
    redis.call('LPUSH', rings, ring)
    redis.call('LTRIM', rings, 0, 31)
    redis.call('EXPIRE', rings, 172800)
  end
end

local function end_lease(chat, holder, release, pending, floor)
  local lease = redis.call('HGET', KEYS[6], chat)
  local own = lease and string.match(lease, '^(.*)|%d+$') == holder
  if not release or (lease and not own) then
    return own and 1 or 0
  end
  if own then
    redis.call('HDEL', KEYS[6], chat)
  end
  set_due(chat, pending, floor)
  return 1
end

redis.call('HDEL', KEYS[7], '')
local answers = {}
local key, at = 7, 3
while at <= #ARGV do
  local chat, holder, release = ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1'
  local floor, ring, count = math.max(now, tonumber(ARGV[at + 3])), ARGV[at + 4], tonumber(ARGV[at + 5])
  local pending, rings = KEYS[key], KEYS[key + 1]
  for number = 1, count do
    local item = at + 6 * number
    settle_item(pending, KEYS[key + 1 + number], ARGV[item], tonumber(ARGV[item + 1]),
      tonumber(ARGV[item + 2]), ARGV[item + 3], ARGV[item + 4], tonumber(ARGV[item + 5]))
  end
  note_ring(rings, ring)
  answers[#answers + 1] = end_lease(chat, holder, release, pending, floor)
  key, at = key + 2 + count, at + 6 + 6 * count
end
return answers
