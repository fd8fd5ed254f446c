-- The schema of the journal. The parts of this script run in the order of their numbers, in one transaction, as often as one likes.
--
--   {schema}.journal           one row per statement that changed a watched table, written in the transaction of the change
--   {schema}.bell              its last_value: until when a listener is awake, in microseconds since 1970
--   {schema}.state             one row: the version of the schema, and below which transaction the journal has been purged
--   {schema}.watched           what is watched, and what the templates of each table look like
--   {schema}.watched_relation  the tables that carry triggers: a watched table, its partitions and all that inherit from it
--
-- Braces hold what is put in: the name of the schema as an identifier and as a text, the version, and the mark around bodies.

-- One installation at a time; whoever waits here finds it done. The time-out is for the tables: a trigger waits for the writers of its
-- table, and all later writers would queue behind it.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('HybridStore.Schema:' || {schema_text}, 0));
set local lock_timeout = '15s';
set local client_min_messages = warning;

do {body}
declare
  installed integer;
begin
  if pg_catalog.current_setting('server_encoding') <> 'UTF8' then
    raise exception using errcode = 'HS001', message = pg_catalog.format(
      'HybridStore needs a database with the encoding UTF8, and this one has %s: keys would not be the same in PostgreSQL and in .NET.',
      pg_catalog.current_setting('server_encoding'));
  end if;

  if not exists (select from pg_catalog.pg_namespace where nspname = {schema_text}) then
    create schema {schema};
  end if;

  if pg_catalog.to_regclass({state_text}) is not null then
    select version into installed from {schema}.state;
    if installed > {version} then
      raise exception using errcode = 'HS001', message = pg_catalog.format(
        'The schema %I has version %s, and this release of HybridStore knows it up to version %s: install with the newer release.',
        {schema_text}, installed, {version});
    end if;
  end if;
end
{body};

create table if not exists {schema}.journal (
  xid xid8 not null default pg_catalog.pg_current_xact_id(),
  written_at timestamptz not null default pg_catalog.clock_timestamp(),
  keys text[] not null default '{}',
  tags text[] not null default '{}',
  everything boolean not null default false,
  skipped integer not null default 0);

-- Looked for first: CREATE INDEX IF NOT EXISTS locks out all who write to the journal before it looks.
do {body}
begin
  if not exists (select from pg_catalog.pg_index where indrelid = {journal_text}::pg_catalog.regclass) then
    create index journal_xid on {schema}.journal (xid);
  end if;
end
{body};

-- At 1 nobody has ever listened. At the largest number a listener is always awake, so that no change rings.
create sequence if not exists {schema}.bell;

do {body}
declare
  never constant bigint := 9223372036854775807;
  current bigint;
begin
  select last_value into current from {schema}.bell;
  if {ring} and current = never then
    perform pg_catalog.setval({bell_text}, 1);
  elsif not {ring} and current <> never then
    perform pg_catalog.setval({bell_text}, never);
  end if;
end
{body};

create table if not exists {schema}.state (
  single boolean primary key default true check (single),
  version integer not null,
  purged_below xid8 not null default '0');

insert into {schema}.state (version) values ({version}) on conflict (single) do update set version = excluded.version;

create table if not exists {schema}.watched (
  id integer generated always as identity primary key,
  relation regclass not null unique,
  definition jsonb not null,
  columns name[] not null,
  types oid[] not null);

create table if not exists {schema}.watched_relation (
  watched integer not null references {schema}.watched on delete cascade,
  relation regclass not null,
  primary key (watched, relation));

-- Wakes the listener if it sleeps. One that has not been heard of for 30 seconds is not there. In microseconds since 1970, by the clock
-- and not by the transaction's time: it is the moment that counts. Triggers on tables hold the same condition inline.
create or replace function {schema}.ring() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
begin
  if pg_catalog.pg_sequence_last_value({bell_text}::pg_catalog.regclass)
      < pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1e6 then
    if pg_catalog.pg_sequence_last_value({bell_text}::pg_catalog.regclass)
        > pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1e6 - 3e7 then
      perform pg_catalog.pg_notify({schema_text}, '');
    end if;
  end if;
end
{body};

-- A change that the application makes known itself, in its transaction.
create or replace function {schema}.record(keys text[], tags text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
begin
  insert into {schema}.journal (keys, tags)
  values (coalesce(pg_catalog.array_remove($1, null), '{}'), coalesce(pg_catalog.array_remove($2, null), '{}'));
  perform {schema}.ring();
end
{body};

-- A change that names no rows. One row for each transaction is enough: all of them become visible at once.
create or replace function {schema}.record_everything() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
begin
  if not exists (select from {schema}.journal where xid = pg_catalog.pg_current_xact_id() and everything) then
    insert into {schema}.journal (everything) values (true);
    perform {schema}.ring();
  end if;
end
{body};

create or replace function {schema}.truncated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
begin
  perform {schema}.record_everything();
  return null;
end
{body};
