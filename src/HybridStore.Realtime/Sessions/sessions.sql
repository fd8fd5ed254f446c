-- The copies of sessions. Hashes alone, as in Redis: what is here is of no use to whoever reads it.
create table if not exists {schema}.session (
  handle       text primary key,
  store        text not null,                  -- the prefix of the store's names in Redis
  secret       bytea not null,                 -- SHA-256 of the id
  barred       bytea,                          -- SHA-256 of an id that is being replaced: no session comes back by it
  version      bigint not null,
  user_id      text,
  device       text,
  created_at   timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,           -- may be a little behind
  ends_at      timestamptz,
  names        text[] not null,
  contents     bytea[] not null,
  revoked      boolean not null default false, -- stays until the session would have ended, so that nothing brings it back
  ahead        boolean not null default false  -- Redis has not heard of this version or of the revocation
);
create index if not exists session_of_user on {schema}.session (store, user_id) where user_id is not null and not revoked;
create index if not exists session_ahead on {schema}.session (store) where ahead;
create index if not exists session_expiry on {schema}.session (expires_at);
