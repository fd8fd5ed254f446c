#!lua
-- Changes fields of a group of a user.
--
-- KEYS[1]      hash of the group: field -> JSON; '' -> which incarnation of the hash this is, a time. It remains when all fields are gone, so
--              that a hash that is not there is lost or was never there.
-- KEYS[2]      set of changes for the next snapshot: mark .. 'm' .. field, or mark .. 't' where only the expiry has changed. Without snapshots
--              it is not there.
-- ARGV[1]      how long the group lasts from now on, in milliseconds; 0: for ever
-- ARGV[2]      the group's mark; '' without snapshots
-- ARGV[3...]   changes: 's' set, 'r' remove, 'i' increment; field; value or number
-- returns      of the last change: 1, or 0 where there was nothing to remove; of an increment the new number, as text. Status LOST (nothing was
--              done: restore the group first), NUMBER (it is no whole number, or would become too large; it stays).
local hash, ttl, mark = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local left = redis.call('PTTL', hash)
if left == -2 then
  if mark ~= '' then
    return { ok = 'LOST' }
  end
  local now = redis.call('TIME')
  redis.call('HSET', hash, '', now[1] .. '.' .. now[2])
end

local answer
for i = 3, #ARGV, 3 do
  local what, field = ARGV[i], ARGV[i + 1]
  -- First: should it fail, nothing is changed without its mark.
  if mark ~= '' then
    redis.call('SADD', KEYS[2], mark .. 'm' .. field)
  end
  if what == 's' then
    redis.call('HSET', hash, field, ARGV[i + 2])
    answer = 1
  elseif what == 'r' then
    answer = redis.call('HDEL', hash, field)
  else
    local number = redis.pcall('HINCRBY', hash, field, ARGV[i + 2])
    if type(number) == 'number' then
      -- As it stands there: a number of Lua has no more than 53 bits.
      answer = redis.call('HGET', hash, field)
    elseif string.find(number.err, 'WRONGTYPE', 1, true) then
      return number
    else
      answer = { ok = 'NUMBER' }
    end
  end
end

if ttl == 0 and redis.call('HLEN', hash) == 1 then
  -- An empty group is not kept for ever, only until the next snapshot surely knows of it.
  redis.call('PEXPIRE', hash, 86400000)
elseif ttl == 0 and left >= 0 then
  redis.call('PERSIST', hash)
  if mark ~= '' then
    redis.call('SADD', KEYS[2], mark .. 't')
  end
elseif ttl > 0 and (left < ttl * 0.99 or left > ttl) then
  -- Not with every change of a burst; and never longer than the group's own.
  redis.call('PEXPIRE', hash, ttl)
  if mark ~= '' then
    redis.call('SADD', KEYS[2], mark .. 't')
  end
end
return answer
