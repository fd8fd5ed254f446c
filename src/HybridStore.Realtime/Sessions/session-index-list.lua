#!lua flags=allow-oom,no-writes
-- Tells which sessions a user may have.
--
-- KEYS[1]      the index of a user (session-index-add.lua)
-- ARGV         none
-- returns      their handles, those that are being revoked included
local all = redis.pcall('ZRANGE', KEYS[1], 0, -1)
return all.err and {} or all
