#!lua
-- Stores one entry and registers its key under its tags, in one partition and one step.
--
-- KEYS[1]      the entry's physical key
-- KEYS[2..]    the tag sets of this partition, one for each tag of the entry
-- ARGV[1]      the entry: header and payload; expiry and creation in the header are overwritten here
-- ARGV[2]      time to live in milliseconds, an integer above zero
-- ARGV[3]      the key as the application names it: the member that goes into the tag sets
-- returns      the server's time in milliseconds since the Unix epoch
--
-- Both times in the header come from this server's clock, so that no application clock takes part. As a number a time is
-- exact (below 2^53); only its text through `..` would not be.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local expiry = now + tonumber(ARGV[2])

-- What is not a sorted set under a tag's name is not ours: it gives way. Nothing else does: a server that is full or forbids the
-- command still has the members of the set, and answers with its error before anything is written.
local function register(tag_set)
  local reply = redis.pcall('ZADD', tag_set, expiry, ARGV[3])
  if type(reply) == 'table' and reply.err then
    if not string.find(reply.err, 'WRONGTYPE', 1, true) then
      return reply
    end
    redis.call('UNLINK', tag_set)
    redis.call('ZADD', tag_set, expiry, ARGV[3])
  end
  -- A few expired members leave with each store, so that a tag in use does not grow without bound.
  local expired = redis.call('ZRANGEBYSCORE', tag_set, '-inf', '(' .. string.format('%d', now), 'LIMIT', 0, 8)
  if #expired > 0 then
    redis.call('ZREM', tag_set, unpack(expired))
  end
end

-- Tags first: an entry that no tag set knows of would outlive the invalidation of its tag.
for i = 2, #KEYS do
  local refusal = register(KEYS[i])
  if refusal then
    return refusal
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SETRANGE', KEYS[1], 4, struct.pack('<i8i8', expiry, now))
return now
