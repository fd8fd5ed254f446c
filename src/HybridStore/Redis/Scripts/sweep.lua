#!lua flags=allow-oom
-- Removes what earlier generations of a partition have left: entries and tag sets that nobody reads any more.
--
-- KEYS[1]      the state of the partition (lease.lua)
-- KEYS[2..]    entries, then tag sets; none to ask for the generation only
-- ARGV[1]      the number of entries
-- ARGV[2..]    the generation in which each of them is named
-- returns      { generation, entries removed, tag sets removed, 1 if some were left because invalidations go on in their generation }
--
-- Where the generation is not recorded nothing is removed ('' is returned for it), and never what is named in a later one: somebody else
-- may know of a raise that this partition has not been told of.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local recorded = redis.pcall('HGET', KEYS[1], 'g')
local current = type(recorded) == 'string' and tonumber(recorded)
if not current then
  return { '', 0, 0, 0 }
end

local removed, in_grace = { 0, 0 }, 0
for i = 2, #KEYS do
  local kind = i - 1 <= tonumber(ARGV[1]) and 1 or 2
  if tonumber(ARGV[i]) < current then
    if (tonumber(redis.call('HGET', KEYS[1], 'o' .. ARGV[i]) or 0) or 0) > now then
      in_grace = 1
    else
      removed[kind] = removed[kind] + redis.call('UNLINK', KEYS[i])
    end
  end
end
return { recorded, removed[1], removed[2], in_grace }
