#!lua flags=allow-oom,no-writes
-- Tells what a partition holds about one key, and changes nothing. The value stays where it is: of an entry only the header is read.
--
-- KEYS[1]      the guard of the key (lease.lua)
-- KEYS[2]      the state of the partition (lease.lua)
-- KEYS[3]      the entry; left out where it is not known in which generation it would be read
-- ARGV[1]      how many bytes the longest header has
-- returns      { now, type of the entry or 'none', its first bytes, its size, its time to live in milliseconds (-1 without one), guard,
--              state }: guard and state as names and values by turns, empty where there is none
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Under the name of a hash anything else is not ours.
local function hash(key)
  local fields = redis.pcall('HGETALL', key)
  return fields.err and {} or fields
end

local found, header, size, left = 'none', '', 0, -2
if KEYS[3] then
  found = redis.call('TYPE', KEYS[3]).ok
  left = redis.call('PTTL', KEYS[3])
  if found == 'string' then
    header = redis.call('GETRANGE', KEYS[3], 0, ARGV[1] - 1)
    size = redis.call('STRLEN', KEYS[3])
  end
end
return { now, found, header, size, left, hash(KEYS[1]), hash(KEYS[2]) }
