-- Prolongs the desk's lease if the token still holds it. Answers 1 when it does.
-- KEYS: lease. ARGV: token, time to live (ms).
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
