#!lua
-- Puts members of a board aside that comes back from a snapshot (board-update.lua says what a board is).
--
-- KEYS[1]      sorted set that becomes the scores
-- KEYS[2]      hash that becomes the members
-- ARGV[1]      how long it may lie there, in milliseconds
-- ARGV[2...]   members: name, arrival, score
-- returns      1
for i = 2, #ARGV, 3 do
  redis.call('ZADD', KEYS[1], ARGV[i + 2], ARGV[i + 1] .. ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1] .. ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
