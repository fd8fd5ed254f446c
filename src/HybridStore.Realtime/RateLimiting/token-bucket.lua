#!lua
-- Takes permits out of a bucket, which fills up steadily by the server's clock.
--
-- KEYS[1]      the bucket, a string, little-endian: how many permits it held (a double), and when, in microseconds since 1970 (a double). It
--              goes when it is full
-- ARGV[1]      how many permits are wanted; 0 asks whether there is one
-- ARGV[2]      how many it holds
-- ARGV[3]      how many permits come back in a period
-- ARGV[4]      the length of a period in microseconds
-- returns      { 1 if they were taken (or there is one), else 0; how many whole ones are left; in how many milliseconds they may be there, 0
--                if they were taken }
local wanted, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local rate = tonumber(ARGV[3]) / tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tokens, isSetBack = capacity, false
local state = redis.pcall('GET', KEYS[1])
if type(state) == 'string' and #state == 16 then
  local held, at = struct.unpack('<dd', state)
  -- Nothing comes back while a clock is set back; and whatever is no number is no bucket.
  local filled = held + math.max(0, now - at) * rate
  if filled >= 0 and filled < capacity then
    tokens, isSetBack = filled, at > now
  end
elseif type(state) ~= 'boolean' then
  redis.call('UNLINK', KEYS[1])
end

-- A whole permit that is short of a millionth was lost in the arithmetic.
local needed = math.max(wanted, 1)
local isGranted = tokens + 0.000001 >= needed
if isGranted then
  tokens = math.max(0, tokens - wanted)
end
if (isGranted and wanted > 0) or isSetBack then
  redis.call('SET', KEYS[1], struct.pack('<dd', tokens, now), 'PX', math.ceil((capacity - tokens) / rate / 1000) + 1)
end
if isGranted then
  return { 1, math.floor(tokens + 0.000001), 0 }
end
return { 0, math.floor(tokens + 0.000001), math.max(1, math.ceil((needed - tokens) / rate / 1000)) }
