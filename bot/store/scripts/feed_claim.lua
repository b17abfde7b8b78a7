-- Takes due feeds, most overdue first: their next poll moves to the lease's end before anyone
-- fetches, so that a crash delays a poll instead of losing or doubling it.
-- KEYS: feeds, due. ARGV: now (ms), lease end (ms), limit. Answers the feeds' documents.
local claimed = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local documents = {}
for _, feed in ipairs(claimed) do
  local document = redis.call('HGET', KEYS[1], feed)
  if document then
    redis.call('ZADD', KEYS[2], ARGV[2], feed)
    documents[#documents + 1] = document
  else
    redis.call('ZREM', KEYS[2], feed)
  end
end
return documents
