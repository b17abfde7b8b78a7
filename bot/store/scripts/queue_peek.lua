-- The earliest due time of each class in one shard.
-- KEYS: 1-5 due sets by class. Returns five scores as texts, '' where nothing is pending.
local scores = {}
for class = 1, 5 do
  scores[class] = redis.call('ZRANGE', KEYS[class], 0, 0, 'WITHSCORES')[2] or ''
end
return scores
