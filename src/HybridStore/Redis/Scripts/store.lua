#!lua
-- Stores one entry and registers its key under its tags, in one partition and one step, if nothing that the load may have missed has
-- been invalidated.
--
-- KEYS[1]      the entry
-- KEYS[2]      the guard of the key (lease.lua)
-- KEYS[3]      the state of the partition (lease.lua)
-- KEYS[4..]    for each tag: its tag set in this partition, then its fences, a hash: s = sequence of the tag's last invalidation,
--              u = sequence of its last invalidation without an xid, x = when they may be forgotten
-- ARGV[1]      the entry: header and payload; expiry and creation in the header are overwritten here
-- ARGV[2]      time to live in milliseconds, an integer above zero: the expiry in the header
-- ARGV[3]      the key as the application names it: the member that goes into the tag sets
-- ARGV[4]      the token of the lease
-- ARGV[5]      FenceTtl in milliseconds
-- ARGV[6]      the partition's sequence when the lease was granted
-- ARGV[7]      1 if all of it is stamped, plus 2 if some of it was read on a standby, plus 4 if the stamp is a snapshot of the primary's that
--              is younger than the lease (what was built from other entries has an older one)
-- ARGV[8]      the generation in which the lease was granted, and KEYS are named
-- ARGV[9]      the boot mark of the database that the stamp is from, or ''
-- ARGV[10]     for how many milliseconds past its expiry the entry is kept, for callers whose load fails: 0 or more
-- ARGV[11..]   if some of it is stamped: xmin, xmax, and every id in progress (all of them, however many the header keeps)
-- returns      { now, what }: 'stored', or why it was refused: 'lease', 'late', 'database', 'fence', 'tag', 'standby';
--              { now, 'generation', number } if it was refused because the partition is in another generation ('' if not known)
--
-- A fence is a field of a guard or of a tag's fences: its name is the xid of a write, its value 0 if it was set before that write's
-- COMMIT, else 1. Field m is the floor: the largest of the xids that were folded away when there were too many; p says that one of
-- them had been set before its COMMIT (invalidate.lua).
-- As numbers xids and times are exact below 2^53; their texts are not compared.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local kind = tonumber(ARGV[7])
local stamped = kind % 2 == 1
local standby = math.floor(kind / 2) % 2 == 1
local primary = kind >= 4
local snapshot = ARGV[11] ~= nil
local xmin, xmax, running = 0, 0, {}
if snapshot then
  xmin, xmax = tonumber(ARGV[11]), tonumber(ARGV[12])
  for i = 13, #ARGV do
    running[tonumber(ARGV[i])] = true
  end
end

-- Whether the load reflects every fence of a hash. Of what has no stamp only a fence set before COMMIT says that it may not: the lease
-- and the sequence stand for the others. What was read from other entries is older than the lease and has to see them all.
local function reflects(fences)
  for i = 1, #fences, 2 do
    local xid = tonumber(fences[i])
    if not stamped and (fences[i] == 'p' or (xid and fences[i + 1] == '0')) then
      return false
    end
    if snapshot and xid and not (xid < xmin or (xid < xmax and not running[xid])) then
      return false
    end
    if snapshot and fences[i] == 'm' and not (tonumber(fences[i + 1]) < xmin) then
      return false
    end
  end
  return true
end

local function hash(key)
  local fields = redis.pcall('HGETALL', key)
  return fields.err and {} or fields
end

-- The fences of a tag have no time to live, or Redis might evict them before their time.
local function tag_fences(key)
  local fields = hash(key)
  for i = 1, #fields, 2 do
    if fields[i] == 'x' and tonumber(fields[i + 1]) <= now then
      return {}
    end
  end
  return fields
end

-- A load that is refused has no more use for its lease.
local function refuse(why, number)
  redis.call('HDEL', KEYS[2], 't', 'a', 'e')
  return { now, why, number }
end

-- 1. The lease is still this load's: the key has been neither invalidated without a trace, nor retaken, nor its guard lost.
local lease = redis.pcall('HMGET', KEYS[2], 't', 'a')
if lease.err or lease[1] ~= ARGV[4] then
  return { now, 'lease' }
end
-- 2. Everything was not invalidated since.
local state = redis.pcall('HMGET', KEYS[3], 'g', 'b', 'f', 'fe', 'high', 'seq')
if state.err or state[1] ~= ARGV[8] then
  return refuse('generation', not state.err and state[1] or '')
end
-- 3. Fences that were set since the grant are still remembered.
if now - lease[2] >= tonumber(ARGV[5]) then
  return refuse('late')
end
-- 4. The ids of its stamp mean the same as those of the fences: a database that has crashed may hand out ids again.
if ARGV[9] ~= '' and state[2] and state[2] ~= ARGV[9] then
  return refuse('database')
end
-- 5. The load reflects every write that has invalidated the key, or everything.
if not reflects(hash(KEYS[2])) then
  return refuse('fence')
end
if state[3] and tonumber(state[4] or 0) > now and not (stamped and tonumber(state[3]) < xmin) then
  return refuse('fence')
end
-- 6. And every write that has invalidated one of its tags, of which the key may not have been a member yet.
for i = 5, #KEYS, 2 do
  local fences = tag_fences(KEYS[i])
  local last = stamped and 'u' or 's'
  for f = 1, #fences, 2 do
    if fences[f] == last and tonumber(fences[f + 1]) > tonumber(ARGV[6]) then
      return refuse('tag')
    end
  end
  if not reflects(fences) then
    return refuse('tag')
  end
end
-- 7. A standby's snapshot says nothing about ids that were running, and may be old: whatever was invalidated here must be behind it. Where
-- that is not known, a snapshot of the primary tells, unless something was invalidated since its lease: all before is below its end.
local high = tonumber(state[5] or '')
if standby and not (high and high < xmin) then
  return refuse('standby')
end
if primary and not high and (tonumber(state[6] or '') or 0) == tonumber(ARGV[6]) then
  redis.call('HSET', KEYS[3], 'high', string.format('%.0f', xmax - 1))
end

local expiry = now + tonumber(ARGV[2])
-- As long as the entry is there its tags have to know of it, past its expiry too.
local gone = expiry + tonumber(ARGV[10])
-- What is not a sorted set under a tag's name is not ours: it gives way.
local function register(tag_set)
  local found = redis.call('TYPE', tag_set).ok
  if found ~= 'zset' and found ~= 'none' then
    redis.call('UNLINK', tag_set)
  end
  redis.call('ZADD', tag_set, gone, ARGV[3])
  -- A few members whose entries are gone leave with each store, so that a tag in use does not grow without bound.
  local expired = redis.call('ZRANGEBYSCORE', tag_set, '-inf', '(' .. string.format('%d', now), 'LIMIT', 0, 8)
  if #expired > 0 then
    redis.call('ZREM', tag_set, unpack(expired))
  end
end

if ARGV[9] ~= '' and not state[2] then
  redis.call('HSET', KEYS[3], 'b', ARGV[9])
end
-- Tags first: an entry that no tag set knows of would outlive the invalidation of its tag.
for i = 4, #KEYS, 2 do
  register(KEYS[i])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%.0f', gone - now))
redis.call('SETRANGE', KEYS[1], 4, struct.pack('<i8i8', expiry, now))
-- The lease has done its work; the fences have not.
redis.call('HDEL', KEYS[2], 't', 'a', 'e')
return { now, 'stored' }
