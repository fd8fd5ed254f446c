#!lua flags=allow-oom
-- Ends a session.
--
-- KEYS[1]      the session (session-get.lua)
-- ARGV[1]      SHA-256 of the id that was shown; '' for any
-- ARGV[2]      whose it must be; '' anybody's
-- returns      nil if there is no such session, or whose it was; '' for nobody's
local meta = redis.pcall('HMGET', KEYS[1], 's', 'u')
if meta.err or not meta[1] or (ARGV[1] ~= '' and meta[1] ~= ARGV[1]) or (ARGV[2] ~= '' and meta[2] ~= ARGV[2]) then
  return false
end
redis.call('DEL', KEYS[1])
return meta[2] or ''
