#!lua
-- Tells which members were counted most in the latest buckets (count.lua says what they are).
--
-- KEYS[1]      what the names of the counter's buckets begin with
-- KEYS[2]      where they are added up, gone at the end
-- ARGV[1]      the length of a bucket in milliseconds
-- ARGV[2]      how many buckets
-- ARGV[3]      how many members
-- returns      { a member, its count, ... }, the largest first
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local current = math.floor(now / tonumber(ARGV[1]))
local buckets = {}
for i = 0, tonumber(ARGV[2]) - 1 do
  local bucket = KEYS[1] .. ':' .. string.format('%.0f', current - i)
  -- Whatever else is under its name is no bucket.
  if redis.call('TYPE', bucket).ok == 'zset' then
    buckets[#buckets + 1] = bucket
  end
end
if #buckets == 0 then
  return {}
end

redis.call('ZUNIONSTORE', KEYS[2], #buckets, unpack(buckets))
redis.call('ZREM', KEYS[2], '')
local top = redis.call('ZREVRANGE', KEYS[2], 0, tonumber(ARGV[3]) - 1, 'WITHSCORES')
redis.call('UNLINK', KEYS[2])
return top
