#!lua
-- Changes scores of a board.
--
-- A board is two structures. Redis orders equal scores by the members' bytes, so what is kept in the sorted set is the member behind its
-- arrival, 14 hexadecimal digits: of a board that ranks the highest first they count down, otherwise up, so that of equal scores the earlier
-- arrival is always met first. A member arrives anew whenever its score changes.
--
-- KEYS[1]      sorted set: arrival .. member -> score
-- KEYS[2]      hash: member -> arrival .. score, so that one look tells both; '' -> the last arrival that was given out, '-' for none; '\1' -> which incarnation of the board this
--              is, a time. A board without '' is lost or was never there; one of which half is gone is lost.
-- KEYS[3]      set of changes for the next snapshot: mark .. 'm' .. member, or mark .. 't' where only the expiry has changed. Without
--              snapshots it is not there.
-- ARGV[1]      'h' highest first, 'l' lowest first
-- ARGV[2]      how long the board lasts from now on, in milliseconds
-- ARGV[3]      how many members it may have; 0: any number
-- ARGV[4]      the board's mark; '' without snapshots
-- ARGV[5...]   changes: 's' set, 'a' add, 'b' keep the best; member; number
-- returns      of each change: '+' .. score if it was changed, '=' .. score if it is as it was, '!' if the sum would be infinite and it is as
--              it was for that. Status LOST (nothing was done: restore the board first), ORDER (nothing was done: the board is kept in the
--              other order).
local scores, members = KEYS[1], KEYS[2]
local highest, ttl, most, mark = ARGV[1] == 'h', tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local left = redis.call('PTTL', scores)
-- Nearly always one change: the first member is looked up along.
local found = redis.call('HMGET', members, '', ARGV[6])
local last, known = found[1], found[2]
local start = highest and '20000000000000' or '00000000000000'
if last == '-' then
  last = start
end
local arrival = last and #last == 14 and tonumber(last, 16)
if arrival and left == -2 and redis.call('HLEN', members) > 2 then
  arrival = nil
end
if not arrival then
  if mark ~= '' then
    return { ok = 'LOST' }
  end
  redis.call('UNLINK', scores, members)
  left = -2
  last = start
  known = false
  arrival = tonumber(last, 16)
  local now = redis.call('TIME')
  redis.call('HSET', members, '', last, '\1', now[1] .. '.' .. now[2])
end
if (string.byte(last) == 48) == highest then
  return { ok = 'ORDER' }
end

local step = highest and -1 or 1
local answers = {}
for i = 5, #ARGV, 3 do
  local what, member, score = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if i > 5 then
    known = redis.call('HGET', members, member)
  end
  local current = known and string.sub(known, 15)
  local old = current and tonumber(current)
  local new = tonumber(score)
  if what == 'a' and old then
    new = old + new
    score = string.format('%.17g', new)
  end
  local answer
  if new == math.huge or new == -math.huge then
    answer = '!'
  elseif old and (new == old or what == 'b' and (highest and new < old or not highest and new > old)) then
    answer = '=' .. current
  else
    arrival = arrival + step
    last = string.format('%014x', arrival)
    -- First, here and below: should it fail, nothing is changed without its mark.
    if mark ~= '' then
      redis.call('SADD', KEYS[3], mark .. 'm' .. member)
    end
    if known then
      redis.call('ZREM', scores, string.sub(known, 1, 14) .. member)
    end
    redis.call('ZADD', scores, score, last .. member)
    redis.call('HSET', members, member, last .. score, '', last)
    answer = '+' .. score
  end
  answers[#answers + 1] = answer
end

if most > 0 then
  -- Should the limit have been lowered, what is too much goes step by step.
  local over = math.min(redis.call('ZCARD', scores) - most, 1000)
  if over > 0 then
    local worst = redis.call(highest and 'ZPOPMIN' or 'ZPOPMAX', scores, over)
    for i = 1, #worst, 2 do
      local member = string.sub(worst[i], 15)
      redis.call('HDEL', members, member)
      if mark ~= '' then
        redis.call('SADD', KEYS[3], mark .. 'm' .. member)
      end
    end
  end
end

-- Not with every change of a burst.
if left < ttl * 0.99 then
  redis.call('PEXPIRE', scores, ttl)
  redis.call('PEXPIRE', members, ttl)
  if mark ~= '' then
    redis.call('SADD', KEYS[3], mark .. 't')
  end
end
return answers
