#!lua
-- Takes permits in fixed windows: a window starts with its first permit and ends on time, since nothing that follows touches its time to
-- live.
--
-- KEYS         the windows, strings: how many permits have been taken. Each ends with its time to live
-- ARGV[1]      the limit
-- ARGV[2]      the length of the window in milliseconds
-- ARGV[3...]   for each of them how many permits are wanted; 0 asks whether there is one
-- returns      for each of them how many are left, if they were taken (or there is one); { how many are left; in how many milliseconds those
--                wanted may be there } if not; -1 if the server refuses to count
local limit, length = tonumber(ARGV[1]), tonumber(ARGV[2])

local function take(window, wanted)
  local taken = redis.pcall('INCRBY', window, wanted)
  if type(taken) ~= 'number' then
    -- A full server, say, is no reason to forget what was taken: only what is no window gives way.
    if not (string.find(taken.err, 'WRONGTYPE') or string.find(taken.err, 'integer') or string.find(taken.err, 'overflow')) then
      return -1
    end
    redis.call('UNLINK', window)
    taken = redis.call('INCRBY', window, wanted)
  end

  if taken <= limit and wanted > 0 then
    if taken == wanted then
      redis.call('PEXPIRE', window, length)
    end
    return limit - taken
  end

  -- Asked only, or too many: what was added is taken off again.
  local before = taken - wanted
  if before > 0 then
    redis.call('DECRBY', window, wanted)
  else
    redis.call('UNLINK', window)
  end
  if wanted == 0 and before < limit then
    return limit - before
  end
  local rest = redis.call('PTTL', window)
  if rest < 0 or rest > length then
    -- A window without an end, or with one that a clock that was set back has put off, ends as if it began now.
    redis.call('PEXPIRE', window, length)
    rest = length
  end
  return { math.max(0, limit - before), math.max(1, rest) }
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = take(KEYS[i], tonumber(ARGV[i + 2]))
end
return answers
