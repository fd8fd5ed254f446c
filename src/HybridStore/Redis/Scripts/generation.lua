#!lua flags=allow-oom
-- Tells the generation of a partition, and raises it: what was stored under an older number is never read again.
--
-- KEYS[1]      the state of the partition (lease.lua)
-- ARGV[1]      the number that the caller knows, '0' if none: a partition that is behind it is raised to it
-- ARGV[2]      why a new number is wanted: 'raise'; 'database', unless ARGV[4] is the recorded boot mark; or '', which wants none
-- ARGV[3]      how long invalidations go on in the generation before, in milliseconds: longer than an instance may read without having
--              asked for the number
-- ARGV[4]      the boot mark of the database that the new generation is filled from, '' if it is not known
-- ARGV[5]      the largest xid of the writes for which the number is raised and that may not be visible yet, or ''
-- ARGV[6]      FenceTtl in milliseconds
-- returns      { now, number }
--
-- Numbers are never used again: a new one is above the one before it and not below the server's clock in seconds, for the record of
-- a number may be lost. What is lost together with all entries of the partition costs no new number; where the record alone may have
-- been evicted, entries may have been left. Sequence and fences are kept: a raise must not forget a fence.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local seconds = tonumber(clock[1])
local known = tonumber(ARGV[1])

-- Under the name of the state anything else is not ours, and gives way.
local found = redis.call('TYPE', KEYS[1]).ok
local damaged = found ~= 'hash' and found ~= 'none'
if damaged then
  redis.call('UNLINK', KEYS[1])
end

local state = redis.call('HMGET', KEYS[1], 'g', 'b')
local recorded = tonumber(state[1])
if state[1] and not (recorded and recorded >= 1 and recorded < 2 ^ 53 and recorded % 1 == 0) then
  recorded, damaged = nil, true
end

-- Where this server may evict what has no time to live, or does not tell.
local function may_evict_anything()
  local info = redis.pcall('INFO', 'memory')
  return type(info) ~= 'string' or not string.find(info, 'maxmemory:0\r', 1, true)
    and not string.find(info, 'maxmemory_policy:noeviction', 1, true)
    and not string.find(info, 'maxmemory_policy:volatile', 1, true)
end

local wanted
if ARGV[2] == 'raise' or (not recorded and (damaged or known == 0 or may_evict_anything())) then
  wanted = math.max((recorded or 0) + 1, known + 1, seconds)
elseif not recorded then
  wanted = known
elseif ARGV[2] == 'database' and state[2] ~= ARGV[4] then
  wanted = math.max(recorded + 1, known, seconds)
elseif recorded < known then
  wanted = known
else
  return { now, state[1] }
end

local number = string.format('%.0f', wanted)
redis.call('HSET', KEYS[1], 'g', number)
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'b', ARGV[4])
else
  redis.call('HDEL', KEYS[1], 'b')
end
-- All was invalidated, by whatever change: what a standby has to show is not known any more (store.lua).
redis.call('HDEL', KEYS[1], 'high')
-- Others may still read in the generation before: the recorded one, or where that was lost the caller's.
local before = recorded and state[1] or (known > 0 and wanted ~= known and ARGV[1])
if before then
  redis.call('HSET', KEYS[1], 'o' .. before, now + ARGV[3])
end
if ARGV[5] ~= '' then
  local floor = tonumber(redis.call('HGET', KEYS[1], 'f') or 0) or 0
  if floor < tonumber(ARGV[5]) then
    redis.call('HSET', KEYS[1], 'f', ARGV[5])
  end
  redis.call('HSET', KEYS[1], 'fe', now + ARGV[6])
end
return { now, number }
