#!lua flags=no-writes,allow-oom
-- Reads members of a board for a snapshot (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- ARGV         members
-- returns      nil if the board is lost; otherwise how long it lasts, in milliseconds, and of each member its arrival and its score, or ''
--              twice if it is not on the board
if redis.call('HEXISTS', KEYS[2], '') == 0
  or redis.call('TYPE', KEYS[1]).ok ~= 'zset' and redis.call('HLEN', KEYS[2]) > 2 then
  return nil
end
local answer = { redis.call('PTTL', KEYS[2]) }
for i = 1, #ARGV do
  local known = redis.call('HGET', KEYS[2], ARGV[i])
  local arrival = known and string.sub(known, 1, 14)
  local score = arrival and redis.call('ZSCORE', KEYS[1], arrival .. ARGV[i])
  answer[#answer + 1] = score and arrival or ''
  answer[#answer + 1] = score or ''
end
return answer
