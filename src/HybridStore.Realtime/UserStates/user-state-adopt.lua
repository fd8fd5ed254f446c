#!lua
-- Makes what was put aside a group of a user, unless there is one again (user-state-change.lua says what that is).
--
-- KEYS[1]      hash of the group
-- KEYS[2]      hash that becomes it
-- ARGV[1]      how many fields were put aside
-- ARGV[2]      how long the group lasts, in milliseconds; 0: for ever
-- returns      1 if the group is there, 0 if something of what was put aside is gone
local now = redis.call('TIME')
if redis.call('EXISTS', KEYS[1]) == 1 then
  -- Somebody else may have made it, without this field.
  redis.call('HSETNX', KEYS[1], '', now[1] .. '.' .. now[2])
  redis.call('UNLINK', KEYS[2])
  return 1
end
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[1]) then
  return 0
end
if ARGV[1] ~= '0' then
  redis.call('RENAME', KEYS[2], KEYS[1])
end
redis.call('HSET', KEYS[1], '', now[1] .. '.' .. now[2])
if ARGV[2] == '0' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
