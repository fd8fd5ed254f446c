#!lua
-- Stores the entries that one load has brought and registers their keys under their tags, in one partition and one step: each of them if
-- nothing that the load may have missed has been invalidated.
--
-- KEYS[1]      the state of the partition (lease.lua)
-- KEYS[2..]    for each entry: its name, then the guard of its key (lease.lua)
-- KEYS[..]     for each tag of any entry: its tag set in this partition, then its fences, a hash: s = sequence of the tag's last
--              invalidation, u = sequence of its last invalidation without an xid, x = when they may be forgotten
-- ARGV[1]      FenceTtl in milliseconds
-- ARGV[2]      1 if all of it is stamped, plus 2 if some of it was read on a standby, plus 4 if the stamp is a snapshot of the primary's that
--              is younger than the leases (what was built from other entries has an older one)
-- ARGV[3]      the generation in which the leases were granted, and KEYS are named
-- ARGV[4]      the boot mark of the database that the stamp is from, or ''
-- ARGV[5]      how many entries
-- ARGV[6]      how many numbers the stamp has, 0 for none
-- ARGV[7..]    the stamp, if some of it is stamped: xmin, xmax, and every id in progress (all of them, however many the headers keep)
-- ARGV[..]     for each entry:
--              its bytes, header and payload; expiry and creation in the header are overwritten here
--              its time to live in milliseconds, an integer above zero: the expiry in the header
--              for how many milliseconds past its expiry it is kept, for callers whose load fails: 0 or more
--              its key as the application names it: the member that goes into the tag sets
--              the token of its lease
--              the partition's sequence when the lease was granted
--              how many tags it has, then for each the place of its tag set among KEYS
-- returns      { now, what..., number }    for each entry 'stored', or why it was refused: 'lease', 'late', 'database', 'fence', 'tag',
--              'standby', 'generation'; the number is that of the partition's generation, if that is not ARGV[3] ('' if not known)
--
-- A fence is a field of a guard or of a tag's fences: its name is the xid of a write, its value 0 if it was set before that write's
-- COMMIT, else 1. Field m is the floor: the largest of the xids that were folded away when there were too many; p says that one of
-- them had been set before its COMMIT (invalidate.lua).
-- As numbers xids and times are exact below 2^53; their texts are not compared.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local kept, kind, generation, boot = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local stamped = kind % 2 == 1
local standby = math.floor(kind / 2) % 2 == 1
local primary = kind >= 4
local snapshot = ARGV[6] ~= '0'
local xmin, xmax, running = 0, 0, {}
local at = 7 + tonumber(ARGV[6])
if snapshot then
  xmin, xmax = tonumber(ARGV[7]), tonumber(ARGV[8])
  for i = 9, at - 1 do
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

local state = redis.pcall('HMGET', KEYS[1], 'g', 'b', 'f', 'fe', 'high', 'seq')
local current = not state.err and state[1] or ''
local high = tonumber(not state.err and state[5] or '')

-- What is to be known of a tag, by the place of its tag set: whether the load reflects its fences, the sequence that tells what no fence
-- does, and what is to be registered under it.
local tags = {}
local function tag_of(place)
  local tag = tags[place]
  if not tag then
    tag = { sequence = 0, members = {} }
    local fences = tag_fences(KEYS[place + 1])
    local last = stamped and 'u' or 's'
    for f = 1, #fences, 2 do
      if fences[f] == last and tonumber(fences[f + 1]) > 0 then
        tag.sequence = tonumber(fences[f + 1])
      end
    end
    tag.reflected = reflects(fences)
    tags[place] = tag
  end
  return tag
end

local guard, token, sequence, of_entry, unfenced

-- A load that is refused has no more use for its lease.
local function refuse(why)
  redis.call('HDEL', guard, 't', 'a', 'e')
  return why
end

local function judge()
  -- 1. The lease is still this load's: the key has been neither invalidated without a trace, nor retaken, nor its guard lost.
  local fields = hash(guard)
  local held, granted
  for f = 1, #fields, 2 do
    if fields[f] == 't' then
      held = fields[f + 1]
    elseif fields[f] == 'a' then
      granted = fields[f + 1]
    end
  end
  unfenced = #fields == 6
  if held ~= token then
    return 'lease'
  end
  -- 2. Everything was not invalidated since.
  if state.err or current ~= generation then
    return refuse('generation')
  end
  -- 3. Fences that were set since the grant are still remembered.
  if now - granted >= kept then
    return refuse('late')
  end
  -- 4. The ids of its stamp mean the same as those of the fences: a database that has crashed may hand out ids again.
  if boot ~= '' and state[2] and state[2] ~= boot then
    return refuse('database')
  end
  -- 5. The load reflects every write that has invalidated the key, or everything.
  if not reflects(fields) then
    return refuse('fence')
  end
  if state[3] and tonumber(state[4] or 0) > now and not (stamped and tonumber(state[3]) < xmin) then
    return refuse('fence')
  end
  -- 6. And every write that has invalidated one of its tags, of which the key may not have been a member yet.
  for _, place in ipairs(of_entry) do
    local tag = tag_of(place)
    if tag.sequence > sequence or not tag.reflected then
      return refuse('tag')
    end
  end
  -- 7. A standby's snapshot says nothing about ids that were running, and may be old: whatever was invalidated here must be behind it.
  if standby and not (high and high < xmin) then
    return refuse('standby')
  end
  -- Where that is not known, a snapshot of the primary tells, unless something was invalidated since its lease: all before is below its
  -- end.
  if primary and not high and (tonumber(state[6] or '') or 0) == sequence then
    high = xmax - 1
    redis.call('HSET', KEYS[1], 'high', string.format('%.0f', high))
  end
  return 'stored'
end

local answer, accepted = { now }, {}
for i = 1, tonumber(ARGV[5]) do
  local entry = { name = KEYS[2 * i], guard = KEYS[2 * i + 1], bytes = ARGV[at] }
  entry.expiry = now + tonumber(ARGV[at + 1])
  -- As long as the entry is there its tags have to know of it, past its expiry too.
  entry.gone = entry.expiry + tonumber(ARGV[at + 2])
  guard, token, sequence, of_entry = entry.guard, ARGV[at + 4], tonumber(ARGV[at + 5]), {}
  for t = 1, tonumber(ARGV[at + 6]) do
    of_entry[t] = tonumber(ARGV[at + 6 + t])
  end
  answer[i + 1] = judge()
  if answer[i + 1] == 'stored' then
    entry.unfenced = unfenced
    accepted[#accepted + 1] = entry
    for _, place in ipairs(of_entry) do
      local members = tag_of(place).members
      members[#members + 1] = entry.gone
      members[#members + 1] = ARGV[at + 3]
    end
  end
  at = at + 7 + #of_entry
end

if #accepted > 0 and boot ~= '' and not state[2] then
  redis.call('HSET', KEYS[1], 'b', boot)
end

-- What is not a sorted set under a tag's name is not ours: it gives way.
local function register(tag_set, members)
  local found = redis.call('TYPE', tag_set).ok
  if found ~= 'zset' and found ~= 'none' then
    redis.call('UNLINK', tag_set)
  end
  redis.call('ZADD', tag_set, unpack(members))
  -- A few members whose entries are gone leave with each store, so that a tag in use does not grow without bound.
  local expired = redis.call('ZRANGEBYSCORE', tag_set, '-inf', '(' .. string.format('%d', now), 'LIMIT', 0, 8 * #members)
  if #expired > 0 then
    redis.call('ZREM', tag_set, unpack(expired))
  end
end

-- Tags first: an entry that no tag set knows of would outlive the invalidation of its tag.
for place, tag in pairs(tags) do
  if #tag.members > 0 then
    register(KEYS[place], tag.members)
  end
end
for _, entry in ipairs(accepted) do
  local times, lifetime = struct.pack('<i8i8', entry.expiry, now), string.format('%.0f', entry.gone - now)
  if #entry.bytes <= 16384 then
    -- A copy of what is small costs less than a second command.
    redis.call('SET', entry.name, string.sub(entry.bytes, 1, 4) .. times .. string.sub(entry.bytes, 21), 'PX', lifetime)
  else
    redis.call('SET', entry.name, entry.bytes, 'PX', lifetime)
    redis.call('SETRANGE', entry.name, 4, times)
  end
  -- The lease has done its work; the fences have not.
  if entry.unfenced then
    redis.call('UNLINK', entry.guard)
  else
    redis.call('HDEL', entry.guard, 't', 'a', 'e')
  end
end
if current ~= generation then
  answer[#answer + 1] = current
end
return answer
