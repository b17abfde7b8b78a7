-- One poll's outcome, all or nothing: entries, seen marks, poll state, next poll.
-- KEYS: feeds, polls, polled, due, seen, entries.
-- ARGV: feed, time of the poll (ms), next poll (ms), poll state, cap of the stream,
--       today (days since 1970), 1 if the document was read or is unchanged,
--       number of seen marks, then identity and print of each, then the entries' documents.
-- A mark is the day (2 bytes) and the print (8 bytes). The field '' holds two days: of the last
-- document and of the last confirmation that it is unchanged; marks of that document count as
-- seen until then.
local feed, polled = ARGV[1], tonumber(ARGV[2])
local today, sighted, count = tonumber(ARGV[6]), ARGV[7] == '1', tonumber(ARGV[8])
local LIFETIME, DOCUMENTS, MOST, CHUNK, CLOCK_STEP = 90, 10, 20000, 500, 900000
-- Pruning reads all marks: not at each commit of a feed that stands at the cap.
local SLACK = 1.1
local first_mark, first_entry = 9, 9 + 2 * count

if redis.call('HEXISTS', KEYS[1], feed) == 0 then
  return 'REMOVED'
end
local last = tonumber(redis.call('ZSCORE', KEYS[3], feed) or '-1')
if last == polled then
  return 'REPEATED'
elseif last > polled and last - polled < CLOCK_STEP then
  -- Much earlier is no older poll, which its lease would have ended: the clock was put back.
  return 'STALE'
end
if #ARGV >= first_entry and redis.call('XLEN', KEYS[6]) >= tonumber(ARGV[5]) then
  return 'FULL'
end

local function pack_day(day)
  return struct.pack('>H', day)
end

local function day_of(mark)
  return (struct.unpack('>H', mark))
end

local function each_mark(visit)
  local all = redis.call('HGETALL', KEYS[5])
  for at = 1, #all, 2 do
    if all[at] ~= '' then
      visit(all[at], all[at + 1])
    end
  end
end

local function carry_forward(from, to)
  each_mark(function(identity, mark)
    if day_of(mark) == from then
      redis.call('HSET', KEYS[5], identity, pack_day(to) .. string.sub(mark, 3))
    end
  end)
end

local function write_marks()
  for start = 0, count - 1, CHUNK do
    local identities, marks = {}, {}
    for at = start, math.min(start + CHUNK, count) - 1 do
      identities[#identities + 1] = ARGV[first_mark + 2 * at]
      marks[#marks + 1] = pack_day(today) .. ARGV[first_mark + 2 * at + 1]
    end
    local known = redis.call('HMGET', KEYS[5], unpack(identities))
    for at, mark in ipairs(marks) do
      if known[at] ~= mark then
        redis.call('HSET', KEYS[5], identities[at], mark)
      end
    end
  end
end

-- Above the cap a mark goes even if it is of today: a feed of ever new entries must stay bounded
-- within a day too. Marks of this very document never go.
local function prune()
  local current = {}
  for at = 0, count - 1 do
    current[ARGV[first_mark + 2 * at]] = true
  end
  local total = redis.call('HLEN', KEYS[5]) - 1
  local kept = DOCUMENTS * count
  local cap = math.max(MOST, kept)
  local old = {}
  each_mark(function(identity, mark)
    local day = day_of(mark)
    if not current[identity] and (total > cap or day < today - LIFETIME) then
      old[#old + 1] = { day, identity }
    end
  end)
  table.sort(old, function(left, right)
    if left[1] ~= right[1] then
      return left[1] < right[1]
    end
    return left[2] < right[2]
  end)
  for at = 1, math.min(#old, total - kept) do
    if old[at][1] >= today - LIFETIME and total - at < cap then
      break
    end
    redis.call('HDEL', KEYS[5], old[at][2])
  end
end

for at = first_entry, #ARGV do
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[at])
end
local days = redis.call('HGET', KEYS[5], '')
if count > 0 then
  local document, confirmed = today, today
  if days then
    document, confirmed = struct.unpack('>HH', days)
    if confirmed > document then
      carry_forward(document, confirmed)
    end
  end
  write_marks()
  redis.call('HSET', KEYS[5], '', pack_day(today) .. pack_day(today))
  if document < today or redis.call('HLEN', KEYS[5]) > SLACK * math.max(MOST, DOCUMENTS * count) then
    prune()
  end
elseif sighted and days then
  local now = string.sub(days, 1, 2) .. pack_day(today)
  if now ~= days then
    redis.call('HSET', KEYS[5], '', now)
  end
end
redis.call('HSET', KEYS[2], feed, ARGV[4])
redis.call('ZADD', KEYS[3], polled, feed)
redis.call('ZADD', KEYS[4], ARGV[3], feed)
return 'DONE'
