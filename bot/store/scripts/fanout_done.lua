-- Takes an event off its lane, if the token holds the desk's lease. Every write removes, so that it
-- works when memory is full.
-- KEYS: lease, fan-out stream, progress. ARGV: token, id of the event.
-- Answers 0 when the lease is another's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('XDEL', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1
