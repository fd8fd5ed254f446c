#!lua
-- Puts members or fields of a structure of the application's back. What it has written itself meanwhile stays.
--
-- KEYS[1]      the structure
-- ARGV[1]      'z' for a sorted set, 'h' for a hash
-- ARGV[2]      how long it lasts if it is not there, in milliseconds; 0: for ever
-- ARGV[3...]   members or fields: name; score or value
-- returns      1
local isNew = redis.call('EXISTS', KEYS[1]) == 0
for i = 3, #ARGV, 2 do
  if ARGV[1] == 'z' then
    redis.call('ZADD', KEYS[1], 'NX', ARGV[i + 1], ARGV[i])
  else
    redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
if isNew and ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
