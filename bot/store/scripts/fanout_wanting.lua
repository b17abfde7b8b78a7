-- The first targets of each rule in one shard: one round trip, however many rules a story has.
-- KEYS: targets of each rule. ARGV: most targets of a rule.
-- Returns {number of the rule from 0, members and scores} of the rules that have targets.
local found = {}
for number, key in ipairs(KEYS) do
  local targets = redis.call('ZRANGEBYSCORE', key, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
  if #targets > 0 then
    found[#found + 1] = { number - 1, targets }
  end
end
return found
