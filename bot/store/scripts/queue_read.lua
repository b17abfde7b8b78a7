-- What deciding needs of some chats of one shard.
-- KEYS: 1 chats; then for each chat: pending, subscriptions, rings. ARGV: the chats.
-- Returns for each chat {document or nil, pending fields and values, subscriptions, rings}.
local found = {}
for number, chat in ipairs(ARGV) do
  local key = 3 * number - 1
  found[number] = {
    redis.call('HGET', KEYS[1], chat),
    redis.call('HGETALL', KEYS[key]),
    redis.call('HVALS', KEYS[key + 1]),
    redis.call('LRANGE', KEYS[key + 2], 0, -1),
  }
end
return found
