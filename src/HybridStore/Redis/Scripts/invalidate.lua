#!lua flags=allow-oom
-- Removes entries and the members of tag sets, in one partition and one step. Allowed while Redis is full: a full Redis must
-- still be able to forget.
--
-- KEYS[1..n]   the physical keys of entries
-- KEYS[n+1..]  the tag sets of this partition
-- ARGV[1]      n
-- ARGV[2]      what the physical key of an entry of this partition begins with; a member of a tag set follows it
-- ARGV[3]      how many members one call may remove at the most, 1 to 7,000 (unpack fails at 8,000)
-- returns      { the server's time in milliseconds since the Unix epoch,
--                1 if the call stopped at its limit and has to be repeated, else 0 }
--
-- A member leaves its set in the same step as its entry, so that a call that is lost or repeated misses nothing.
local entries = tonumber(ARGV[1])
local budget = tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

for i = 1, entries do
  redis.call('UNLINK', KEYS[i])
end

for i = entries + 1, #KEYS do
  if budget == 0 then
    return { now, 1 }
  end
  local members = redis.pcall('ZRANGE', KEYS[i], 0, budget - 1)
  if members.err then
    if not string.find(members.err, 'WRONGTYPE', 1, true) then
      return members
    end
    -- Not a sorted set, so not ours, and of no use as a tag set.
    redis.call('UNLINK', KEYS[i])
  elseif #members > 0 then
    local names = {}
    for m = 1, #members do
      names[m] = ARGV[2] .. members[m]
    end
    redis.call('UNLINK', unpack(names))
    redis.call('ZREM', KEYS[i], unpack(members))
    budget = budget - #members
    if budget == 0 and redis.call('EXISTS', KEYS[i]) == 1 then
      return { now, 1 }
    end
  end
end
return { now, 0 }
