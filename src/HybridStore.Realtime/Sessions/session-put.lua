#!lua
-- Puts a whole session there: a new one, or one from the copy that is newer than what is there.
--
-- KEYS[1]      the session (session-get.lua). What else is there is removed
-- ARGV[1]      until when this may be done, by this server's clock in milliseconds: whoever has sent it may act on its failure then; '' at
--              any time
-- ARGV[2]      SHA-256 of its id
-- ARGV[3]      its version
-- ARGV[4]      in how many milliseconds it ends
-- ARGV[5]      in how many it ends whatever happens; '' never
-- ARGV[6]      whose it is; '' nobody's
-- ARGV[7]      the device; '' unknown
-- ARGV[8]      how many milliseconds ago it began
-- ARGV[9]      how many ago it was last used
-- ARGV[10]     for how many the index of its user holds it; '' without one
-- ARGV[11]     1 if there is a copy, which has all of this, or 0
-- ARGV[12]     the bytes of all names and values
-- ARGV[13]     its fields, as in the session
-- returns      { now, 1 } it is there; { now, 0 } what is there is as new; { now, 2 } it is too late
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if ARGV[1] ~= '' and now > tonumber(ARGV[1]) then
  return { now, 2 }
end

local there = redis.pcall('HMGET', KEYS[1], 's', 'v')
local version = not there.err and there[1] and tonumber(there[2])
if version and version >= tonumber(ARGV[3]) then
  return { now, 0 }
end

local function text(number)
  return string.format('%.0f', number)
end

local meta = {
  's', ARGV[2], 'v', ARGV[3], 'b', ARGV[12], 'f', ARGV[13],
  'c', text(now - ARGV[8]), 'l', text(now - ARGV[9]), 'x', text(now + ARGV[4]),
}
local function add(name, value)
  meta[#meta + 1], meta[#meta + 2] = name, value
end
if ARGV[5] ~= '' then
  add('e', text(now + ARGV[5]))
end
if ARGV[6] ~= '' then
  add('u', ARGV[6])
end
if ARGV[7] ~= '' then
  add('d', ARGV[7])
end
if ARGV[10] ~= '' then
  add('i', text(now + ARGV[10]))
end
if ARGV[11] == '1' then
  add('k', text(now + ARGV[4]))
end

redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(meta))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { now, 1 }
