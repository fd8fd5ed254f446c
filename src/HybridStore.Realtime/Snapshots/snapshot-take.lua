#!lua flags=allow-oom
-- Takes marks of changes for a snapshot: those that one before has taken and not written, otherwise some more.
--
-- KEYS[1]      set of marks, as scripts that change something leave them
-- KEYS[2]      set of the marks that are taken, until they are written
-- KEYS[3]      who has taken them last
-- ARGV[1]      a token of the taker
-- ARGV[2]      how many at most
-- returns      the marks; none if there are none
for i = 1, 3 do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= 'none' and found ~= (i == 3 and 'string' or 'set') then
    redis.call('UNLINK', KEYS[i])
  end
end
local marks = redis.call('SMEMBERS', KEYS[2])
if #marks == 0 then
  marks = redis.call('SPOP', KEYS[1], ARGV[2])
  for i = 1, #marks, 1000 do
    redis.call('SADD', KEYS[2], unpack(marks, i, math.min(i + 999, #marks)))
  end
end
if #marks > 0 then
  redis.call('SET', KEYS[3], ARGV[1])
end
return marks
