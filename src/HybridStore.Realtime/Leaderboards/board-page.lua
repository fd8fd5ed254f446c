#!lua flags=no-writes,allow-oom
-- Tells a page of a board, or how many members it has, where a bare command has found nothing: because nothing is there, or because the board
-- is lost (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- ARGV[1]      'h' highest first, 'l' lowest first
-- ARGV[2]      the first place, from 0
-- ARGV[3]      the last place; '' for the number of members
-- ARGV[4]      '1' where there are snapshots, to which a lost board matters
-- returns      the number; or the first place and, of each place, the arrival .. member and the score. Status LOST.
if ARGV[4] == '1' and (redis.call('HEXISTS', KEYS[2], '') == 0
  or redis.call('EXISTS', KEYS[1]) == 0 and redis.call('HLEN', KEYS[2]) > 2) then
  return { ok = 'LOST' }
end
if ARGV[3] == '' then
  return redis.call('ZCARD', KEYS[1])
end
local answer = redis.call(ARGV[1] == 'h' and 'ZREVRANGE' or 'ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'WITHSCORES')
table.insert(answer, 1, tonumber(ARGV[2]))
return answer
