#!lua flags=allow-oom,no-writes
-- Tells whether a server loses in a crash what it has acknowledged. Through a script because the client keeps INFO back outside its
-- admin mode.
--
-- KEYS         none
-- ARGV         none
-- returns      '1' with an append-only file, '0' without, '' if it does not say; an error if the user has no right to ask
return string.match(redis.call('INFO', 'persistence'), 'aof_enabled:(%d)') or ''
