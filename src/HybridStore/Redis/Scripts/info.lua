#!lua flags=allow-oom,no-writes
-- Tells what a server counts. Through a script because the client keeps INFO back outside its admin mode; section by section because
-- Redis 6 knows no more than one at a time.
--
-- KEYS         none
-- ARGV         none
-- returns      the sections stats and memory of INFO, as they are; an error if the user has no right to ask
return redis.call('INFO', 'stats') .. '\r\n' .. redis.call('INFO', 'memory')
