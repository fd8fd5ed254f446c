#!lua flags=allow-oom
-- Removes from a partition what has been written. It runs on a full Redis too: it is what makes room.
--
-- KEYS[1]      the stream (buffer-append.lua)
-- KEYS[2]      the state of the partition (buffer-append.lua)
-- ARGV[1]      the smallest id that stays
-- ARGV[2]      how many entries there were below it
-- ARGV[3]      how many rows they had
-- ARGV[4]      how many bytes of payload
-- returns      how many rows are left
--
-- Another worker may have removed some of it before: then that share of rows and bytes is gone from the state as well. An empty stream sets
-- it right whatever has happened.
local removed = redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
local state = redis.pcall('HMGET', KEYS[2], 'r', 'b')
if state.err then
  redis.call('UNLINK', KEYS[2])
  return 0
end

local rows, bytes = 0, 0
if redis.call('XLEN', KEYS[1]) > 0 then
  local share = math.min(removed / math.max(tonumber(ARGV[2]), 1), 1)
  rows = math.max(math.floor((tonumber(state[1] or 0) or 0) - tonumber(ARGV[3]) * share), 0)
  bytes = math.max(math.floor((tonumber(state[2] or 0) or 0) - tonumber(ARGV[4]) * share), 0)
end
redis.call('HSET', KEYS[2], 'r', string.format('%.0f', rows), 'b', string.format('%.0f', bytes))
return rows
