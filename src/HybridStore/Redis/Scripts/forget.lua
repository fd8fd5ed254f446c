#!lua flags=allow-oom
-- Forgets fences of tags whose time has passed. Each invalidation forgets some (invalidate.lua); where there are none any more they
-- would stay, since they have no time to live.
--
-- KEYS[1]      the tags whose fences are remembered (invalidate.lua)
-- ARGV[1]      what the name of a tag's fences begins with
-- ARGV[2]      how many one call may forget, up to 3,500 (unpack fails at 8,000)
-- returns      { forgotten, 1 if there may be more, else 0 }
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local passed = redis.pcall('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])
if passed.err or #passed == 0 then
  return { 0, 0 }
end
local names = {}
for i = 1, #passed do
  names[i] = ARGV[1] .. passed[i]
end
-- While a slot moves to another node of a cluster, the new one takes a key that is with the old one for missing, unless a command names
-- several (invalidate.lua).
redis.call('EXISTS', KEYS[1], names[1])
redis.call('UNLINK', unpack(names))
redis.call('ZREM', KEYS[1], unpack(passed))
return { #passed, #passed == tonumber(ARGV[2]) and 1 or 0 }
