#!lua
-- Makes what was put aside a board, unless there is one again (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- KEYS[3]      sorted set that becomes the scores
-- KEYS[4]      hash that becomes the members
-- ARGV[1]      how many members were put aside
-- ARGV[2]      how long the board lasts, in milliseconds
-- ARGV[3]      the last arrival among them; '-' if there are none: then it is known from now on that the board is empty
-- returns      1 if the board is there, 0 if something of what was put aside is gone
if redis.call('HEXISTS', KEYS[2], '') == 1
  and (redis.call('EXISTS', KEYS[1]) == 1 or redis.call('HLEN', KEYS[2]) == 2) then
  redis.call('UNLINK', KEYS[3], KEYS[4])
  return 1
end
if redis.call('ZCARD', KEYS[3]) ~= tonumber(ARGV[1]) or redis.call('HLEN', KEYS[4]) ~= tonumber(ARGV[1]) then
  return 0
end

redis.call('UNLINK', KEYS[1], KEYS[2])
if ARGV[1] ~= '0' then
  redis.call('RENAME', KEYS[3], KEYS[1])
  redis.call('RENAME', KEYS[4], KEYS[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[2], '', ARGV[3], '\1', now[1] .. '.' .. now[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
