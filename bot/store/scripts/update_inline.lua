-- Hands an inline query to a process with the role commands.
-- KEYS: list. ARGV: "time in ms|JSON", most, life (s).
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[2]), -1)
return redis.call('EXPIRE', KEYS[1], ARGV[3])
