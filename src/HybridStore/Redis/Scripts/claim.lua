#!lua flags=allow-oom
-- Makes an instance the one that applies the journal to a partition, whoever was before, and tells how far that has come.
--
-- KEYS[1]      the state of the partition (lease.lua); of it l = the token of the leader, c = how many of its calls were counted here
-- KEYS[2]      the applied mark (AppliedMark has its format)
-- ARGV[1]      the leader's token, new for every claim
-- ARGV[2]      the generation that the caller knows
-- returns      { now, 'claimed', mark }         mark is '' if there is none
--              { now, 'generation', number }    the partition is in another generation; '' if that is not known
--
-- Redis may go back in time: by a failover to a replica that has not heard of everything, or a snapshot that is restored. Token and count go
-- back with what was applied, since they are in the same slot, and so tell.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = redis.pcall('HGET', KEYS[1], 'g')
if state ~= ARGV[2] then
  return { now, 'generation', type(state) == 'string' and state or '' }
end

redis.call('HSET', KEYS[1], 'l', ARGV[1], 'c', 0)
local mark = redis.pcall('GET', KEYS[2])
if type(mark) == 'table' and mark.err then
  redis.call('UNLINK', KEYS[2])
  mark = false
end
return { now, 'claimed', mark or '' }
