-- Replaces a chat's document if it is still the one that was read. Answers 1 when it was.
-- KEYS: chats. ARGV: chat, document read, new document.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
