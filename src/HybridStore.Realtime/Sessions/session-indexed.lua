#!lua flags=allow-oom
-- Remembers in a session until when the index of its user holds it.
--
-- KEYS[1]      the session (session-get.lua)
-- ARGV[1]      its user
-- ARGV[2]      for how many milliseconds from now
-- returns      1, or 0 if there is no such session of that user
local meta = redis.pcall('HMGET', KEYS[1], 's', 'u')
if meta.err or not meta[1] or meta[2] ~= ARGV[1] then
  return 0
end
local clock = redis.call('TIME')
redis.call('HSET', KEYS[1], 'i', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2]))
return 1
