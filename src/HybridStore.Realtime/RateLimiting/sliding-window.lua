#!lua
-- Takes permits in sliding windows, counted in segments of the server's clock. What is in the oldest segment counts until all of it is
-- out of the window: never more than the limit in any stretch as long as the window.
--
-- KEYS         the windows, strings, little-endian: the number of the newest segment (a double; segments are numbered from 1970 on), then how
--              many permits were taken in that and in each earlier one (4 bytes each), the newest first
-- ARGV[1]      the limit
-- ARGV[2]      the length of a segment in microseconds
-- ARGV[3]      how many segments the window has
-- ARGV[4...]   for each of them how many permits are wanted; 0 asks whether there is one
-- returns      for each of them how many are left, if they were taken (or there is one); { how many are left; in how many milliseconds those
--                wanted may be there } if not
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local limit, length, segments = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local current = math.floor(now / length)

local function take(window, wanted)
  -- One more than the window has: the oldest is in it with a part.
  local counts = {}
  for i = 1, segments + 1 do
    counts[i] = 0
  end
  local total, isSetBack = 0, false
  local state = redis.pcall('GET', window)
  if type(state) == 'string' and #state >= 12 and (#state - 8) % 4 == 0 then
    local age = current - struct.unpack('<d', state)
    -- Of a clock that was set back nothing is known but that it was taken: all of it counts as taken now.
    if not (age >= 0) then
      age, isSetBack = 0, true
    end
    for i = 1, (#state - 8) / 4 do
      if i + age > segments + 1 then
        break
      end
      local count = struct.unpack('<I4', state, 5 + i * 4)
      counts[i + age] = count
      total = total + count
    end
  elseif type(state) ~= 'boolean' then
    -- Not ours, whatever it is.
    redis.call('UNLINK', window)
  end

  local isGranted = total + math.max(wanted, 1) <= limit
  if (isGranted and wanted > 0) or isSetBack then
    if isGranted then
      counts[1] = counts[1] + wanted
      total = total + wanted
    end
    local last = segments + 1
    while counts[last] == 0 and last > 1 do
      last = last - 1
    end
    local packed = { struct.pack('<d', current) }
    for i = 1, last do
      packed[i + 1] = struct.pack('<I4', counts[i])
    end
    redis.call('SET', window, table.concat(packed), 'PX', math.ceil(length * (segments + 1) / 1000))
  end
  if isGranted then
    return limit - total
  end

  -- The segments leave the window one after the other, the oldest first.
  local freed, rest = 0, 0
  for i = segments + 1, 1, -1 do
    freed = freed + counts[i]
    if total - freed + math.max(wanted, 1) <= limit then
      rest = (current - i + 2 + segments) * length - now
      break
    end
  end
  return { math.max(0, limit - total), math.max(1, math.ceil(rest / 1000)) }
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = take(KEYS[i], tonumber(ARGV[i + 3]))
end
return answers
