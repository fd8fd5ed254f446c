#!lua flags=allow-oom
-- Reads a session and moves its end on.
--
-- KEYS[1]      the session, a hash: s = SHA-256 of its id, v = its version, c = when it began, e = when it ends whatever happens (missing:
--              never), l = when it was last used, to the second, u = whose it is (missing: nobody's), d = the device, b = the bytes of all
--              names and values, i = until when the index of its user holds it (missing without one), k = when it ends as the copy in
--              PostgreSQL knows (missing without a copy), and its fields, each with a colon before its name. Times are milliseconds of this
--              server's clock
-- ARGV[1]      SHA-256 of the id that was shown
-- ARGV[2]      SlidingExpiration in milliseconds
-- ARGV[3]      by how many milliseconds a copy may be behind; 0 without one
-- returns      { now }                         there is no such session
--              { now, ttl, due, version, hash }  it ends in ttl milliseconds; due: 1 = the index is to be told its end, 2 = the copy, 3 = both
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local meta = redis.pcall('HMGET', KEYS[1], 's', 'v', 'e', 'l', 'i', 'k')
local version = not meta.err and meta[1] == ARGV[1] and tonumber(meta[2])
if not version then
  return { now }
end

local ttl, ends = tonumber(ARGV[2]), tonumber(meta[3])
if ends and ends - now < ttl then
  ttl = ends - now
end
if ttl <= 0 then
  redis.call('DEL', KEYS[1])
  return { now }
end
redis.call('PEXPIRE', KEYS[1], ttl)

local due = 0
local indexed, slack = meta[5] and (tonumber(meta[5]) or 0), tonumber(ARGV[3])
if indexed and indexed < (ends or math.huge) and now + ttl > indexed - ARGV[2] / 4 then
  due = 1
end
if slack > 0 and now + ttl > (tonumber(meta[6]) or 0) + slack then
  due = due + 2
  redis.call('HSET', KEYS[1], 'k', string.format('%.0f', now + ttl))
end
if now - (tonumber(meta[4]) or 0) >= 1000 then
  redis.call('HSET', KEYS[1], 'l', string.format('%.0f', now))
end
return { now, ttl, due, version, redis.call('HGETALL', KEYS[1]) }
