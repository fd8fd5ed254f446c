-- What write buffers keep in PostgreSQL. A buffer is named by its key prefix and its name.

-- One row for each partition. Whoever writes a batch holds it until the end of the transaction: two can never write at once.
create table if not exists {schema}.buffer_progress (
  buffer       text    not null,
  partition    integer not null,
  last_entry   text,                        -- the id in the stream of the last entry that was written
  written_rows bigint  not null default 0,
  written_at   timestamptz,
  primary key (buffer, partition)
) with (fillfactor = 50);

-- Each process numbers its calls to a partition, and they are in the stream in this order: up to which one they are written. It decides
-- what is written already, whatever Redis has lost, or brings back, and whatever its clock does.
create table if not exists {schema}.buffer_producer (
  buffer     text    not null,
  partition  integer not null,
  producer   uuid    not null,
  call       bigint  not null,
  written_at timestamptz not null default now(),
  primary key (buffer, partition, producer)
) with (fillfactor = 50);

-- Calls that were written past the stream after Redis had not answered: if it has taken them after all, they are passed over there.
create table if not exists {schema}.buffer_direct_call (
  buffer     text    not null,
  partition  integer not null,
  producer   uuid    not null,
  call       bigint  not null,
  written_at timestamptz not null default now(),
  primary key (buffer, partition, producer, call)
);

-- Rows that could not be written, with the reason.
create table if not exists {schema}.buffer_dead_letter (
  id         bigint  primary key generated always as identity,
  buffer     text    not null,
  partition  integer not null,
  entry      text    not null,              -- where it was: the id in the stream, or the call that was written past it
  row_number integer not null,              -- which of its rows
  payload    bytea   not null,
  reason     text    not null,
  sql_state  text,
  at         timestamptz not null default now(),
  unique (buffer, partition, entry, row_number)
);
