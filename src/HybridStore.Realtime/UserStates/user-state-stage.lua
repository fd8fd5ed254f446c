#!lua
-- Puts fields of a group of a user aside that comes back from a snapshot (user-state-change.lua says what that is).
--
-- KEYS[1]      hash that becomes the group
-- ARGV[1]      how long it may lie there, in milliseconds
-- ARGV[2...]   fields: name, value
-- returns      1
for i = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
