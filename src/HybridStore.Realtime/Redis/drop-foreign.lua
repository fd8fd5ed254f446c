#!lua flags=allow-oom
-- Removes keys that hold something of another type than their service keeps there: what cannot be read is not there.
--
-- KEYS         the keys of one call
-- ARGV         the type of each, as TYPE names it
-- returns      how many were removed
local removed = 0
for i = 1, #KEYS do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= 'none' and found ~= ARGV[i] then
    removed = removed + redis.call('UNLINK', KEYS[i])
  end
end
return removed
