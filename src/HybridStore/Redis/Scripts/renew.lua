#!lua flags=allow-oom
-- Lets the lease of a load that goes on last longer, so that nobody takes the key over meanwhile.
--
-- KEYS[1]      the guard of the key (lease.lua)
-- ARGV[1]      the token of the lease
-- ARGV[2]      how long it is to last from now on, in milliseconds
-- ARGV[3]      FenceTtl in milliseconds: a lease that was granted so long ago is not renewed, since store.lua refuses what was loaded under
--              it; and none is renewed beyond that moment
-- returns      { now, what }: 'renewed', also where it lasts as long already; 'lost' if it is not held any more; 'late'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local lease = redis.pcall('HMGET', KEYS[1], 't', 'a', 'e')
if lease.err or lease[1] ~= ARGV[1] then
  return { now, 'lost' }
end
local last = lease[2] + ARGV[3]
if now >= last then
  return { now, 'late' }
end

local till = math.min(now + ARGV[2], last)
if till > tonumber(lease[3]) then
  redis.call('HSET', KEYS[1], 'e', till)
end
-- A guard that ended before its lease would take that along.
if redis.call('PTTL', KEYS[1]) < till - now then
  redis.call('PEXPIRE', KEYS[1], till - now)
end
return { now, 'renewed' }
