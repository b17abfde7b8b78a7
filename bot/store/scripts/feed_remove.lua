-- Forgets a feed and all that its polls left. Answers 1 when it was there.
-- Every command removes, so that it works when memory is full.
-- KEYS: feeds, polls, polled, due, seen. ARGV: feed.
redis.call('UNLINK', KEYS[5])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
