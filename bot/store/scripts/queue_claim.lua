-- Claim due chats of one class in one shard.
-- KEYS: 1 due set of the class; 2 leases.
-- ARGV: now (ms), lease end (ms), owner, request, most chats.
-- Returns the claimed chat ids; asking again with the same request returns the same batch.
-- Begins with a removal, so that what is pending can be delivered when memory is full.
local now, stop, owner, request = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local mine = owner .. '|' .. request
local claimed, leases = {}, {}
local all = redis.call('HGETALL', KEYS[2])
for position = 1, #all, 2 do
  local holder, finish = string.match(all[position + 1], '^(.*)|(%d+)$')
  if holder == mine then
    table.insert(claimed, all[position])
  end
  leases[all[position]] = tonumber(finish)
end
if #claimed > 0 then
  return claimed
end
redis.call('ZREM', KEYS[1], '')
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[5]) * 4)
for _, chat in ipairs(due) do
  if #claimed == tonumber(ARGV[5]) then
    break
  end
  local finish = leases[chat]
  if finish and finish > now then
    -- Looked at again when the lease ends or its holder is done, whichever is first.
    redis.call('ZADD', KEYS[1], finish, chat)
  else
    redis.call('ZADD', KEYS[1], stop, chat)
    redis.call('HSET', KEYS[2], chat, mine .. '|' .. string.format('%.0f', stop))
    table.insert(claimed, chat)
  end
end
return claimed
