#!lua flags=allow-oom
-- Reads sessions and moves their ends on.
--
-- KEYS         the sessions, each a hash: s = SHA-256 of its id, v = its version, c = when it began, e = when it ends whatever happens (missing:
--              never), x = when it ends unless it is used before, l = when it was last used, u = whose it is (missing: nobody's), d = the
--              device (missing: unknown), f = its fields, a map of MessagePack, b = the bytes of their names and values, i = until when the
--              index of its user holds it (missing without one), k = when it ends as the copy in PostgreSQL knows (missing without a copy).
--              Times are milliseconds of this server's clock. The fields are one value since a script takes long to pass on many. Whoever has
--              moved the end a moment ago reads the hash without this script
-- ARGV[1]      SlidingExpiration in milliseconds
-- ARGV[2]      by how many milliseconds a copy may be behind; 0 without one
-- ARGV[3...]   for each of them SHA-256 of the id that was shown
-- returns      for each of them
--              { now }                            there is no such session
--              { now, ttl, due, version, c, e, u, d, f }  it ends in ttl milliseconds; due: 1 = the index is to be told its end, 2 = the copy,
--                                               3 = both; nil for what is missing
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local now_text = string.format('%.0f', now)
local sliding, slack = tonumber(ARGV[1]), tonumber(ARGV[2])

local function use(session, secret)
  local all = redis.pcall('HMGET', session, 's', 'v', 'e', 'i', 'k', 'c', 'u', 'd', 'f')
  local version = not all.err and all[1] == secret and tonumber(all[2])
  if not version then
    return { now }
  end

  local ttl, ends = sliding, tonumber(all[3])
  if ends and ends - now < ttl then
    ttl = ends - now
  end
  if ttl <= 0 then
    redis.call('DEL', session)
    return { now }
  end
  redis.call('PEXPIRE', session, ttl)

  local due = 0
  local indexed = all[4] and (tonumber(all[4]) or 0)
  if indexed and indexed < (ends or math.huge) and now + ttl > indexed - sliding / 4 then
    due = 1
  end
  local expires = string.format('%.0f', now + ttl)
  if slack > 0 and now + ttl > (tonumber(all[5]) or 0) + slack then
    due = due + 2
    redis.call('HSET', session, 'l', now_text, 'x', expires, 'k', expires)
  else
    redis.call('HSET', session, 'l', now_text, 'x', expires)
  end
  return { now, ttl, due, version, all[6], all[3], all[7], all[8], all[9] }
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = use(KEYS[i], ARGV[i + 2])
end
return answers
