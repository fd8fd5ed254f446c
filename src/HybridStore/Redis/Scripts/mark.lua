#!lua flags=allow-oom
-- Writes the applied mark of a partition: everything that its snapshot sees has been applied here.
--
-- KEYS[1]      the state of the partition (claim.lua)
-- KEYS[2]      the applied mark (AppliedMark has its format)
-- ARGV[1]      the leader's token
-- ARGV[2]      how many of its calls the partition has to have counted
-- ARGV[3]      the generation that stands in the mark
-- ARGV[4]      the mark that the leader knows, '' if there is none
-- ARGV[5]      the mark
-- returns      { now, 'marked' }
--              { now, 'replay' }                another leads here, or Redis has gone back in time: what was applied may be lost. The leader
--                                               claims the partition again, and applies what it has not seen since the mark it finds
--              { now, 'generation', number }    the partition is in another generation; '' if that is not known
--
-- The mark before is not enough: it may have reached a replica that a later call did not. Nor is the count: a claim begins at zero.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = redis.pcall('HMGET', KEYS[1], 'g', 'l', 'c')
if state.err or state[1] ~= ARGV[3] then
  return { now, 'generation', not state.err and state[1] or '' }
end
local mark = redis.pcall('GET', KEYS[2])
if state[2] ~= ARGV[1] or state[3] ~= ARGV[2] or (mark or '') ~= ARGV[4] then
  return { now, 'replay' }
end
redis.call('SET', KEYS[2], ARGV[5])
return { now, 'marked' }
