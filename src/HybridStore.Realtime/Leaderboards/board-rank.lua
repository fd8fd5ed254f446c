#!lua flags=no-writes,allow-oom
-- Tells places of members, each on a board of its own (board-update.lua says what a board is).
--
-- KEYS         of each place that is asked for two:
--                sorted set of the scores
--                hash of the members
-- ARGV[1]      '1' where there are snapshots, to which a lost board matters
-- ARGV[2...]   of each two:
--                'h' highest first, 'l' lowest first
--                the member
-- returns      of each nil if the member has no score; otherwise the score, and the place, from 0. Status LOST, ORDER as in board-update.lua,
--              ERROR and its text where the board is of a wrong type.
local lost = ARGV[1] == '1' and { ok = 'LOST' }

local function placeOf(scores, members, highest, member)
  local found = redis.pcall('HMGET', members, '', member)
  if found.err then
    return { ok = 'ERROR ' .. found.err }
  end
  local last, known = found[1], found[2]
  if not last then
    return lost
  end
  if last ~= '-' and (string.byte(last) == 48) == highest then
    return { ok = 'ORDER' }
  end
  if not known then
    return false
  end

  local place = redis.pcall(highest and 'ZREVRANK' or 'ZRANK', scores, string.sub(known, 1, 14) .. member)
  if type(place) == 'number' then
    return { string.sub(known, 15), place }
  end
  return place and { ok = 'ERROR ' .. place.err } or lost
end

local answers = {}
for i = 1, #KEYS / 2 do
  answers[i] = placeOf(KEYS[i * 2 - 1], KEYS[i * 2], ARGV[i * 2] == 'h', ARGV[i * 2 + 1])
end
return answers
