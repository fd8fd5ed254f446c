#!lua flags=allow-oom
-- Marks the sessions of a user as being revoked, before they are. Whoever notes one meanwhile finds the mark, or is too late to be among them.
--
-- KEYS[1]      the index of a user (session-index-add.lua)
-- ARGV[1]      the handle of one that is spared; '' for none
-- returns      the handles of all others, those that were marked before included
local all = redis.pcall('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
if all.err then
  return {}
end
local handles = {}
for n = 1, #all, 2 do
  if all[n] ~= ARGV[1] then
    local score = tonumber(all[n + 1])
    if score > 0 then
      redis.call('ZADD', KEYS[1], string.format('%.0f', -score), all[n])
    end
    handles[#handles + 1] = all[n]
  end
end
return handles
