#!lua flags=allow-oom
-- Reads the record of how a store's keys are laid out, and writes it if there is none. The first instance decides; all others
-- adopt what it recorded.
--
-- KEYS[1]      the record, a hash: layout (version of the layout), partitions (their number)
-- ARGV[1]      this instance's layout version
-- ARGV[2]      the number of partitions that this instance would choose
-- ARGV[3]      the largest number of partitions that an instance can adopt
-- returns      { layout version, partitions, the server's time in milliseconds since the Unix epoch }
--
-- A record that is not readable is no record.
local layout, partitions
local recorded = redis.pcall('HMGET', KEYS[1], 'layout', 'partitions')
if recorded.err then
  if not string.find(recorded.err, 'WRONGTYPE', 1, true) then
    return recorded
  end
else
  layout, partitions = tonumber(recorded[1]), tonumber(recorded[2])
end
if not layout or not partitions or partitions < 1 or partitions > tonumber(ARGV[3]) or partitions % 1 ~= 0 then
  layout, partitions = tonumber(ARGV[1]), tonumber(ARGV[2])
  redis.call('UNLINK', KEYS[1])
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'partitions', ARGV[2])
end
local clock = redis.call('TIME')
return { layout, partitions, clock[1] * 1000 + math.floor(clock[2] / 1000) }
