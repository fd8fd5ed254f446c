#!lua flags=allow-oom
-- Invalidates keys and tags in one partition and one step. Allowed while Redis is full: a full Redis must still be able to forget.
--
-- KEYS[1]      the state of the partition (lease.lua)
-- KEYS[2]      the tags whose fences are remembered, a sorted set, score = when they may be forgotten
-- KEYS[3..]    for each key: its entry, then its guard (lease.lua); then for each tag: its tag set in this partition, then its
--              fences (store.lua)
-- ARGV[1]      the number of keys
-- ARGV[2]      the xid of the write, or '' where it is not known; or, for several writes in one call, an xid for each key and then for each
--              tag, separated by commas. A name that several of them have changed is named several times
-- ARGV[3]      1, or 0 where the write has not committed yet: its fences are kept for twice FenceTtl
-- ARGV[4]      FenceTtl in milliseconds
-- ARGV[5]      how many fences a hash may hold before the smaller half is folded into its floor
-- ARGV[6]      what the physical name of an entry of this partition begins with; a member of a tag set follows it
-- ARGV[7]      how many members one call may visit, 1 to 3,500 (unpack fails at 8,000)
-- ARGV[8..9]   '' and '' at first; to go on: score and member that the call before returned. KEYS then hold the state, the remembered
--              tags, the tag that was not finished, and the tags after it
-- ARGV[10]     the generation that entries and tag sets are named in; '' for a call that fences nothing and only removes: one that goes on,
--              or one in an earlier generation
-- ARGV[11]     the boot mark of the database that the xid is from, '' if it is not known: then an entry goes whatever its stamp says
-- ARGV[12]     what the name of a tag's fences begins with
-- ARGV[13]     '' but for the leader of the journal (claim.lua): its token. Its calls are counted, or refused if another leads here
-- ARGV[14..]   nothing; or for each key the token of the write's own lease, under which it is about to store what it has written, or '':
--              that lease is not revoked
-- returns      an error if the server is full and knows no flags (Redis 6): what could be deleted is, and nothing is applied;
--              { now, 'generation', number } if the partition is in another generation ('' if not known), and nothing was done;
--              { now, 'database' } if the xid is from another database than the stamps of this generation, and nothing was done;
--              { now, 'leader' } if another leads the journal here, or the state was lost, and nothing was done;
--              { now, 'applied', earlier }; or { now, 'members', earlier, n, score, member }: the n-th tag in KEYS has members left behind
--              these two, and the tags after it have not been visited. Earlier are the generations in which others may still read: the
--              same names have to be removed there.
--
-- Keys and tags are fenced before any member is visited, so that whatever is stored from then on is fresh or refused. An entry whose
-- stamp sees the xid reflects the write and stays: the same invalidation may come late or again. The sequence moves all the same. A
-- member leaves its set in the same step as its entry, and only then: else the next invalidation of the tag would miss it.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local keys = tonumber(ARGV[1])
local texts = {}
for text in string.gmatch(ARGV[2], '%d+') do
  texts[#texts + 1] = text
end
local fence_ttl = tonumber(ARGV[4])
local budget = tonumber(ARGV[7])
local first_tag = 3 + 2 * keys
local fences_first = ARGV[10] ~= ''

-- The xid of the n-th name, as text and as number; nil where it is not known.
local function text_of(n)
  return texts[#texts > 1 and n or 1]
end
local function xid_of(n)
  return tonumber(text_of(n))
end
-- The place of a tag among all names.
local function of_tag(i)
  return keys + (i - first_tag) / 2 + 1
end

-- Under the name of a hash or a sorted set anything else is not ours, and gives way.
local function ours(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then
    redis.call('UNLINK', key)
  end
end

-- What needs memory fails on a full server that knows no flags. Deleting goes on, and the caller is told in the end.
local failure
local function write(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    failure = failure or reply
  end
  return reply
end

-- Header of an entry: see EntryHeader. Stamped is flag 2; xmin stands at offset 32, xmax at 40, the ids in progress from 48 on.
local function sees(entry, xid)
  if not xid or ARGV[11] == '' then
    return false
  end
  local header = redis.pcall('GETRANGE', entry, 0, 303)
  if type(header) ~= 'string' or #header < 48 then
    return false
  end
  local magic, version, flags, count = string.byte(header, 1, 4)
  if magic ~= 0xC5 or version ~= 1 or math.floor(flags / 2) % 2 == 0 or #header < 48 + 8 * count then
    return false
  end
  local xmin, xmax = struct.unpack('<I8I8', header, 33)
  if xid < xmin or xid >= xmax then
    return xid < xmin
  end
  for i = 1, count do
    if struct.unpack('<I8', header, 41 + 8 * i) == xid then
      return false
    end
  end
  return true
end

-- Too many fences: the smaller half goes into the floor, which every snapshot's xmin has to pass. Half of them at once, since all have to
-- be read for it: a name that is written all the time would pay for that with each write. One that was set before COMMIT leaves a mark (p)
-- there, for loads without a stamp.
local function fold(hash)
  local fields = redis.call('HGETALL', hash)
  local ids, value, floor = {}, {}, nil
  for i = 1, #fields, 2 do
    if tonumber(fields[i]) then
      ids[#ids + 1] = fields[i]
      value[fields[i]] = fields[i + 1]
    elseif fields[i] == 'm' then
      floor = tonumber(fields[i + 1])
    end
  end
  table.sort(ids, function(one, other) return tonumber(one) < tonumber(other) end)
  local marked = false
  local folded = {}
  for i = 1, math.ceil(#ids / 2) do
    folded[i] = ids[i]
    marked = marked or value[ids[i]] == '0'
  end
  if not floor or floor < tonumber(folded[#folded]) then
    write('HSET', hash, 'm', folded[#folded])
  end
  if marked then
    write('HSET', hash, 'p', '1')
  end
  redis.call('HDEL', hash, unpack(folded))
end

local function fence(hash, text)
  if ARGV[3] == '1' then
    write('HSET', hash, text, '1')
  else
    write('HSETNX', hash, text, '0')
  end
  -- Up to 6 fields are not fences.
  if redis.call('HLEN', hash) > tonumber(ARGV[5]) + 6 then
    fold(hash)
  end
end

-- A write that has not committed yet may do so for as long as FenceTtl, and a load that begins just before takes as long again.
local kept = ARGV[3] == '1' and fence_ttl or 2 * fence_ttl

-- A guard is remembered by its time to live, which is only ever extended.
local function extend(guard)
  if redis.call('PTTL', guard) < kept then
    redis.call('PEXPIRE', guard, kept)
  end
end

-- What a time to live has, a volatile policy may evict, and without its fences a tag lets old loads in. So they have none: they say
-- themselves when they may be forgotten, and some of those go with each invalidation.
local function remember(fences, sequence)
  local until_then = tonumber(redis.call('HGET', fences, 'x') or now) or 0
  if until_then < now then
    redis.call('UNLINK', fences)
  end
  until_then = math.max(now + kept, until_then)
  write('HSET', fences, 's', sequence, 'x', until_then)
  write('ZADD', KEYS[2], until_then, string.sub(fences, #ARGV[12] + 1))
end

-- Removes keys that KEYS does not name. While a slot moves to another node of a cluster, the new one takes a key that is with the old
-- one for missing, but for a command that names several keys: that it refuses, and the call fails before the name is forgotten.
local function unlink(names)
  if #names == 1 then
    redis.call('EXISTS', KEYS[1], names[1])
  end
  redis.call('UNLINK', unpack(names))
end

local function forget_some()
  local passed = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, 16 + #KEYS)
  if #passed > 0 then
    local names = {}
    for i = 1, #passed do
      names[i] = ARGV[12] .. passed[i]
    end
    unlink(names)
    redis.call('ZREM', KEYS[2], unpack(passed))
  end
end

-- A mark may be written only where all that its leader has applied before is still there (mark.lua).
local function is_counted()
  if ARGV[13] == '' then
    return true
  end
  local leader = redis.pcall('HGET', KEYS[1], 'l')
  if leader ~= ARGV[13] then
    return false
  end
  write('HINCRBY', KEYS[1], 'c', 1)
  return true
end

local earlier = {}
if fences_first then
  local state = redis.pcall('HMGET', KEYS[1], 'g', 'b', 'high', 'seq')
  if state.err or state[1] ~= ARGV[10] then
    return { now, 'generation', not state.err and state[1] or '' }
  end
  local is_known = #texts > 0 and ARGV[11] ~= ''
  if is_known and state[2] and state[2] ~= ARGV[11] then
    return { now, 'database' }
  end
  if not is_counted() then
    return { now, 'leader' }
  end
  if is_known and not state[2] then
    write('HSET', KEYS[1], 'b', ARGV[11])
  end

  -- A sequence that was lost goes on above the one before it: it counts from the clock, which moves faster.
  if not state[4] then
    write('HSET', KEYS[1], 'seq', now)
  end
  local sequence = write('HINCRBY', KEYS[1], 'seq', 1)
  -- What changed is not known, or cannot be compared: nor is then what a standby would have to show. A number that is not known stays so,
  -- since ids come late (store.lua).
  local largest = 1
  for n = 2, #texts do
    largest = tonumber(texts[n]) > tonumber(texts[largest]) and n or largest
  end
  if not is_known then
    redis.call('HDEL', KEYS[1], 'high')
  elseif state[3] and (tonumber(state[3]) or 0) < tonumber(texts[largest]) then
    write('HSET', KEYS[1], 'high', texts[largest])
  end

  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.byte(fields[i]) == 111 and (tonumber(fields[i + 1]) or 0) > now then
      earlier[#earlier + 1] = string.sub(fields[i], 2)
    elseif string.byte(fields[i]) == 111 then
      redis.call('HDEL', KEYS[1], fields[i])
    end
  end

  ours(KEYS[2], 'zset')
  forget_some()
  for i = 4, first_tag - 1, 2 do
    local guard = KEYS[i]
    ours(guard, 'hash')
    if #texts > 0 then
      fence(guard, text_of((i - 2) / 2))
      extend(guard)
    end
  end

  -- The journal names a tag as often as it was changed.
  local remembered = {}
  for i = first_tag, #KEYS, 2 do
    local fences = KEYS[i + 1]
    if not remembered[fences] then
      remembered[fences] = true
      ours(fences, 'hash')
      remember(fences, sequence)
    end
    if #texts > 0 then
      fence(fences, text_of(of_tag(i)))
    end
    if not is_known then
      write('HSET', fences, 'u', sequence)
    end
  end
elseif not is_counted() then
  return { now, 'leader' }
end

for i = 3, first_tag - 1, 2 do
  if not sees(KEYS[i], xid_of((i - 1) / 2)) then
    redis.call('UNLINK', KEYS[i])
    local own = ARGV[13 + (i - 1) / 2]
    if fences_first and not (own and own ~= '' and redis.call('HGET', KEYS[i + 1], 't') == own) then
      redis.call('HDEL', KEYS[i + 1], 't', 'a', 'e')
    end
  end
end

-- The members of a tag set behind a cursor. The cursor's member may have left or moved since: it is put back to its place for as long
-- as it takes to look.
local function members_behind(tag_set, score, member)
  if member == '' then
    return redis.call('ZRANGE', tag_set, 0, budget - 1, 'WITHSCORES')
  end
  local present = redis.call('ZSCORE', tag_set, member)
  write('ZADD', tag_set, score, member)
  local rank = redis.call('ZRANK', tag_set, member) or -1
  local found = redis.call('ZRANGE', tag_set, rank + 1, rank + budget, 'WITHSCORES')
  if not present then
    redis.call('ZREM', tag_set, member)
  elseif tonumber(present) ~= tonumber(score) then
    write('ZADD', tag_set, present, member)
  end
  return found
end

local score, member = ARGV[8], ARGV[9]
for i = first_tag, #KEYS, 2 do
  local tag_set = KEYS[i]
  ours(tag_set, 'zset')
  local found = members_behind(tag_set, score, member)
  local gone, entries = {}, {}
  for f = 1, #found, 2 do
    local entry = ARGV[6] .. found[f]
    if not sees(entry, xid_of(of_tag(i))) then
      gone[#gone + 1] = found[f]
      entries[#entries + 1] = entry
    end
  end
  if #gone > 0 then
    unlink(entries)
    redis.call('ZREM', tag_set, unpack(gone))
  end
  budget = budget - #found / 2
  if budget <= 0 then
    return failure or { now, 'members', earlier, (i - first_tag) / 2 + 1, found[#found], found[#found - 1] }
  end
  score, member = '', ''
end
return failure or { now, 'applied', earlier }
