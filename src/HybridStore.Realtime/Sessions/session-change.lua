#!lua
-- Changes a session that is there, and moves its end on. None comes to be by it.
--
-- KEYS[1]      the session (session-get.lua)
-- ARGV[1]      SHA-256 of the id that was shown
-- ARGV[2]      SlidingExpiration in milliseconds
-- ARGV[3]      by how many milliseconds a copy may be behind; 0 without one
-- ARGV[4]      'merge': sets and removes fields.            ARGV[5] = MaximumSize, ARGV[6] = how many are set, then name and value of each,
--                                                           then the names to be removed
--              'replace': other fields for all there are.   ARGV[5] = the version that is expected, ARGV[6] = the bytes of their names and
--                                                           values, ARGV[7] = the fields, as in the session
--              'regenerate': another id.                    ARGV[5] = SHA-256 of the new id, ARGV[6] = whose it is from now on, '' as before
-- returns      { now }                            there is no such session
--              { now, 'conflict', version }       it has another version than was expected
--              { now, 'size', bytes }             it would have had so many bytes
--              { now, ttl, due, version }         done, as in session-get.lua; for 'regenerate' and where there is a copy, which is then always
--                                                 due, all that session-get.lua returns
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local meta = redis.pcall('HMGET', KEYS[1], 's', 'v', 'e', 'i', 'b', 'u')
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

local function text(number)
  return string.format('%.0f', number)
end

local set = { 'v', text(version + 1), 'l', text(now), 'x', text(now + ttl) }
local indexed = meta[4] and (tonumber(meta[4]) or 0)

if ARGV[4] == 'merge' then
  local packed = redis.call('HGET', KEYS[1], 'f')
  local is_read, fields = pcall(cmsgpack.unpack, packed or '')
  if not is_read or type(fields) ~= 'table' then
    fields = {}
  end
  local size, last = tonumber(meta[5]) or 0, 6 + 2 * tonumber(ARGV[6])
  local function put(name, value)
    local before = fields[name]
    if before then
      size = size - #name - #before
    end
    if value then
      size = size + #name + #value
    end
    fields[name] = value
  end
  for n = 7, last, 2 do
    put(ARGV[n], ARGV[n + 1])
  end
  for n = last + 1, #ARGV do
    put(ARGV[n], nil)
  end
  if last > 6 and size > tonumber(ARGV[5]) then
    return { now, 'size', size }
  end
  set[7], set[8], set[9], set[10] = 'f', cmsgpack.pack(fields), 'b', text(size)
elseif ARGV[4] == 'replace' then
  if version ~= tonumber(ARGV[5]) then
    return { now, 'conflict', version }
  end
  set[7], set[8], set[9], set[10] = 'f', ARGV[7], 'b', ARGV[6]
else
  set[7], set[8] = 's', ARGV[5]
  if ARGV[6] ~= '' and ARGV[6] ~= meta[6] then
    -- The new user's index has been told already.
    indexed = math.min(ends or math.huge, now + ttl + ARGV[2] / 2)
    set[9], set[10], set[11], set[12] = 'u', ARGV[6], 'i', text(indexed)
  end
end

local due, copied = 0, tonumber(ARGV[3]) > 0
if indexed and indexed < (ends or math.huge) and now + ttl > indexed - ARGV[2] / 4 then
  due = 1
end
if copied then
  due = due + 2
  set[#set + 1], set[#set + 2] = 'k', text(now + ttl)
end
redis.call('HSET', KEYS[1], unpack(set))
redis.call('PEXPIRE', KEYS[1], ttl)
if not copied and ARGV[4] ~= 'regenerate' then
  return { now, ttl, due, version + 1 }
end
local all = redis.call('HMGET', KEYS[1], 'c', 'e', 'u', 'd', 'f')
return { now, ttl, due, version + 1, all[1], all[2], all[3], all[4], all[5] }
