-- Forgets an alias of a chat that is no longer known, if it still names that chat.
-- KEYS: aliases of the address's shard. ARGV: address, chat.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
