-- The next targets of an event's rules in one shard, in order of rules and of chat ids.
-- KEYS: targets of each rule, from the one that is at work on. ARGV: the chat id after which the
--       first rule goes on ('' from its start), targets wanted.
-- Returns {targets, number of the rule to go on with from 0 (-1: none is left), chat id after
-- which it goes on}. All targets of a chat come together, be they a few too many.
local after, room, targets = ARGV[1], tonumber(ARGV[2]), {}
for number, key in ipairs(KEYS) do
  local start = after == '' and '-inf' or '(' .. after
  local found = redis.call('ZRANGEBYSCORE', key, start, '+inf', 'WITHSCORES', 'LIMIT', 0, room)
  for position = 1, #found, 2 do
    targets[#targets + 1] = found[position]
  end
  if #found == 2 * room then
    local last, taken = found[#found], 0
    while found[#found - 2 * taken] == last do
      taken = taken + 1
    end
    for _, target in ipairs(redis.call('ZRANGEBYSCORE', key, last, last, 'LIMIT', taken, -1)) do
      targets[#targets + 1] = target
    end
    return { targets, number - 1, last }
  end
  room, after = room - #found / 2, ''
end
return { targets, -1, '' }
