-- Drops a subscription and its place in the rule index. Answers 1 when it was there.
-- Every command removes, so that it works when memory is full.
-- KEYS: subscriptions, targets of the rule, targets of the breaking rule.
-- ARGV: subscription key, target.
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return redis.call('HDEL', KEYS[1], ARGV[1])
