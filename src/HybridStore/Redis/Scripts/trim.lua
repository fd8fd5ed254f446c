#!lua flags=allow-oom
-- Removes members of tag sets whose entries are gone. A tag in use loses some with each store (store.lua), an idle one would keep them.
--
-- KEYS[1..]    tag sets of one partition
-- ARGV[1]      how many members one call may remove
-- returns      { removed, 1 if there may be more, else 0 }
--
-- A member's score is the time on this server's clock at which its entry is removed (its expiry, or later where it is kept past that:
-- store.lua): once it has passed there is no entry that an invalidation of the tag would have to find.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local budget = tonumber(ARGV[1])
local removed = 0
for i = 1, #KEYS do
  -- An error where it is no sorted set: that is not ours, and nothing is done about it here.
  local expired = redis.pcall('ZCOUNT', KEYS[i], '-inf', '(' .. string.format('%.0f', now))
  if type(expired) == 'number' and expired > 0 then
    removed = removed + redis.call('ZREMRANGEBYRANK', KEYS[i], 0, math.min(expired, budget - removed) - 1)
    if removed >= budget then
      return { removed, 1 }
    end
  end
end
return { removed, 0 }
