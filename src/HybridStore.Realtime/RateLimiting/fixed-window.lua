#!lua
-- Takes permits in fixed windows: a window starts with its first permit and ends on time, since nothing that follows touches its time to
-- live.
--
-- KEYS         the windows, strings: how many permits have been taken. Each ends with its time to live
-- ARGV         for each of them three:
--                how many permits are wanted; 0 asks whether there is one
--                the limit
--                the length of the window in milliseconds
-- returns      for each of them { 1 if they were taken (or there is one), else 0; how many are left; in how many milliseconds they may be
--                there, 0 if they were taken }; -1 if the server refuses to count
local function take(window, wanted, limit, length)
  local taken = redis.pcall('INCRBY', window, wanted)
  if type(taken) ~= 'number' then
    -- A full server, say, is no reason to forget what was taken: only what is no window gives way.
    if not (string.find(taken.err, 'WRONGTYPE') or string.find(taken.err, 'integer') or string.find(taken.err, 'overflow')) then
      return { -1, 0, 0 }
    end
    redis.call('UNLINK', window)
    taken = redis.call('INCRBY', window, wanted)
  end

  if taken <= limit and wanted > 0 then
    if taken == wanted then
      redis.call('PEXPIRE', window, length)
    end
    return { 1, limit - taken, 0 }
  end

  -- Asked only, or too many: what was added is taken off again.
  local before = taken - wanted
  if before > 0 then
    redis.call('DECRBY', window, wanted)
  else
    redis.call('UNLINK', window)
  end
  if wanted == 0 and before < limit then
    return { 1, limit - before, 0 }
  end
  local rest = redis.call('PTTL', window)
  if rest < 0 or rest > length then
    -- A window without an end, or with one that a clock that was set back has put off, ends as if it began now.
    redis.call('PEXPIRE', window, length)
    rest = length
  end
  return { 0, math.max(0, limit - before), math.max(1, rest) }
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = take(KEYS[i], tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3]))
end
return answers
