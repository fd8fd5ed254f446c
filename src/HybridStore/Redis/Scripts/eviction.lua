#!lua flags=allow-oom,no-writes
-- Tells which keys a server evicts when it is full. Through a script because the client keeps INFO back outside its admin mode.
--
-- KEYS         none
-- ARGV         none
-- returns      { policy, maxmemory in bytes, '0' for no limit }; an error if the user has no right to ask
local info = redis.call('INFO', 'memory')
return { string.match(info, 'maxmemory_policy:([%a-]+)') or '', string.match(info, 'maxmemory:(%d+)') or '0' }
