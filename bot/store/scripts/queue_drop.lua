-- Forget what is pending for a chat that is paused or unknown; a paused one remembers since when it
-- misses stories. A chat that was resumed meanwhile keeps everything. Answers 1 when it was dropped.
-- KEYS: 1-5 due sets by class; 6 pending of the chat; 7 chats; 8 missed.
-- ARGV: chat, since when (ms).
local document = redis.call('HGET', KEYS[7], ARGV[1])
if document and cjson.decode(document).paused == '' then
  return 0
end
redis.call('DEL', KEYS[6])
for class = 1, 5 do
  redis.call('ZREM', KEYS[class], ARGV[1])
end
if document then
  redis.call('HSETNX', KEYS[8], ARGV[1], ARGV[2])
end
return 1
