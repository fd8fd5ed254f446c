-- What snapshots keep in PostgreSQL: of each structure in Redis a row, and a row of each of its members or fields.

create table if not exists {schema}.snapshot (
  id         bigint generated always as identity primary key,
  store      text not null,         -- the key prefix: applications can share a schema
  kind       text not null,         -- board, user-state, sorted-set, hash
  name       text not null,
  taken_at   timestamptz not null,
  expires_at timestamptz,           -- null: never. What has expired does not come back.
  digest     bytea,                 -- of all that a tracked structure held, so that one without changes is not written
  unique (store, kind, name)
);
create index if not exists snapshot_expires_at on {schema}.snapshot (expires_at) where expires_at is not null;

create table if not exists {schema}.snapshot_entry (
  snapshot_id bigint not null references {schema}.snapshot (id) on delete cascade,
  field       bytea not null,       -- member or field
  score       double precision,     -- null in hashes
  value       bytea,                -- of a board's member its arrival, which orders equal scores; null in other sorted sets
  primary key (snapshot_id, field)
);

-- What each snapshot has found changed, for as long as SnapshotOptions.History says. Neither score nor value: it was removed.
create table if not exists {schema}.snapshot_history (
  store    text not null,
  kind     text not null,
  name     text not null,
  field    bytea not null,
  score    double precision,
  value    bytea,
  taken_at timestamptz not null
);
create index if not exists snapshot_history_name on {schema}.snapshot_history (store, kind, name, taken_at);
create index if not exists snapshot_history_taken_at on {schema}.snapshot_history (store, taken_at);

-- Whose turn it is: instances take the snapshots of one application in turns.
create table if not exists {schema}.snapshot_run (
  store    text primary key,
  began_at timestamptz not null,    -- when the last snapshot began
  seen_at  timestamptz              -- when whoever takes it was last seen; null: it has ended
);
