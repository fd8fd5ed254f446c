#!lua flags=allow-oom
-- Forgets marks that have been written, unless somebody else has taken them meanwhile, who forgets them later.
--
-- KEYS[1]      set of the marks that are taken
-- KEYS[2]      who has taken them last
-- ARGV[1]      the token of the taker
-- returns      1 if they are forgotten
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 1
