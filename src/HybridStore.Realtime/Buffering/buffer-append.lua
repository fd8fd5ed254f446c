#!lua
-- Appends what a process has in one call to a partition, all of it or nothing; sent again, the same call is taken once.
--
-- KEYS[1]      the stream; an entry has one field, d, whose value the workers understand (BufferEntry has its format)
-- KEYS[2]      the state of the partition: r = rows in the stream, b = bytes of payload in it
-- KEYS[3]      the producer: the number of the last call of this process that was taken
-- ARGV[1]      the number of the call, larger than those before
-- ARGV[2]      how many rows it has
-- ARGV[3]      how many bytes of payload they have
-- ARGV[4]      how many rows the partition may hold
-- ARGV[5]      how many bytes
-- ARGV[6]      the entry
-- ARGV[7]      for how long the producer is remembered, in milliseconds
-- returns      { 'taken', rows in the partition now, number of the last call before or -1 if there is none }
--              { 'known', rows in the partition, the same }    it, or a later one, was taken already
--              { 'full', rows that there is room for, bytes }
--
-- It does not run on a full Redis, which must not fill up further. What is found under these names and is something else is not ours.
local function ours(key, answer)
  if type(answer) == 'table' and answer.err then
    redis.call('UNLINK', key)
    return nil
  end
  return answer
end

local last = tonumber(ours(KEYS[3], redis.pcall('GET', KEYS[3])) or -1) or -1
local entries = ours(KEYS[1], redis.pcall('XLEN', KEYS[1])) or 0
local state = ours(KEYS[2], redis.pcall('HMGET', KEYS[2], 'r', 'b'))
local rows, bytes = 0, 0
if state and entries > 0 then
  rows, bytes = tonumber(state[1] or 0) or 0, tonumber(state[2] or 0) or 0
end

if last >= tonumber(ARGV[1]) then
  return { 'known', rows, last }
end

local more, larger = rows + tonumber(ARGV[2]), bytes + tonumber(ARGV[3])
if more > tonumber(ARGV[4]) or larger > tonumber(ARGV[5]) then
  return { 'full', math.max(tonumber(ARGV[4]) - rows, 0), math.max(tonumber(ARGV[5]) - bytes, 0) }
end

redis.call('XADD', KEYS[1], '*', 'd', ARGV[6])
redis.call('HSET', KEYS[2], 'r', string.format('%.0f', more), 'b', string.format('%.0f', larger))
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[7])
return { 'taken', more, last }
