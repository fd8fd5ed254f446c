#!lua flags=allow-oom
-- Removes a board (board-update.lua says what a board is), whatever is there in its place.
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- KEYS[3]      set of changes for the next snapshot: mark .. 'w', all of the board. Without snapshots it is not there.
-- ARGV[1]      how long it is remembered that the board is empty, in milliseconds: until the next snapshot knows it too
-- ARGV[2]      the board's mark; '' without snapshots: then nothing remains
-- returns      1
if ARGV[2] ~= '' then
  redis.call('SADD', KEYS[3], ARGV[2] .. 'w')
end
redis.call('UNLINK', KEYS[1], KEYS[2])
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[2], '', '-', '\1', now[1] .. '.' .. now[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return 1
