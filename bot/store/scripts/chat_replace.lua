-- Replaces a chat's document if it is still the one that was read. Answers 1 when it was.
-- The set of paused chats follows the document. Its first write is a removal, so that a chat that
-- refuses messages is paused when memory is full.
-- KEYS: chats, paused. ARGV: chat, document read, new document.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if cjson.decode(ARGV[3]).paused ~= '' then
  redis.call('SADD', KEYS[2], ARGV[1])
end
return 1
