-- The schema of what the services beside the cache keep in PostgreSQL. This script runs first, those of the services after it, in one
-- transaction, as often as one likes.
--
-- Braces hold what is put in: the name of the schema as an identifier and as a text, and the version.

-- One installation at a time; whoever waits here finds it done.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('HybridStore.Realtime.Schema:' || {schema_text}, 0));
set local client_min_messages = warning;

create schema if not exists {schema};
create table if not exists {schema}.version (
  only_row boolean primary key default true check (only_row),
  version  integer not null
);
insert into {schema}.version (version) values ({version})
  on conflict (only_row) do update set version = greatest(version.version, excluded.version);
