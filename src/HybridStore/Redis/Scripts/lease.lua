#!lua flags=allow-oom
-- Grants the right to load and store keys of one partition, each unless somebody else holds it or, for those who read, the entry is there
-- by now.
--
-- KEYS[1]      the state of the partition, a hash: seq = its sequence of invalidations, high = an xid that none invalidated here is larger
--              than (missing where that is not known: after a loss of state, or an invalidation without an xid), g = its generation,
--              b = the boot mark of the database that the stamps of this generation are from, o<n> = until when invalidations go on in
--              the earlier generation n, f = an xid that all loads have to reflect until fe (generation.lua), w:<name> = the generation
--              in which the warm-up of that name has last ended (begun:<generation> while it runs)
-- KEYS[2..]    for each key: its entry, then its guard, a hash: t = token of the lease, a = when it was granted, e = when it ends
--              (milliseconds of this server's clock); every other field but m is a fence (store.lua)
-- ARGV[1]      how long the leases last, in milliseconds
-- ARGV[2]      FenceTtl in milliseconds: what guards are kept for
-- ARGV[3]      the generation that the entries are named in
-- ARGV[4]      'read'; 'write' for a write, which is granted its lease also where there is an entry; 'warm' for those who want the
--              first bytes alone of an entry that is there
-- ARGV[5..]    for each key: the token, new for every load (one that was used before would let an older load of the same client store),
--              then the first 32 bytes of the entry that the caller has seen and does not want, or ''
-- returns      { now, 'generation', number }    the partition is in another generation; '' if that is not known
--              { now, 'answered', sequence, high, answer... }    high is '' where it is not known; for each key an answer:
--              fences                           it is granted; so many fields of the guard are not of the lease: above 0 the key was
--                                               invalidated by a write within FenceTtl. It is told for metrics alone
--              { 'held', remaining, fences }    somebody holds a lease that lasts for so many milliseconds
--              { 'entry', entry }               there is an entry, other than the one seen; for 'warm' its first 400 bytes, all of its header
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = redis.pcall('HMGET', KEYS[1], 'g', 'seq', 'high')
if state.err or state[1] ~= ARGV[3] then
  return { now, 'generation', not state.err and state[1] or '' }
end

local kind = ARGV[4]
local kept = tonumber(ARGV[2])
-- As texts, once: numbers are printed for each command.
local granted, ends = string.format('%.0f', now), string.format('%.0f', now + ARGV[1])

local function grant(entry, guard, token, seen)
  if kind == 'warm' then
    -- Nearly all are missing, which is cheaper to ask.
    if redis.call('EXISTS', entry) == 1 then
      local start = redis.pcall('GETRANGE', entry, 0, 399)
      return { 'entry', type(start) == 'string' and start or '' }
    end
  elseif kind == 'read' then
    -- Bytes of another type under the entry's name are no entry; storing overwrites them.
    local header = redis.pcall('GETRANGE', entry, 0, 31)
    if type(header) == 'string' and #header > 0 and header ~= seen then
      return { 'entry', redis.call('GET', entry) }
    end
  end

  -- Nearly all guards are new.
  if redis.call('EXISTS', guard) == 0 then
    redis.call('HSET', guard, 't', token, 'a', granted, 'e', ends)
    redis.call('PEXPIRE', guard, ARGV[2])
    return 0
  end

  local held = redis.pcall('HMGET', guard, 't', 'e')
  if held.err then
    redis.call('UNLINK', guard)
  elseif held[1] and (tonumber(held[2]) or 0) > now then
    return { 'held', held[2] - now, redis.call('HLEN', guard) - 3 }
  end
  redis.call('HSET', guard, 't', token, 'a', granted, 'e', ends)
  -- Only ever extended: the guard may hold fences.
  if redis.call('PTTL', guard) < kept then
    redis.call('PEXPIRE', guard, ARGV[2])
  end
  return redis.call('HLEN', guard) - 3
end

local answers = { now, 'answered', tonumber(state[2] or 0) or 0, state[3] or '' }
for i = 2, #KEYS, 2 do
  answers[#answers + 1] = grant(KEYS[i], KEYS[i + 1], ARGV[i + 3], ARGV[i + 4])
end
return answers
