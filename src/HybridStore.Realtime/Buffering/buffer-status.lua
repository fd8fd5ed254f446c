#!lua flags=allow-oom,no-writes
-- Tells what a partition holds, and changes nothing.
--
-- KEYS[1]      the stream (buffer-append.lua)
-- KEYS[2]      the state of the partition (buffer-append.lua)
-- returns      { rows, bytes of payload, for how many milliseconds the oldest has waited }
local first = redis.pcall('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
if first.err or #first == 0 then
  return { 0, 0, 0 }
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local state = redis.pcall('HMGET', KEYS[2], 'r', 'b')
if state.err then
  state = {}
end
local age = now - (tonumber(string.match(first[1][1], '^(%d+)')) or now)
return { tonumber(state[1] or 0) or 0, tonumber(state[2] or 0) or 0, math.max(age, 0) }
