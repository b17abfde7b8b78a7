-- Keeps how far the first event of a lane has come, if the token holds the desk's lease.
-- KEYS: lease, progress. ARGV: token, Progress document. Answers 0 when the lease is another's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2])
return 1
