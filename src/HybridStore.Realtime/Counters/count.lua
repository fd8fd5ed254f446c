#!lua
-- Counts what happens in the bucket of now.
--
-- A bucket is a sorted set, KEYS[1] and ':' and its number (the server's time since 1970 divided by the length of a bucket): the score of a
-- member is how often it was counted, that of the empty member how often all together. It goes with its time to live.
--
-- KEYS[1]      what the names of the counter's buckets begin with; all are in its slot
-- ARGV[1]      the length of a bucket in milliseconds
-- ARGV[2]      how long a bucket lives from its first count on, in milliseconds
-- ARGV[3]      how many members a bucket tells apart
-- ARGV[4]      as which member those are counted that come when it is full
-- ARGV[5...]   a member, and how often it is counted, in pairs
-- returns      1; an error if the server refuses to count
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local bucket = KEYS[1] .. ':' .. string.format('%.0f', math.floor(now / tonumber(ARGV[1])))
local total = 0
for i = 5, #ARGV, 2 do
  total = total + tonumber(ARGV[i + 1])
end

local all = redis.pcall('ZINCRBY', bucket, total, '')
if type(all) == 'table' then
  -- A full server, say, is no reason to forget what was counted: only what is no bucket gives way.
  if not string.find(all.err, 'WRONGTYPE') then
    return all
  end
  redis.call('UNLINK', bucket)
  all = redis.call('ZINCRBY', bucket, total, '')
end
if tonumber(all) == total then
  redis.call('PEXPIRE', bucket, ARGV[2])
end

for i = 5, #ARGV, 2 do
  local member, by = ARGV[i], ARGV[i + 1]
  local count = redis.call('ZINCRBY', bucket, by, member)
  -- A new one in a bucket that is full? Beside the members it has the empty one and the one that stands for others.
  if tonumber(count) == tonumber(by) and member ~= ARGV[4] and redis.call('ZCARD', bucket) > tonumber(ARGV[3]) + 1 then
    local others = redis.call('ZSCORE', bucket, ARGV[4])
    if not others or redis.call('ZCARD', bucket) > tonumber(ARGV[3]) + 2 then
      redis.call('ZREM', bucket, member)
      redis.call('ZINCRBY', bucket, by, ARGV[4])
    end
  end
end
return 1
