#!lua flags=allow-oom
-- Gives back the lease of a load that has nothing to store, so that nobody waits for what does not come.
--
-- KEYS[1]      the guard of the key (lease.lua)
-- ARGV[1]      the token of the lease
-- returns      { now, 1 if it was still held }
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if redis.pcall('HGET', KEYS[1], 't') ~= ARGV[1] then
  return { now, 0 }
end
-- Never the fences.
redis.call('HDEL', KEYS[1], 't', 'a', 'e')
return { now, 1 }
