-- Replaces a message's record if it is still the one that was read. Answers 1 when it was.
-- KEYS: 1 the record. ARGV: document read, new document. Its lifetime stays.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
