#!lua flags=allow-oom
-- Grants the right to load and store one key, unless somebody else holds it or, for those who read, the entry is there by now.
--
-- KEYS[1]      the entry
-- KEYS[2]      the guard of the key, a hash: t = token of the lease, a = when it was granted, e = when it ends (milliseconds of this
--              server's clock); every other field but m is a fence (store.lua)
-- KEYS[3]      the state of the partition, a hash: seq = its sequence of invalidations, high = an xid that none invalidated here is larger
--              than (missing where that is not known: after a loss of state, or an invalidation without an xid), g = its generation,
--              b = the boot mark of the database that the stamps of this generation are from, o<n> = until when invalidations go on in
--              the earlier generation n, f = an xid that all loads have to reflect until fe (generation.lua)
-- ARGV[1]      the token, new for every load: one that was used before would let an older load of the same client store
-- ARGV[2]      how long the lease lasts, in milliseconds
-- ARGV[3]      FenceTtl in milliseconds: what guards are kept for
-- ARGV[4]      the first 32 bytes of the entry that the caller has seen and does not want, or ''
-- ARGV[5]      the generation that KEYS[1] is named in
-- ARGV[6]      1 for a write: it is granted also where there is an entry
-- returns      { now, 'granted', sequence, high, fences }    high is '' where it is not known; fences is how many fields of the guard are
--              not of the lease: above 0 the key was invalidated by a write within FenceTtl. It is told for metrics alone
--              { now, 'held', remaining, fences }    somebody holds a lease that lasts for so many milliseconds
--              { now, 'entry', entry }          there is an entry, other than the one seen
--              { now, 'generation', number }    the partition is in another generation; '' if that is not known
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = redis.pcall('HMGET', KEYS[3], 'g', 'seq', 'high')
if state.err or state[1] ~= ARGV[5] then
  return { now, 'generation', not state.err and state[1] or '' }
end

-- Bytes of another type under the entry's name are no entry; storing overwrites them.
local header = redis.pcall('GETRANGE', KEYS[1], 0, 31)
if ARGV[6] ~= '1' and type(header) == 'string' and #header > 0 and header ~= ARGV[4] then
  return { now, 'entry', redis.call('GET', KEYS[1]) }
end

local held = redis.pcall('HMGET', KEYS[2], 't', 'e')
if held.err then
  redis.call('UNLINK', KEYS[2])
elseif held[1] and (tonumber(held[2]) or 0) > now then
  return { now, 'held', held[2] - now, redis.call('HLEN', KEYS[2]) - 3 }
end

redis.call('HSET', KEYS[2], 't', ARGV[1], 'a', now, 'e', now + ARGV[2])
-- Only ever extended: the guard may hold fences.
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return { now, 'granted', tonumber(state[2] or 0) or 0, state[3] or '', redis.call('HLEN', KEYS[2]) - 3 }
