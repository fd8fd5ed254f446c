#!lua flags=allow-oom
-- Decides which instance tidies up, and when it is done for a while.
--
-- KEYS[1]      the turn, a string: the token of who has it; or 'done:' and a generation, while nobody needs to tidy up again in that
--              generation. It ends by itself
-- ARGV[1]      'take' it, 'renew' it, or 'leave' it
-- ARGV[2]      the token of who asks, new for every turn
-- ARGV[3]      for how many milliseconds: it is had, or nobody needs to tidy up again; when it is left also 0, if somebody does
-- ARGV[4]      the generation that is known to who asks; a turn that was left in an earlier one can be taken
-- returns      1 if it was done, else 0
local turn = redis.pcall('GET', KEYS[1])
if type(turn) ~= 'string' then
  -- Anything else under its name is not ours, and gives way.
  redis.call('UNLINK', KEYS[1])
  turn = nil
end

if ARGV[1] == 'take' then
  local done = turn and tonumber(string.match(turn, '^done:(%d+)$'))
  if turn and not (done and done < tonumber(ARGV[4])) then
    return 0
  end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end

if turn ~= ARGV[2] then
  return 0
end
if ARGV[1] == 'renew' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif ARGV[3] == '0' then
  redis.call('UNLINK', KEYS[1])
else
  redis.call('SET', KEYS[1], 'done:' .. ARGV[4], 'PX', ARGV[3])
end
return 1
