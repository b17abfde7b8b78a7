-- Puts an operator's order on the desk's stream unless that is full. Answers the id, '' if full.
-- KEYS: orders. ARGV: cap, kind, story, user, now (ms).
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  return ''
end
return redis.call(
  'XADD', KEYS[1], '*', 'kind', ARGV[2], 'story', ARGV[3], 'by', ARGV[4], 'at', ARGV[5]
)
