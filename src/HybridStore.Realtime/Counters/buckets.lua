#!lua flags=no-writes
-- Tells how often a member was counted in the latest buckets (count.lua says what they are).
--
-- KEYS[1]      what the names of the counter's buckets begin with
-- ARGV[1]      the length of a bucket in milliseconds
-- ARGV[2]      how many buckets
-- ARGV[3]      the member; empty for all together
-- returns      { the number of the bucket of now, its count, that of the one before it, ... }
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local current = math.floor(now / tonumber(ARGV[1]))
local counts = { current }
for i = 0, tonumber(ARGV[2]) - 1 do
  local count = redis.pcall('ZSCORE', KEYS[1] .. ':' .. string.format('%.0f', current - i), ARGV[3])
  counts[i + 2] = type(count) == 'string' and tonumber(count) or 0
end
return counts
