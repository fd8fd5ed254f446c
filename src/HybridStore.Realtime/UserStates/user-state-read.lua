#!lua flags=no-writes,allow-oom
-- Reads fields of a group of a user for a snapshot (user-state-change.lua says what that is).
--
-- KEYS[1]      hash of the group
-- ARGV         fields
-- returns      nil if the group is lost; otherwise how long it lasts, in milliseconds, -1 for ever; then each field's value, or nil
local left = redis.call('PTTL', KEYS[1])
if left == -2 then
  return nil
end
local answer = { left }
for i = 1, #ARGV do
  answer[i + 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
return answer
