#!lua flags=allow-oom
-- Reads an entry of the distributed cache and moves its end on.
--
-- KEYS[1]      the entry, a hash: d = its bytes, s = how long it lives unused (missing: its end does not move), e = when it ends whatever
--              happens (missing: never). Times are milliseconds of this server's clock
-- ARGV[1]      1 for its bytes; 0 for whoever only uses it
-- returns      its bytes, or 1; nil if there is none
local found = redis.pcall('HMGET', KEYS[1], 's', 'e', ARGV[1] == '1' and 'd' or 's')
if found.err then
  return false
end
local sliding, ends = tonumber(found[1]), tonumber(found[2])
if sliding then
  if ends then
    local clock = redis.call('TIME')
    sliding = math.min(sliding, ends - (clock[1] * 1000 + math.floor(clock[2] / 1000)))
  end
  redis.call('PEXPIRE', KEYS[1], sliding)
  if sliding <= 0 then
    return false
  end
end
if ARGV[1] == '1' then
  return found[3]
end
return 1
