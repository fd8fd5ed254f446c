#!lua
-- Notes a session among those of its user, before the session says that it is theirs, and again as its end moves on.
--
-- KEYS[1]      the index of a user, a sorted set: the handles of their sessions, each with the time until which it may be there, in
--              milliseconds of this server's clock; below 0 if it is being revoked. What is there no longer may be in it
-- ARGV[1]      the handle
-- ARGV[2]      for how many milliseconds from now
-- returns      1, or 0 if the session is being revoked, which nothing takes back
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local known = redis.pcall('ZSCORE', KEYS[1], ARGV[1])
if type(known) == 'table' and known.err then
  redis.call('DEL', KEYS[1])
  known = false
end
known = known and tonumber(known)
if known and known < 0 then
  return 0
end

redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('%.0f', -now), string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', math.max(known or 0, now + ARGV[2])), ARGV[1])
local lowest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local highest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.max(-lowest[2], highest[2]) + 1))
return 1
