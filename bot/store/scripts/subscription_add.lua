-- Keeps a subscription and its place in the rule index. Answers 1 when it is new or its mode
-- changed, 0 when it stands already (and keeps the time since when it matches), -1 when the chat
-- has too many.
-- KEYS: subscriptions, targets of the rule, targets of the other mode's rule.
-- ARGV: subscription key, document, target, chat, cap.
local known = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
if known and redis.call('ZSCORE', KEYS[2], ARGV[3]) then
  return 0
end
if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
  return -1
end
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
return 1
