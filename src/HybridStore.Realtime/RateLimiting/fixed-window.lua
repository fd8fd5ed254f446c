#!lua
-- Takes permits in a fixed window: the window starts with its first permit and ends on time, since nothing that follows touches its
-- time to live.
--
-- KEYS[1]      the window, a string: how many permits have been taken. It ends with its time to live
-- ARGV[1]      how many permits are wanted; 0 asks whether there is one
-- ARGV[2]      the limit
-- ARGV[3]      the length of the window in milliseconds
-- returns      { 1 if they were taken (or there is one), else 0; how many are left; in how many milliseconds they may be there, 0 if
--                they were taken }
local wanted, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local taken = redis.pcall('INCRBY', KEYS[1], wanted)
if type(taken) ~= 'number' then
  -- Not ours, whatever it is.
  redis.call('UNLINK', KEYS[1])
  taken = redis.call('INCRBY', KEYS[1], wanted)
end

if taken <= limit and wanted > 0 then
  if taken == wanted then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return { 1, limit - taken, 0 }
end

-- Asked only, or too many: what was added is taken off again.
local before = taken - wanted
if before > 0 then
  redis.call('DECRBY', KEYS[1], wanted)
else
  redis.call('UNLINK', KEYS[1])
end
if wanted == 0 and before < limit then
  return { 1, limit - before, 0 }
end
local rest = redis.call('PTTL', KEYS[1])
if rest < 0 or rest > tonumber(ARGV[3]) then
  -- A window without an end, or with one that a clock that was set back has put off, ends as if it began now.
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  rest = tonumber(ARGV[3])
end
return { 0, math.max(0, limit - before), math.max(1, rest) }
