#!lua flags=no-writes,allow-oom
-- Tells a member's place together with its neighbours' (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set of the scores
-- KEYS[2]      hash of the members
-- ARGV[1]      'h' highest first, 'l' lowest first
-- ARGV[2]      the member
-- ARGV[3]      how many better ones are wanted too
-- ARGV[4]      how many worse ones
-- ARGV[5]      '1' where there are snapshots, to which a lost board matters
-- returns      nil if the member has no score; otherwise the first place that is told, from 0, then of each place the arrival .. member and
--              the score. Status LOST, ORDER as in board-update.lua.
local found = redis.call('HMGET', KEYS[2], '', ARGV[2])
local last, arrival = found[1], found[2] and string.sub(found[2], 1, 14)
if not last then
  return ARGV[5] == '1' and { ok = 'LOST' } or nil
end
local highest = ARGV[1] == 'h'
if last ~= '-' and (string.byte(last) == 48) == highest then
  return { ok = 'ORDER' }
end
if not arrival then
  return nil
end

local place = redis.call(highest and 'ZREVRANK' or 'ZRANK', KEYS[1], arrival .. ARGV[2])
if not place then
  return ARGV[5] == '1' and { ok = 'LOST' } or nil
end

local first = math.max(0, place - ARGV[3])
local answer = redis.call(highest and 'ZREVRANGE' or 'ZRANGE', KEYS[1], first, place + ARGV[4], 'WITHSCORES')
table.insert(answer, 1, first)
return answer
