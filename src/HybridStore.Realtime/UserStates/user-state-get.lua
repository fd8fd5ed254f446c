#!lua flags=no-writes,allow-oom
-- Reads fields, each of a group of a user (user-state-change.lua says what that is).
--
-- KEYS         the hash of the group of each field
-- ARGV[1]      '1' where there are snapshots, to which a lost group matters
-- ARGV[2...]   the fields
-- returns      of each its value, or nil if it is not set. Status LOST as in user-state-change.lua, ERROR and its text where the group is of a
--              wrong type.
local answers = {}
for i = 1, #KEYS do
  local found = redis.pcall('HMGET', KEYS[i], ARGV[i + 1], '')
  if found.err then
    answers[i] = { ok = 'ERROR ' .. found.err }
  elseif found[1] or found[2] or ARGV[1] == '0' then
    answers[i] = found[1]
  else
    answers[i] = { ok = 'LOST' }
  end
end
return answers
