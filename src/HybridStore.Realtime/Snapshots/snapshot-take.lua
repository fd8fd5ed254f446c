#!lua flags=allow-oom
-- Takes marks of changes for a snapshot: those that one before has taken and not written, otherwise some more.
--
-- KEYS[1]      set of marks, as scripts that change something leave them
-- KEYS[2]      set of the marks that this snapshot is to write: those from before it began, so that it comes to an end whatever goes on
-- KEYS[3]      set of the marks that are taken, until they are written
-- KEYS[4]      who has taken them last
-- ARGV[1]      a token of the taker
-- ARGV[2]      how many at most
-- ARGV[3]      '1' to begin a snapshot
-- returns      the marks; none if there are none
for i = 1, 4 do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= 'none' and found ~= (i == 4 and 'string' or 'set') then
    redis.call('UNLINK', KEYS[i])
  end
end
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('SUNIONSTORE', KEYS[2], KEYS[1], KEYS[2])
    redis.call('UNLINK', KEYS[1])
  else
    redis.call('RENAME', KEYS[1], KEYS[2])
  end
end

local marks = redis.call('SMEMBERS', KEYS[3])
if #marks == 0 then
  marks = redis.call('SPOP', KEYS[2], ARGV[2])
  for i = 1, #marks, 1000 do
    redis.call('SADD', KEYS[3], unpack(marks, i, math.min(i + 999, #marks)))
  end
end
if #marks > 0 then
  redis.call('SET', KEYS[4], ARGV[1])
end
return marks
