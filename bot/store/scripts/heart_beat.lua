-- Note that a process lives. Begins with a removal, so that it works when memory is full: who cannot
-- beat is taken for dead.
-- KEYS: 1 processes by their last heartbeat. ARGV: owner, now (ms).
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return 1
