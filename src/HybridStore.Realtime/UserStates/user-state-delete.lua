#!lua flags=allow-oom
-- Removes a group of a user (user-state-change.lua says what that is), whatever is there in its place.
--
-- KEYS[1]      hash of the group
-- KEYS[2]      set of changes for the next snapshot: mark .. 'w', all of the group. Without snapshots it is not there.
-- ARGV[1]      how long it is remembered that the group is empty, in milliseconds: until the next snapshot knows it too
-- ARGV[2]      the group's mark; '' without snapshots: then nothing remains
-- returns      1
if ARGV[2] ~= '' then
  redis.call('SADD', KEYS[2], ARGV[2] .. 'w')
end
redis.call('UNLINK', KEYS[1])
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[1], '', now[1] .. '.' .. now[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
