#!lua flags=allow-oom,no-writes
-- Tells of a session what its user may see in a list, without using it.
--
-- KEYS[1]      the session (session-get.lua)
-- ARGV[1]      SHA-256 of the id that was shown; '' for whoever asks by its handle
-- returns      nil if there is no such session, or { now, ttl, began, last used, user, device }; user and device are '' where there is none
local meta = redis.pcall('HMGET', KEYS[1], 's', 'c', 'l', 'u', 'd', 'e')
if meta.err or not meta[1] or (ARGV[1] ~= '' and meta[1] ~= ARGV[1]) then
  return false
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ttl = redis.call('PTTL', KEYS[1])
if meta[6] and (tonumber(meta[6]) or 0) <= now then
  return false
end
return { now, ttl, tonumber(meta[2]) or now, tonumber(meta[3]) or now, meta[4] or '', meta[5] or '' }
