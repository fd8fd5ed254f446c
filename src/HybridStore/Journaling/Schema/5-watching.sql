-- What is watched, and what follows from it when tables come and go.

-- A table and all that holds rows of it.
create or replace function {schema}.family_of(root regclass) returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp as {body}
  with recursive family (relation) as (
    select root::oid
    union
    select inhrelid from pg_inherits join family on inhparent = relation)
  select relation::regclass from family
{body};

-- Writes the trigger functions of a watched table anew, by its columns as they are now.
create or replace function {schema}.generate(watched_id integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as {body}
declare
  entry {schema}.watched;
  template jsonb;
  rendered record;
  keys text[] := '{}';
  tags text[] := '{}';
  all_columns name[] := '{}';
  all_types oid[] := '{}';
  may_be_long boolean := false;
  operation text;
  function_name text;
begin
  select * into strict entry from {schema}.watched where id = watched_id;
  for template in select jsonb_array_elements(entry.definition -> 'keys') loop
    rendered := {schema}.expression_of(entry.relation, template);
    keys := keys || rendered.expression;
    all_columns := all_columns || rendered.columns;
    all_types := all_types || rendered.types;
    may_be_long := may_be_long or rendered.may_be_long;
  end loop;

  for template in select jsonb_array_elements(entry.definition -> 'tags') loop
    rendered := {schema}.expression_of(entry.relation, template);
    tags := tags || rendered.expression;
    all_columns := all_columns || rendered.columns;
    all_types := all_types || rendered.types;
    may_be_long := may_be_long or rendered.may_be_long;
  end loop;

  update {schema}.watched set columns = all_columns, types = all_types where id = watched_id;
  foreach operation in array array['insert', 'update', 'delete'] loop
    function_name := format('%I.changed_%s_%s', {schema_text}, watched_id, operation);
    execute format(
      'create or replace function %s() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as %L',
      function_name,
      {schema}.body_of(operation, keys, tags, may_be_long, (entry.definition ->> 'rowLimit')::integer));
    execute format('revoke all on function %s() from public', function_name);
  end loop;
end
{body};

-- Brings triggers in line with the tables there are: one that has come gets them, one that has gone loses them. Tells whether one has.
create or replace function {schema}.follow(watched_id integer, out came boolean, out went boolean)
language plpgsql set search_path = pg_catalog, pg_temp as {body}
declare
  root regclass;
  target regclass;
begin
  came := false;
  went := false;
  select relation into strict root from {schema}.watched where id = watched_id;
  for target in
    delete from {schema}.watched_relation
    where watched = watched_id and relation not in (select {schema}.family_of(root))
    returning relation
  loop
    went := true;
    if exists (select from pg_class where oid = target) then
      perform {schema}.disarm(watched_id, target);
    end if;
  end loop;

  insert into {schema}.watched_relation (watched, relation)
  select watched_id, family from {schema}.family_of(root) as family on conflict do nothing;
  came := found;

  -- In one order everywhere, so that two that lock tables do not wait for each other.
  for target in select relation from {schema}.watched_relation where watched = watched_id order by relation::oid loop
    perform {schema}.arm(watched_id, target);
  end loop;
end
{body};

-- Watches a table. Watching it again takes the new definition.
create or replace function {schema}.watch(name text, new_definition jsonb) returns void
language plpgsql as {body}
declare
  root constant pg_catalog.regclass := pg_catalog.to_regclass(name);
  watched_id integer;
begin
  if root is null then
    raise exception using errcode = 'HS001', message = pg_catalog.format(
      'HybridStore cannot watch %s: there is no such table. Create it first, and name the schema unless it is on the search_path.', name);
  end if;

  insert into {schema}.watched as known (relation, definition, columns, types) values (root, new_definition, '{}', '{}')
  on conflict (relation) do update set definition = excluded.definition
  returning id into watched_id;
  perform {schema}.generate(watched_id);
  perform {schema}.follow(watched_id);
end
{body};

-- Watches a table no more.
create or replace function {schema}.unwatch(name text) returns void
language plpgsql as {body}
declare
  watched_id integer;
begin
  delete from {schema}.watched where relation = pg_catalog.to_regclass(name) returning id into watched_id;
  if watched_id is null then
    raise exception using errcode = 'HS001', message = pg_catalog.format('HybridStore does not watch %s.', name);
  end if;

  perform {schema}.forget(watched_id);
end
{body};

-- The functions of a table that is watched no more, and with them the triggers that call them.
create or replace function {schema}.forget(watched_id integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as {body}
declare
  operation text;
  target regclass;
begin
  for target in
    select tgrelid::regclass from pg_trigger where tgname = format('%s_%s_truncate', {name_text}, watched_id)
  loop
    perform {schema}.disarm(watched_id, target);
  end loop;

  foreach operation in array array['insert', 'update', 'delete'] loop
    execute format('drop function if exists %I.changed_%s_%s() cascade', {schema_text}, watched_id, operation);
  end loop;
end
{body};
