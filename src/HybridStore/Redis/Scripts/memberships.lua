#!lua flags=allow-oom,no-writes
-- Looks through some of a server's names for tag sets of one partition that a key is a member of: an entry does not know its tags.
-- For diagnosis only, since it walks past all names of the server. A script, because it is sent to where the partition is.
--
-- KEYS[1]      the state of the partition: it says where the partition is, and is not read
-- ARGV[1]      the cursor: '0' at first, then what the call before returned
-- ARGV[2]      about how many names to look at
-- ARGV[3]      what the names of tag sets begin with: their partition and generation
-- ARGV[4]      what the names of tags' fences begin with
-- ARGV[5]      the key
-- returns      { cursor, '0' after the last name; for each tag set found: { tag, score, fences as names and values by turns } }
local names = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[3] .. '*', 'COUNT', ARGV[2])
local found = {}
for _, name in ipairs(names[2]) do
  local score = redis.pcall('ZSCORE', name, ARGV[5])
  if type(score) == 'string' then
    local tag = string.sub(name, #ARGV[3] + 1)
    local fences = redis.pcall('HGETALL', ARGV[4] .. tag)
    found[#found + 1] = { tag, score, fences.err and {} or fences }
  end
end
return { names[1], found }
