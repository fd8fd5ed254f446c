#!lua flags=allow-oom
-- Removes from a partition what has been written. It runs on a full Redis too: it is what makes room.
--
-- KEYS[1]      the stream (buffer-append.lua)
-- KEYS[2]      the state of the partition (buffer-append.lua)
-- ARGV[1]      the id of the first entry that was written
-- ARGV[2]      the smallest id that stays
-- ARGV[3]      how many rows there are from the one to the other
-- ARGV[4]      how many bytes of payload
-- returns      how many rows are left
--
-- A stream that does not begin there any more is left alone: another worker was faster, or it is another stream since, whose ids may be
-- smaller. What is written is passed over when it is read again. An empty stream sets the state right whatever has happened.
local first = redis.pcall('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local state = redis.pcall('HMGET', KEYS[2], 'r', 'b')
if first.err or state.err then
  return 0
end

local rows, bytes = tonumber(state[1] or 0) or 0, tonumber(state[2] or 0) or 0
if #first == 0 then
  rows, bytes = 0, 0
elseif first[1][1] == ARGV[1] then
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
  if redis.call('XLEN', KEYS[1]) > 0 then
    rows, bytes = math.max(rows - tonumber(ARGV[3]), 0), math.max(bytes - tonumber(ARGV[4]), 0)
  else
    rows, bytes = 0, 0
  end
  redis.call('HSET', KEYS[2], 'r', string.format('%.0f', rows), 'b', string.format('%.0f', bytes))
end
return rows
