#!lua
-- Writes an entry of the distributed cache in the place of whatever is there.
--
-- KEYS[1]      the entry (cache-get.lua)
-- ARGV[1]      its bytes
-- ARGV[2]      how long it lives unused, in milliseconds; '' its end does not move
-- ARGV[3]      how long it lives whatever happens, in milliseconds; '' for ever
-- returns      1
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'd', ARGV[1])
local ttl = tonumber(ARGV[3])
if ttl then
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'e', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ttl))
end
local sliding = tonumber(ARGV[2])
if sliding then
  redis.call('HSET', KEYS[1], 's', ARGV[2])
  ttl = math.min(sliding, ttl or sliding)
end
redis.call('PEXPIRE', KEYS[1], ttl)
return 1
