#!lua
-- Takes permits out of buckets, which fill up steadily by the server's clock.
--
-- KEYS         the buckets, strings, little-endian: how many permits one held (a double), and when, in microseconds since 1970 (a double). It
--              goes when it is full
-- ARGV[1]      how many one holds
-- ARGV[2]      how many permits come back in a period
-- ARGV[3]      the length of a period in microseconds
-- ARGV[4...]   for each of them how many permits are wanted; 0 asks whether there is one
-- returns      for each of them how many whole ones are left, if they were taken (or there is one); { how many are left; in how many
--                milliseconds those wanted may be there } if not
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2]) / tonumber(ARGV[3])

local function take(bucket, wanted)
  local tokens, isSetBack = capacity, false
  local state = redis.pcall('GET', bucket)
  if type(state) == 'string' and #state == 16 then
    local held, at = struct.unpack('<dd', state)
    -- Nothing comes back while a clock is set back; and whatever is no number is no bucket.
    local filled = held + math.max(0, now - at) * rate
    if filled >= 0 and filled < capacity then
      tokens, isSetBack = filled, at > now
    end
  elseif type(state) ~= 'boolean' then
    redis.call('UNLINK', bucket)
  end

  -- A whole permit that is short of a millionth was lost in the arithmetic.
  local needed = math.max(wanted, 1)
  local isGranted = tokens + 0.000001 >= needed
  if isGranted then
    tokens = math.max(0, tokens - wanted)
  end
  if (isGranted and wanted > 0) or isSetBack then
    redis.call('SET', bucket, struct.pack('<dd', tokens, now), 'PX', math.ceil((capacity - tokens) / rate / 1000) + 1)
  end
  if isGranted then
    return math.floor(tokens + 0.000001)
  end
  return { math.floor(tokens + 0.000001), math.max(1, math.ceil((needed - tokens) / rate / 1000)) }
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = take(KEYS[i], tonumber(ARGV[i + 3]))
end
return answers
