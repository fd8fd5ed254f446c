#!lua flags=allow-oom
-- Takes a member off a board (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- KEYS[3]      set of changes for the next snapshot; without snapshots it is not there
-- ARGV[1]      the member
-- ARGV[2]      the board's mark; '' without snapshots
-- returns      1 if it had a score, 0 if not. Status LOST as in board-update.lua.
local found = redis.call('HMGET', KEYS[2], '', ARGV[1])
if ARGV[2] ~= '' and (not found[1] or found[2] and redis.call('EXISTS', KEYS[1]) == 0) then
  return { ok = 'LOST' }
end
if not found[2] then
  return 0
end
if ARGV[2] ~= '' then
  redis.call('SADD', KEYS[3], ARGV[2] .. 'm' .. ARGV[1])
end
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], string.sub(found[2], 1, 14) .. ARGV[1])
