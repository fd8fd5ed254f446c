#!lua
-- Changes scores of a board.
--
-- A board is two structures. Redis orders equal scores by the members' bytes, so what is kept in the sorted set is the member behind its
-- arrival, 14 hexadecimal digits: of a board that ranks the highest first they count down, otherwise up, so that of equal scores the earlier
-- arrival is always met first. A member arrives anew whenever its score changes.
--
-- KEYS[1]      sorted set: arrival .. member -> score
-- KEYS[2]      hash: member -> arrival .. score, so that one look tells both; '' -> the last arrival that was given out, '-' for none; '\1' ->
--              which incarnation of the board this is, a time. A board without '' is lost or was never there; one of which half is gone is lost.
-- KEYS[3]      set of changes for the next snapshot: mark .. 'm' .. member, or mark .. 't' where only the expiry has changed. Without
--              snapshots it is not there.
-- ARGV[1]      'h' highest first, 'l' lowest first
-- ARGV[2]      how long the board lasts from now on, in milliseconds
-- ARGV[3]      how many members it may have; 0: any number
-- ARGV[4]      the board's mark; '' without snapshots
-- ARGV[5...]   changes, some hundred at most: 's' set, 'a' add, 'b' keep the best; member; number
-- returns      of each change: '+' .. score if it was changed, '=' .. score if it is as it was, '!' if the sum would be infinite and it is as
--              it was for that. Status LOST (nothing was done: restore the board first), ORDER (nothing was done: the board is kept in the
--              other order).
local scores, members = KEYS[1], KEYS[2]
local highest, ttl, most, mark = ARGV[1] == 'h', tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local left = redis.call('PTTL', scores)
local names = { '' }
for i = 6, #ARGV, 3 do
  names[#names + 1] = ARGV[i]
end
local found = redis.call('HMGET', members, unpack(names))
local last = found[1]
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
  found = {}
  arrival = tonumber(last, 16)
  local now = redis.call('TIME')
  redis.call('HSET', members, '', last, '\1', now[1] .. '.' .. now[2])
end
if (string.byte(last) == 48) == highest then
  return { ok = 'ORDER' }
end

local step = highest and -1 or 1
local answers = {}
-- Who is changed, what the board knew of them, and what it is to know: written at the end by one command for all.
local changed, before, after = {}, {}, {}
for i = 5, #ARGV, 3 do
  local what, member, score = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = after[member] or found[(i + 1) / 3]
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
    if not after[member] then
      changed[#changed + 1] = member
      before[#before + 1] = known and string.sub(known, 1, 14) .. member or nil
    end
    after[member] = last .. score
    answer = '+' .. score
  end
  answers[#answers + 1] = answer
end

if #changed > 0 then
  local ranked, told = {}, { '', last }
  for i = 1, #changed do
    local member = changed[i]
    ranked[i * 2 - 1] = string.sub(after[member], 15)
    ranked[i * 2] = string.sub(after[member], 1, 14) .. member
    told[i * 2 + 1] = member
    told[i * 2 + 2] = after[member]
  end
  -- First, here and below: should it fail, nothing is changed without its mark.
  if mark ~= '' then
    local marks = {}
    for i = 1, #changed do
      marks[i] = mark .. 'm' .. changed[i]
    end
    redis.call('SADD', KEYS[3], unpack(marks))
  end
  if #before > 0 then
    redis.call('ZREM', scores, unpack(before))
  end
  redis.call('ZADD', scores, unpack(ranked))
  redis.call('HSET', members, unpack(told))
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
if left < ttl * 0.99 or left > ttl then
  redis.call('PEXPIRE', scores, ttl)
  redis.call('PEXPIRE', members, ttl)
  if mark ~= '' then
    redis.call('SADD', KEYS[3], mark .. 't')
  end
end
return answers
