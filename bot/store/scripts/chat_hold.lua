-- Leave a chat alone for a while. Begins with a removal, so that a 429 is honoured when memory is
-- full.
-- KEYS: 1 until when (ms). ARGV: now (ms), for how long (ms).
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], string.format('%.0f', ARGV[1] + ARGV[2]), 'PX', ARGV[2])
return 1
