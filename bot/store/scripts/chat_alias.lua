-- A chat is reached under a new address now. A record that the address got as a chat of its own,
-- before the upgrade was known, goes.
-- KEYS: chats and aliases of the new address's shard. ARGV: address, chat.
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
