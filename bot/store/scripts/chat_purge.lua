-- Forgets a chat that has been paused for long, with all that it asked for, if it is still as it was
-- read: one that was resumed, or subscribed to more, stays. Answers 1 when it is gone.
-- KEYS: 1-5 due sets by class; 6 chats; 7 paused; 8 missed; 9 leases; 10 subscriptions of the chat;
--       11 its pending; 12 its rings; then for each subscription its rule's targets, both modes.
-- ARGV: chat, document read, then for each subscription its target.
local chat = ARGV[1]
if redis.call('HGET', KEYS[6], chat) ~= ARGV[2] then
  return 0
end
if redis.call('HLEN', KEYS[10]) ~= #ARGV - 2 then
  return 0
end
redis.call('HDEL', KEYS[6], chat)
for class = 1, 5 do
  redis.call('ZREM', KEYS[class], chat)
end
redis.call('SREM', KEYS[7], chat)
redis.call('HDEL', KEYS[8], chat)
redis.call('HDEL', KEYS[9], chat)
redis.call('DEL', KEYS[10], KEYS[11], KEYS[12])
for number = 1, #ARGV - 2 do
  redis.call('ZREM', KEYS[11 + 2 * number], ARGV[2 + number])
  redis.call('ZREM', KEYS[12 + 2 * number], ARGV[2 + number])
end
return 1
