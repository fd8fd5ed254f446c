#!lua
-- Changes a session that is there, and moves its end on. None comes to be by it.
--
-- KEYS[1]      the session (session-get.lua)
-- ARGV[1..3]   as in session-get.lua
-- ARGV[4]      'merge': sets and removes fields.            ARGV[5] = MaximumSize, ARGV[6] = how many are set, then name and value of each,
--                                                           then the names to be removed
--              'replace': other fields for all there are.   ARGV[5] = the version that is expected, ARGV[6] = the bytes of the new ones, then
--                                                           name and value of each
--              'regenerate': another id.                    ARGV[5] = SHA-256 of the new id, ARGV[6] = whose it is from now on, '' as before
-- returns      { now }                            there is no such session
--              { now, 'conflict', version }       it has another version than was expected
--              { now, 'size', bytes }             it would have had so many bytes
--              { now, ttl, due, version, hash }   done, as in session-get.lua; the hash is there for 'regenerate' and where there is a copy,
--                                                 which is then always due
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

-- No call has too many arguments for Lua's stack.
local function each(command, from, to)
  for first = from, to, 1000 do
    redis.call(command, KEYS[1], unpack(ARGV, first, math.min(to, first + 999)))
  end
end

local set = { 'v', text(version + 1), 'l', text(now) }
local indexed = meta[4] and (tonumber(meta[4]) or 0)

if ARGV[4] == 'merge' then
  local size, sets = tonumber(meta[5]) or 0, tonumber(ARGV[6])
  local last = 6 + 2 * sets
  local function without(name)
    if redis.call('HEXISTS', KEYS[1], name) == 1 then
      size = size - #name + 1 - redis.call('HSTRLEN', KEYS[1], name)
    end
  end
  for n = 7, last, 2 do
    without(ARGV[n])
    size = size + #ARGV[n] - 1 + #ARGV[n + 1]
  end
  for n = last + 1, #ARGV do
    without(ARGV[n])
  end
  if sets > 0 and size > tonumber(ARGV[5]) then
    return { now, 'size', size }
  end
  each('HSET', 7, last)
  each('HDEL', last + 1, #ARGV)
  set[5], set[6] = 'b', text(size)
elseif ARGV[4] == 'replace' then
  if version ~= tonumber(ARGV[5]) then
    return { now, 'conflict', version }
  end
  local names = redis.call('HKEYS', KEYS[1])
  for n = 1, #names do
    if string.sub(names[n], 1, 1) == ':' then
      redis.call('HDEL', KEYS[1], names[n])
    end
  end
  each('HSET', 7, #ARGV)
  set[5], set[6] = 'b', ARGV[6]
else
  set[5], set[6] = 's', ARGV[5]
  if ARGV[6] ~= '' and ARGV[6] ~= meta[6] then
    -- The new user's index has been told already.
    indexed = math.min(ends or math.huge, now + ttl + ARGV[2] / 2)
    set[7], set[8], set[9], set[10] = 'u', ARGV[6], 'i', text(indexed)
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
local whole = (copied or ARGV[4] == 'regenerate') and redis.call('HGETALL', KEYS[1]) or {}
return { now, ttl, due, version + 1, whole }
